use access::{Role, RoleGrant};
use proto::workflow::v1 as pb;
use testkit::TestSuite;
use tonic::Code;
use uuid::Uuid;

use crate::{cases, dba::verify, orders, rulings, trail_log::*, world::*};

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

    async fn a_text_of_an_order_is_erased_and_every_proof_holds_as_before(app: TestSuite) {
        const WISH: &str = "希望下午进行";
        let order = orders::scheduled(app).await;
        log_all(app).await;
        let chain = format!("order/{}", order.order_id);
        let of_one = || pb::ExportTrailRequest { chain: chain.clone(), ..Default::default() };
        let before = (export(app, "").await.unwrap(), exported(app, of_one()).await.unwrap());
        let (entries, _) = orders::trail(orders::clerk(app), &order).await.unwrap();
        let doomed = &entries[0].notes[0];
        assert_eq!((doomed.field.as_str(), doomed.text.as_str()), ("wish", WISH));
        // Placed, accepted and scheduled: each answer shows it.
        assert_eq!(n_answers(app, WISH).await, 3);
        let erasure = erase(app, request(app, &doomed.note_id)).await.unwrap();
        assert_eq!((erasure.sequence, erasure.issue_id.as_str(), &erasure.chain), (1, "", &chain));
        let digest = trail::Hash::try_from(erasure.digest.as_ref()).unwrap().to_string();
        assert!(entries[0].payload_json.contains(&digest));

        assert_eq!(n_answers(app, WISH).await, 0);
        assert_eq!(orders::get(orders::firm(app), &order).await.unwrap().wish, "");
        let (entries, broken_at) = orders::trail(orders::clerk(app), &order).await.unwrap();
        assert!(broken_at == 0 && entries[0].notes[0].erased && entries[0].notes[0].text.is_empty());
        assert_eq!((export(app, "").await.unwrap(), exported(app, of_one()).await.unwrap()), before);
        assert!(verify(app, "").await.intact);
        let again = erase(app, request(app, &doomed.note_id)).await;
        assert_eq!(refusal(again), was(Code::FailedPrecondition, "NOTE_ERASED"));
    }

    async fn a_text_of_a_case_is_erased_and_the_public_reads_it_no_more(app: TestSuite) {
        let case = cases::nominate(app, &closed(app).await).await.unwrap();
        let case = cases::accept(app, cases::reviewer(app), &case).await.unwrap();
        let case = cases::publish(app, cases::publisher(app), &case).await.unwrap();
        log_all(app).await;
        let before = export(app, "").await.unwrap();
        assert_eq!(n_answers(app, cases::TEXT).await, 3);
        let mut tx = db(app).snapshot().await.unwrap();
        let sql = "SELECT note_id FROM case_note WHERE field = 'TEXT'";
        let doomed = store::scalar!(&mut tx, "find the text", Uuid, sql).unwrap();
        tx.commit().await.unwrap();
        let erasure = erase(app, request(app, &doomed.to_string())).await.unwrap();
        assert_eq!(erasure.chain, format!("case/{}", case.case_id));
        assert_eq!(n_answers(app, cases::TEXT).await, 0);
        assert_eq!(cases::read(cases::public(app), &case).await.unwrap().text, "");
        assert_eq!(cases::get(cases::publisher(app), &case).await.unwrap().text, "");
        assert_eq!(export(app, "").await.unwrap(), before);
        assert!(verify(app, "").await.intact);
    }

    async fn an_issue_that_was_merged_is_not_found_by_the_erased_reply_of_the_other_one(app: TestSuite) {
        let (lead, merged) = (submitted(app).await, submitted(app).await);
        let lead = rulings::merge(app, &lead, &[&merged]).await.unwrap();
        let lead = liaison(app).sign_issue(&lead).await.unwrap();
        let lead = liaison(app).dispatch_issue(&lead).await.unwrap();
        let lead = handler(app).accept_issue(&lead).await.unwrap();
        let lead = handler(app).reply_issue(&lead).await.unwrap();
        let lead = liaison(app).feed_back_issue(&lead).await.unwrap();
        let merged = owner(app).get(&merged).await.unwrap();
        let merged = liaison(app).feed_back_issue(&merged).await.unwrap();
        assert_eq!(merged.reply.as_ref().unwrap().text, "警示标志已安装");
        // The job that compares puts in what no step could have written.
        app.clock.advance(chrono::TimeDelta::minutes(6));
        app.settle().await;
        let found = async || {
            let request = pb::SearchIssuesRequest { query: "已安装".to_owned(), ..Default::default() };
            operator(app).issues().search_issues(request).await.unwrap().into_inner().total_count
        };
        assert_eq!(found().await, 2);
        let reply = note(app, &lead, "reply_text").await;
        erase(app, request(app, &reply.note_id)).await.unwrap();
        assert_eq!(found().await, 0);
        assert_eq!(n_answers(app, "警示标志已安装").await, 0);
        app.clock.advance(chrono::TimeDelta::minutes(6));
        app.settle().await;
        assert_eq!(found().await, 0);
    }

    async fn the_job_that_compares_takes_an_erased_reply_from_merged_issues_too(app: TestSuite) {
        let (lead, merged) = (submitted(app).await, submitted(app).await);
        let lead = rulings::merge(app, &lead, &[&merged]).await.unwrap();
        let lead = liaison(app).sign_issue(&lead).await.unwrap();
        let lead = liaison(app).dispatch_issue(&lead).await.unwrap();
        let lead = handler(app).accept_issue(&lead).await.unwrap();
        let lead = handler(app).reply_issue(&lead).await.unwrap();
        liaison(app).feed_back_issue(&lead).await.unwrap();
        let merged = owner(app).get(&merged).await.unwrap();
        liaison(app).feed_back_issue(&merged).await.unwrap();
        app.clock.advance(chrono::TimeDelta::minutes(6));
        app.settle().await;
        let kept = async || {
            let mut tx = db(app).snapshot().await.unwrap();
            let sql = "SELECT COUNT(*) FROM search_text WHERE part = 'REPLY'";
            let n_kept = store::scalar!(&mut tx, "count", i64, sql).unwrap();
            tx.commit().await.unwrap();
            n_kept
        };
        assert_eq!(kept().await, 2);
        // As a build did that knew nothing of this.
        let mut tx = db(app).begin().await.unwrap();
        let sql = "UPDATE note SET salt = NULL, body = NULL WHERE field = 'REPLY_TEXT'";
        store::execute!(&mut tx, "erase the reply", sql).unwrap();
        tx.commit().await.unwrap();
        app.settle().await;
        assert_eq!(kept().await, 0);
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
