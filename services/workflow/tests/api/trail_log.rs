use std::collections::BTreeSet;

use access::{Role, RoleGrant};
use chrono::TimeDelta;
use futures::StreamExt as _;
use proto::workflow::v1::{self as pb, trail_service_client::TrailServiceClient};
use rpc::Bearer;
use testkit::{Engine, TestSuite};
use tonic::Code;
use trail::{Keys, Record, Report, Trust, verify_export, verify_export_with};

use crate::world::*;

pub fn trails(app: &TestSuite, account: kernel::AccountId, role: RoleGrant) -> TrailServiceClient<Bearer> {
    TrailServiceClient::new(app.person(account, vec![role]))
}

pub fn audit_admin(app: &TestSuite) -> TrailServiceClient<Bearer> {
    trails(app, account(801), RoleGrant::of(Role::AuditAdmin))
}

/// The exported file; of all issues where none is named.
pub async fn export(app: &TestSuite, issue_id: &str) -> Answer<Vec<u8>> {
    exported(app, pb::ExportTrailRequest { issue_id: issue_id.to_owned(), ..Default::default() }).await
}

pub async fn exported(app: &TestSuite, request: pb::ExportTrailRequest) -> Answer<Vec<u8>> {
    let mut chunks = audit_admin(app).export_trail(request).await?.into_inner();
    let mut file = Vec::new();
    while let Some(chunk) = chunks.next().await {
        file.extend_from_slice(&chunk?.chunk);
    }
    Ok(file)
}

/// Trusts the key of this installation alone.
pub fn trust(app: &TestSuite) -> Trust {
    let keys = app.suite.keys().published(".pub").unwrap();
    let (_, key) = keys.iter().find(|(name, _)| name == "trail-head").unwrap();
    let key = String::from_utf8(key.clone()).unwrap();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    Trust::new(Keys::Expected(vec![key.trim().as_bytes().chunks(2).map(byte).collect()]))
}

pub fn verified(app: &TestSuite, file: &[u8]) -> Report {
    verify_export(file, &trust(app)).unwrap()
}

pub async fn head(app: &TestSuite) -> Answer<pb::TreeHead> {
    let answer = audit_admin(app).get_tree_head(pb::GetTreeHeadRequest {}).await?;
    Ok(answer.into_inner().tree_head.unwrap())
}

/// Lets the log take in all that has happened. PostgreSQL shows an event only once no older transaction is open, be it
/// of another test; and what the jobs do meanwhile is to be shown too.
pub async fn log_all(app: &TestSuite) {
    let mut n_settled = None;
    loop {
        let n_shown = all_shown(app).await;
        if n_settled == Some(n_shown) {
            break;
        }
        app.settle().await;
        n_settled = Some(n_shown);
    }
}

/// Waits until all events are shown, and says how many they are.
async fn all_shown(app: &TestSuite) -> i64 {
    loop {
        let mut tx = db(app).snapshot().await.unwrap();
        let shown =
            store::outbox::read_after(&mut tx, &store::outbox::Position::START, 10_000).await.unwrap();
        let n_all = store::scalar!(&mut tx, "count", i64, "SELECT COUNT(*) FROM outbox").unwrap();
        tx.commit().await.unwrap();
        if i64::try_from(shown.len()).unwrap() == n_all {
            break n_all;
        }
    }
}

/// What somebody does who has the database in their hands.
async fn tamper(app: &TestSuite, sql: &str, issue: &pb::Issue) {
    let id: uuid::Uuid = issue.issue_id.parse().unwrap();
    let mut tx = db(app).begin().await.unwrap();
    let unguard = match app.engine {
        Engine::Sqlite => "DROP TRIGGER IF EXISTS issue_event_no_update",
        Engine::Postgres => "DROP TRIGGER IF EXISTS issue_event_append_only ON issue_event",
    };
    store::execute!(&mut tx, "take the guard away", unguard).unwrap();
    let n_rows = store::execute!(&mut tx, "rewrite history", sql.to_owned(), id).unwrap();
    assert_eq!(n_rows, 1, "{sql}");
    tx.commit().await.unwrap();
}

/// The entries of the log with everything that proves them.
pub fn records(app: &TestSuite, file: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    verify_export_with(file, &trust(app), |record| records.push(record.clone())).unwrap();
    records
}

both_engines! {
    async fn the_whole_log_is_exported_and_checked_without_a_server(app: TestSuite) {
        let first = closed(app).await;
        log_all(app).await;
        app.clock.advance(TimeDelta::minutes(2));
        owner(app).reopen_issue(&first).await.unwrap();
        closed(app).await;
        log_all(app).await;
        let file = export(app, "").await.unwrap();
        let report = verified(app, &file);
        assert!(report.is_intact(), "{:?}", report.faults);
        // Nine steps each, of which the last leaves two entries, and the reopening.
        assert_eq!((report.entries, report.chains, report.heads), (21, 2, 2));
        let head = head(app).await.unwrap();
        assert_eq!((head.tree_size, head.root_hash.to_vec()), (21, report.root.unwrap().as_bytes().to_vec()));

        let mut cut = file.clone();
        cut.truncate(file.len() - 10);
        assert!(!verified(app, &cut).is_intact());
        let stranger = Trust::new(Keys::Expected(vec![vec![7; 32]]));
        assert!(!verify_export(file.as_slice(), &stranger).unwrap().is_intact());
    }

    async fn the_chain_of_one_issue_is_exported_with_proofs(app: TestSuite) {
        let issue = closed(app).await;
        for _ in 0..5 {
            submitted(app).await;
        }
        log_all(app).await;
        let report = verified(app, &export(app, &issue.issue_id).await.unwrap());
        assert!(report.is_intact(), "{:?}", report.faults);
        assert_eq!((report.entries, report.chain), (10, Some(format!("issue/{}", issue.issue_id))));
        let whole = verified(app, &export(app, "").await.unwrap());
        assert_eq!(report.root, whole.root);
    }

    async fn a_row_that_was_changed_is_found_and_located(app: TestSuite) {
        let spoilt = closed(app).await;
        closed(app).await;
        log_all(app).await;
        let chain = format!("issue/{}", spoilt.issue_id);
        for (set, back) in [
            ("actor = 'account:somebody'", "actor"),
            ("at = '2026-03-01T00:00:00Z'", "at"),
            ("client = 'elsewhere'", "client"),
            ("kind = 'contacted'", "kind"),
            ("on_behalf_of = 'enterprise/another'", "on_behalf_of"),
            (r#"payload = '{"kind":"signed"}'"#, "payload"),
            (r#"payload = '{"kind":0.5}'"#, "payload"),
        ] {
            // What was there is kept beside, to be put back.
            let keep = format!("CREATE TABLE kept AS SELECT issue_id, seq, {back} AS kept FROM issue_event");
            let mut tx = db(app).begin().await.unwrap();
            store::execute!(&mut tx, "keep what was there", keep).unwrap();
            tx.commit().await.unwrap();
            tamper(app, &format!("UPDATE issue_event SET {set} WHERE issue_id = $1 AND seq = 4"), &spoilt).await;
            for issue_id in ["", spoilt.issue_id.as_str()] {
                let report = verified(app, &export(app, issue_id).await.unwrap());
                assert!(!report.is_intact(), "{set} was not found");
                let fault = &report.faults[0];
                assert_eq!((fault.chain.as_deref(), fault.seq), (Some(chain.as_str()), Some(4)), "{set}");
                assert_eq!(report.n_faults, 1, "{set}: {:?}", report.faults);
            }
            let restore = format!(
                "UPDATE issue_event SET {back} = (
                    SELECT kept FROM kept WHERE kept.issue_id = issue_event.issue_id AND kept.seq = issue_event.seq
                ) WHERE issue_id = $1 AND seq = 4"
            );
            tamper(app, &restore, &spoilt).await;
            let mut tx = db(app).begin().await.unwrap();
            store::execute!(&mut tx, "forget it", "DROP TABLE kept").unwrap();
            tx.commit().await.unwrap();
            let report = verified(app, &export(app, "").await.unwrap());
            assert!(report.is_intact(), "{set}: {:?}", report.faults);
        }
    }

    async fn an_entry_rewritten_with_its_link_contradicts_the_tree(app: TestSuite) {
        let spoilt = closed(app).await;
        log_all(app).await;
        let last = records(app, &export(app, "").await.unwrap()).pop().unwrap();
        let forged = trail::Entry { actor: "account:somebody".to_owned(), ..last.entry };
        let link = trail::chain::append(&trail::Sha256Ed25519, last.prev, &forged);
        let hex: String = link.to_string();
        let bytes = match app.engine {
            Engine::Sqlite => format!("X'{hex}'"),
            Engine::Postgres => format!("'\\x{hex}'"),
        };
        let sql = format!(
            "UPDATE issue_event SET actor = 'account:somebody', link = {bytes} WHERE issue_id = $1 AND seq = {}",
            forged.seq
        );
        tamper(app, &sql, &spoilt).await;
        let report = verified(app, &export(app, "").await.unwrap());
        assert!(!report.is_intact());
        let of_one = verified(app, &export(app, &spoilt.issue_id).await.unwrap());
        assert_eq!(of_one.faults.first().unwrap().seq, Some(forged.seq));
    }

    async fn heads_over_new_entries_are_less_than_a_minute_apart_and_there_are_none_over_nothing_new(app: TestSuite) {
        assert_eq!(refusal(head(app).await), was(Code::NotFound, "TREE_HEAD_MISSING"));
        assert_eq!(refusal(export(app, "").await), was(Code::NotFound, "TREE_HEAD_MISSING"));
        submitted(app).await;
        log_all(app).await;
        let first = head(app).await.unwrap();
        assert_eq!(first.tree_size, 1);
        app.clock.advance(TimeDelta::minutes(10));
        log_all(app).await;
        assert_eq!(head(app).await.unwrap(), first);
        submitted(app).await;
        log_all(app).await;
        let second = head(app).await.unwrap();
        assert_eq!((second.tree_size, &second.key_id), (2, &first.key_id));
        submitted(app).await;
        log_all(app).await;
        assert_eq!(head(app).await.unwrap(), second);
        app.clock.advance(TimeDelta::seconds(44));
        log_all(app).await;
        assert_eq!(head(app).await.unwrap(), second);
        app.clock.advance(TimeDelta::seconds(1));
        log_all(app).await;
        assert_eq!(head(app).await.unwrap().tree_size, 3);
        let report = verified(app, &export(app, "").await.unwrap());
        assert!(report.is_intact() && report.heads == 3, "{:?}", report.faults);
    }

    async fn writers_at_once_leave_a_log_without_gaps(app: TestSuite) {
        let writers = (0..8).map(|_| async {
            for _ in 0..5 {
                let issue = submitted(app).await;
                liaison(app).sign_issue(&issue).await.unwrap();
            }
        });
        let sequencing = async {
            for _ in 0..20 {
                app.settle().await;
            }
        };
        tokio::join!(futures::future::join_all(writers), sequencing);
        app.clock.advance(TimeDelta::minutes(2));
        log_all(app).await;
        let file = export(app, "").await.unwrap();
        let report = verified(app, &file);
        assert!(report.is_intact(), "{:?}", report.faults);
        let ids: BTreeSet<_> = records(app, &file).into_iter().map(|record| record.entry.id).collect();
        assert_eq!((report.entries, ids.len()), (80, 80));
    }

    async fn a_log_is_longer_than_one_step_and_one_page(app: TestSuite) {
        let issue = in_progress(app).await;
        let mut issue = issue;
        for _ in 0..1_100 {
            issue = handler(app).record_progress(&issue).await.unwrap();
        }
        log_all(app).await;
        app.clock.advance(TimeDelta::minutes(2));
        submitted(app).await;
        log_all(app).await;
        let report = verified(app, &export(app, "").await.unwrap());
        assert!(report.is_intact(), "{:?}", report.faults);
        assert_eq!(report.entries, 1_105);
        let of_one = verified(app, &export(app, &issue.issue_id).await.unwrap());
        assert!(of_one.is_intact() && of_one.entries == 1_104, "{:?}", of_one.faults);
    }

    async fn an_export_is_for_those_who_may_and_of_what_there_is(app: TestSuite) {
        let nothing = export(app, &app.uuid().to_string()).await;
        assert_eq!(refusal(nothing), was(Code::NotFound, "ISSUE_NOT_FOUND"));
        let request = pb::ExportTrailRequest::default();
        let firm = trails(app, OWNER, RoleGrant::enterprise(DAIRY)).export_trail(request).await;
        assert_eq!(testkit::reason(&firm.unwrap_err()), was(Code::PermissionDenied, "NOT_PERMITTED"));
    }
}
