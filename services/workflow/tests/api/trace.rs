use access::{Role, RoleGrant};
use proto::workflow::v1::{self as pb, trail_service_client::TrailServiceClient};
use testkit::TestSuite;
use tonic::Code;

use crate::world::*;

async fn trace(
    app: &TestSuite,
    account: kernel::AccountId,
    role: RoleGrant,
    issue: &pb::Issue,
) -> Answer<Vec<pb::TrailEntry>> {
    let mut client = TrailServiceClient::new(app.person(account, vec![role]));
    let (mut entries, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::GetTrailRequest { issue_id: issue.issue_id.clone(), page_size: 4, page_token };
        let page = client.get_trail(request).await?.into_inner();
        entries.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            assert_eq!(i64::try_from(entries.len()).unwrap(), page.total_count);
            return Ok(entries);
        }
    }
}

/// What of an issue's texts somebody reads, by field.
fn texts(entries: &[pb::TrailEntry]) -> Vec<&str> {
    entries.iter().flat_map(|entry| &entry.notes).map(|note| note.field.as_str()).collect()
}

both_engines! {
    async fn every_step_is_shown_with_who_took_it_and_when(app: TestSuite) {
        let issue = closed(app).await;
        let entries = trace(app, AUDITOR, RoleGrant::of(Role::Auditor), &issue).await.unwrap();
        let kinds: Vec<_> = entries.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(
            kinds,
            ["submitted", "signed", "dispatched", "accepted", "contacted", "replied", "fed_back", "rated",
                "audit_passed", "closed"]
        );
        assert_eq!(entries[0].previous_hash.to_vec(), vec![0; 32]);
        assert!(entries.windows(2).all(|pair| pair[0].hash == pair[1].previous_hash));
        assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
        let signed = &entries[1];
        assert_eq!((signed.actor_id.clone(), signed.actor_party()), (LIAISON.to_string(), pb::IssueParty::Liaison));
        assert_eq!((signed.action(), signed.state()), (pb::IssueAction::Sign, pb::IssueState::Signed));
        assert_eq!(signed.time.unwrap().seconds, app.now().timestamp());
        let payload: serde_json::Value = serde_json::from_str(&signed.payload_json).unwrap();
        assert_eq!(payload["fact"]["kind"], "signed");
    }

    async fn a_firm_reads_no_internal_note_and_no_reply_before_it_was_fed_back(app: TestSuite) {
        let issue = handler(app).reply_issue(&in_progress(app).await).await.unwrap();
        let firm = RoleGrant::enterprise(DAIRY);
        let office = RoleGrant::liaison(HOUSING);
        let read = async |account, role| trace(app, account, role, &issue).await.unwrap();
        assert_eq!(texts(&read(OWNER, firm).await), ["title", "description"]);
        assert_eq!(texts(&read(LIAISON, office).await), ["title", "description", "dispatch_note", "reply_text"]);
        let issue = liaison(app).send_back_reply(&issue).await.unwrap();
        assert_eq!(texts(&read(OWNER, firm).await), ["title", "description"]);
        let issue = handler(app).reply_issue(&issue).await.unwrap();
        liaison(app).feed_back_issue(&issue).await.unwrap();
        assert_eq!(texts(&read(OWNER, firm).await), ["title", "description", "reply_text"]);
        let all =
            ["title", "description", "dispatch_note", "reply_text", "send_back_reason", "reply_text", "feedback_receipt"];
        assert_eq!(texts(&read(LIAISON, office).await), all);
        assert_eq!(texts(&read(account(801), RoleGrant::of(Role::AuditAdmin)).await), all);
        let seen = read(OWNER, firm).await;
        let reply = seen.iter().flat_map(|entry| &entry.notes).find(|note| note.field == "reply_text").unwrap();
        assert_eq!((reply.text.as_str(), reply.erased), ("警示标志已安装", false));
    }

    async fn only_auditors_see_from_where_a_step_was_taken(app: TestSuite) {
        let issue = submitted(app).await;
        let client = async |account, role| trace(app, account, role, &issue).await.unwrap()[0].client.clone();
        assert_eq!(client(LIAISON, RoleGrant::liaison(HOUSING)).await, "");
        assert_eq!(client(OPERATOR, RoleGrant::of(Role::Operator)).await, "");
        assert_eq!(client(OWNER, RoleGrant::enterprise(DAIRY)).await, "");
        assert_eq!(
            client(AUDITOR, RoleGrant::of(Role::Auditor)).await,
            client(account(801), RoleGrant::of(Role::AuditAdmin)).await
        );
    }

    async fn a_trace_is_hidden_with_its_issue(app: TestSuite) {
        let issue = submitted(app).await;
        let other = trace(app, STEEL_OWNER, RoleGrant::enterprise(STEEL), &issue).await;
        assert_eq!(refusal(other), was(Code::NotFound, "ISSUE_NOT_FOUND"));
        let nothing = pb::Issue { issue_id: app.uuid().to_string(), ..issue };
        let missing = trace(app, AUDITOR, RoleGrant::of(Role::Auditor), &nothing).await;
        assert_eq!(refusal(missing), was(Code::NotFound, "ISSUE_NOT_FOUND"));
    }
}
