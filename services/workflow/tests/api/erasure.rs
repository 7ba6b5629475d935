use access::{Role, RoleGrant};
use proto::workflow::v1 as pb;
use testkit::TestSuite;
use tonic::Code;
use uuid::Uuid;

use crate::{dba::verify, trail_log::*, world::*};

const ADMIN: kernel::AccountId = account(901);
const DESCRIPTION: &str = "厂门口路段没有警示标志，职工上下班有危险。";

fn request(app: &TestSuite, note_id: &str) -> pb::EraseNoteRequest {
    pb::EraseNoteRequest {
        note_id: note_id.to_owned(),
        basis: pb::ErasureBasis::ConsentWithdrawn.into(),
        reference: "个保〔2026〕7号".to_owned(),
        request_id: app.request_id(),
    }
}

async fn erase(app: &TestSuite, request: pb::EraseNoteRequest) -> Answer<pb::NoteErasure> {
    let mut admin = trails(app, ADMIN, RoleGrant::of(Role::SecurityAdmin));
    Ok(admin.erase_note(request).await?.into_inner().erasure.unwrap())
}

async fn trace(app: &TestSuite, issue: &pb::Issue) -> Vec<pb::TrailEntry> {
    let request =
        pb::GetTrailRequest { issue_id: issue.issue_id.clone(), page_size: 500, ..Default::default() };
    audit_admin(app).get_trail(request).await.unwrap().into_inner().entries
}

/// The text of that field in the trace.
async fn note(app: &TestSuite, issue: &pb::Issue, field: &str) -> pb::TrailNote {
    let entries = trace(app, issue).await;
    entries.into_iter().flat_map(|entry| entry.notes).find(|note| note.field == field).unwrap()
}

/// Stored answers that hold the text.
async fn n_answers(app: &TestSuite, text: &str) -> usize {
    let mut tx = db(app).snapshot().await.unwrap();
    let sql = "SELECT response FROM request_ledger";
    let rows = store::rows!(&mut tx, "read the answers", (Vec<u8>,), sql).unwrap();
    tx.commit().await.unwrap();
    rows.iter().filter(|(answer,)| answer.windows(text.len()).any(|part| part == text.as_bytes())).count()
}

both_engines! {
    async fn what_is_erased_is_gone_and_every_proof_holds_as_before(app: TestSuite) {
        let issue = closed(app).await;
        app.clock.advance(chrono::TimeDelta::seconds(1));
        let other = submitted(app).await;
        log_all(app).await;
        let lines = async |issue_id: &str| {
            let file = String::from_utf8(export(app, issue_id).await.unwrap()).unwrap();
            // Header and footer say when the export was made, and that does not change either.
            file.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let (whole, of_one) = (lines("").await, lines(&issue.issue_id).await);
        let doomed = note(app, &issue, "description").await;
        assert_eq!(doomed.text, DESCRIPTION);
        // Every step of the issue was answered with its description, and so was the other one's submission.
        assert_eq!(n_answers(app, DESCRIPTION).await, 10);
        let erasure = erase(app, request(app, &doomed.note_id)).await.unwrap();
        assert_eq!((erasure.sequence, &erasure.issue_id), (1, &issue.issue_id));
        assert_eq!(erasure.erased_by, format!("account:{ADMIN}"));
        let payload: serde_json::Value = serde_json::from_str(&trace(app, &issue).await[0].payload_json).unwrap();
        let digest = trail::Hash::try_from(erasure.digest.as_ref()).unwrap().to_string();
        assert_eq!(payload["fact"]["description"]["digest"], digest);

        let gone = note(app, &issue, "description").await;
        assert!(gone.erased && gone.text.is_empty());
        assert_eq!(n_answers(app, DESCRIPTION).await, 1);
        assert_eq!(handler(app).get(&issue).await.unwrap().description, "");
        assert_eq!(owner(app).get(&other).await.unwrap().description, DESCRIPTION);

        assert_eq!((lines("").await, lines(&issue.issue_id).await), (whole, of_one));
        for issue_id in ["", issue.issue_id.as_str()] {
            assert!(verified(app, &export(app, issue_id).await.unwrap()).is_intact());
            assert!(verify(app, issue_id).await.intact);
        }
        owner(app).reopen_issue(&issue).await.unwrap();
    }

    async fn the_request_that_brought_a_text_is_forgotten_though_its_answer_never_showed_it(app: TestSuite) {
        let reply = owner(app).rate(&fed_back(app).await, 5).await.unwrap();
        let doomed = note(app, &reply, "rating_comment").await;
        let hashes = async || {
            let mut tx = db(app).snapshot().await.unwrap();
            let sql = "SELECT method, payload_hash FROM request_ledger";
            let rows = store::rows!(&mut tx, "read the requests", (String, Vec<u8>), sql).unwrap();
            tx.commit().await.unwrap();
            rows.into_iter().filter(|(method, _)| method.ends_with("/RateIssue")).map(|(_, hash)| hash.len()).collect::<Vec<_>>()
        };
        assert_eq!(hashes().await, [32]);
        erase(app, request(app, &doomed.note_id)).await.unwrap();
        assert_eq!(hashes().await, [0]);
    }

    async fn an_issue_is_not_found_by_what_was_erased_and_shows_no_title_then(app: TestSuite) {
        let issue = handler(app).reply_issue(&in_progress(app).await).await.unwrap();
        let found = async |query: &str| {
            let request = pb::SearchIssuesRequest { query: query.to_owned(), ..Default::default() };
            liaison(app).issues().search_issues(request).await.unwrap().into_inner().total_count
        };
        for (field, word) in [("title", "缺少警示"), ("description", "厂门口"), ("reply_text", "已安装")] {
            assert_eq!(found(word).await, 1, "{word}");
            erase(app, request(app, &note(app, &issue, field).await.note_id)).await.unwrap();
            assert_eq!(found(word).await, 0, "{word}");
        }
        let listed = liaison(app).list(pb::IssueFilter::default()).await.unwrap();
        assert_eq!(listed.issues[0].title, "");
        assert_eq!(liaison(app).get(&issue).await.unwrap().title, "");
    }

    async fn a_repeat_of_a_request_whose_answer_is_forgotten_has_no_second_effect(app: TestSuite) {
        let submit = submission(app, DAIRY, "municipal_facilities");
        let issue = owner(app).issues().submit_issue(submit.clone()).await.unwrap().into_inner().issue.unwrap();
        let doomed = note(app, &issue, "description").await;
        erase(app, request(app, &doomed.note_id)).await.unwrap();
        let repeat = owner(app).issues().submit_issue(submit).await.unwrap_err();
        assert_eq!(testkit::reason(&repeat), was(Code::InvalidArgument, "REQUEST_ID_REUSED"));
        let all = owner(app).list(pb::IssueFilter::default()).await.unwrap();
        assert_eq!(all.total_count, 1);
    }

    async fn a_text_is_erased_once_and_by_the_security_administrator_alone(app: TestSuite) {
        let issue = submitted(app).await;
        let doomed = note(app, &issue, "description").await.note_id;
        for role in [Role::Operator, Role::Auditor, Role::AuditAdmin, Role::SystemAdmin, Role::Leader] {
            let refused = trails(app, account(902), RoleGrant::of(role)).erase_note(request(app, &doomed)).await;
            assert_eq!(testkit::reason(&refused.unwrap_err()), was(Code::PermissionDenied, "NOT_PERMITTED"));
        }
        for bad in [
            pb::EraseNoteRequest { reference: String::new(), ..request(app, &doomed) },
            pb::EraseNoteRequest { basis: 0, ..request(app, &doomed) },
            request(app, "nothing"),
        ] {
            assert_eq!(refusal(erase(app, bad).await), was(Code::InvalidArgument, "FIELD_INVALID"));
        }
        let nothing = request(app, &Uuid::nil().to_string());
        assert_eq!(refusal(erase(app, nothing).await), was(Code::NotFound, "NOTE_NOT_FOUND"));
        assert_eq!(note(app, &issue, "description").await.text, DESCRIPTION);

        // Two at once: one of them does it.
        let (one, two) = (request(app, &doomed), request(app, &doomed));
        let (first, second) = tokio::join!(erase(app, one.clone()), erase(app, two.clone()));
        let (done, done_by, late) = match (first, second) {
            (Ok(done), Err(late)) => (done, one, late),
            (Err(late), Ok(done)) => (done, two, late),
            (first, second) => unreachable!("{first:?} {second:?}"),
        };
        assert_eq!(testkit::reason(&late), was(Code::FailedPrecondition, "NOTE_ERASED"));
        assert_eq!(erase(app, done_by).await.unwrap(), done);
        assert_eq!(refusal(erase(app, request(app, &doomed)).await), was(Code::FailedPrecondition, "NOTE_ERASED"));
    }

    async fn what_was_erased_when_and_by_whom_cannot_be_changed(app: TestSuite) {
        let issue = submitted(app).await;
        erase(app, request(app, &note(app, &issue, "description").await.note_id)).await.unwrap();
        for table in ["issue_event", "trail_log", "trail_node", "trail_head", "note_erasure"] {
            log_all(app).await;
            let column = match table {
                "note_erasure" | "issue_event" | "trail_log" => "seq",
                "trail_node" => "hash",
                _ => "line",
            };
            for sql in [format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")] {
                let mut tx = db(app).begin().await.unwrap();
                assert!(store::execute!(&mut tx, "change what happened", sql.clone()).is_err(), "{sql}");
                tx.rollback().await.unwrap();
            }
        }
    }
}
