//! The named invariants that hold for the service as a whole, on both engines: I1, I6, I9, I11, and that what is
//! committed is in the trail. The others are about an issue by itself, see `src/domain/tests/invariants.rs`; what guards
//! each, and how its test fails without that, is in `docs/invariants.md`.

use std::{collections::BTreeSet, path::Path};

use access::{Role, RoleGrant};
use chrono::TimeDelta;
use kernel::DepartmentId;
use proto::workflow::v1 as pb;
use testkit::{Engine, TestSuite};
use tonic::Code;
use uuid::Uuid;

use crate::{
    dba,
    figures::{ask, behind, figures, leader, show},
    trail_log::{export, head, log_all, verified},
    world::*,
};

fn filter() -> pb::IssueFilter {
    pb::IssueFilter::default()
}

async fn n_rows(app: &TestSuite, table: &str) -> i64 {
    let mut tx = db(app).snapshot().await.unwrap();
    let n = store::scalar!(&mut tx, "count", i64, format!("SELECT COUNT(*) FROM {table}")).unwrap();
    tx.commit().await.unwrap();
    n
}

/// State and version of the row, and how much of everything there is that a step leaves behind.
async fn traces(app: &TestSuite, issue: &pb::Issue) -> (String, i64, Vec<i64>) {
    let mut tx = db(app).snapshot().await.unwrap();
    let id: Uuid = issue.issue_id.parse().unwrap();
    let sql = "SELECT state, version FROM issue WHERE issue_id = $1";
    let (state, version) = store::row!(&mut tx, "read the row", (String, i64), sql, id).unwrap().unwrap();
    tx.commit().await.unwrap();
    let mut counts = Vec::new();
    for table in ["issue_event", "note", "deadline", "outbox", "request_ledger"] {
        counts.push(n_rows(app, table).await);
    }
    (state, version, counts)
}

async fn execute(app: &TestSuite, sql: &'static str, issue: &pb::Issue) {
    let mut tx = db(app).begin().await.unwrap();
    let id: Uuid = issue.issue_id.parse().unwrap();
    store::execute!(&mut tx, "reach into the tables", sql, id).unwrap();
    tx.commit().await.unwrap();
}

/// The figures that say how much is resolved now.
const RESOLVED_NOW: [&str; 9] = ["M1", "M2", "M3", "M4", "M5", "M8", "M14", "M23.total", "M24.completion"];

/// Those of them that count the issue above the line.
async fn counted_as_resolved(app: &TestSuite, issue: &pb::Issue) -> Vec<&'static str> {
    let mut counted = Vec::new();
    for id in RESOLVED_NOW {
        let asked = pb::QueryFiguresRequest::default();
        let above = behind(leader(app), id, pb::FigurePart::Numerator, (&asked, "")).await;
        counted.extend(above.contains(&issue.issue_id).then_some(id));
    }
    let closed = pb::IssueFilter { states: vec![pb::IssueState::Closed.into()], ..filter() };
    let n_closed = operator(app).count(closed).await.unwrap().total_count;
    counted.extend((0 < n_closed).then_some("count"));
    counted
}

both_engines! {
    async fn i1_a_step_counts_on_the_version_that_was_read(app: TestSuite) {
        let read = submitted(app).await;
        let signed = liaison(app).sign_issue(&read).await.unwrap();
        let before = traces(app, &read).await;
        let stale = || was(Code::Aborted, "STALE_ETAG");
        assert_eq!(refusal(liaison(app).dispatch_issue(&read).await), stale());
        assert_eq!(refusal(owner(app).request_withdrawal(&read).await), stale());
        assert_eq!(traces(app, &read).await, before);
        // Whoever goes past the lock is found by the row itself, which is saved over the version before the step alone.
        execute(app, "UPDATE issue SET version = version + 1 WHERE issue_id = $1", &read).await;
        let before = traces(app, &read).await;
        liaison(app).dispatch_issue(&signed).await.unwrap_err();
        assert_eq!(traces(app, &read).await, before);
    }

    async fn i1_of_two_people_at_once_exactly_one_wins(app: TestSuite) {
        for day in 2..7 {
            app.clock.set(format!("2026-03-{day:02}T09:00:00+08:00").parse().unwrap());
            let issue = submitted(app).await;
            // From then on deputies sign too.
            app.clock.advance(TimeDelta::hours(1));
            let (one, other) = (liaison(app), deputy(app));
            let (a, b) = tokio::join!(one.sign_issue(&issue), other.sign_issue(&issue));
            let lost = match (a, b) {
                (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
                both => unreachable!("{both:?}"),
            };
            assert_eq!(testkit::reason(&lost), was(Code::Aborted, "STALE_ETAG"));
        }
    }

    async fn i1_a_step_leaves_all_of_its_traces_or_none(app: TestSuite) {
        let issue = submitted(app).await;
        // An event stands where the step would put its own: the last of its writes fail, after the first succeeded.
        execute(
            app,
            "INSERT INTO issue_event (issue_id, seq, event_id, kind, at, actor, on_behalf_of, client, payload, state,
                etag, prev, link)
            SELECT issue_id, seq + 1, issue_id, kind, at, actor, on_behalf_of, client, payload, state, etag, prev, link
            FROM issue_event
            WHERE issue_id = $1",
            &issue,
        )
        .await;
        let before = traces(app, &issue).await;
        liaison(app).sign_issue(&issue).await.unwrap_err();
        owner(app).comment(&issue, pb::CommentAudience::Firm, "请问进展").await.unwrap_err();
        assert_eq!(traces(app, &issue).await, before);
        let other = submitted(app).await;
        liaison(app).sign_issue(&other).await.unwrap();
    }

    async fn i6_a_feedback_round_is_rated_once_and_by_the_firm_alone(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        let issue = fed_back(app).await;
        for who in [manager(app, WANG), liaison(app), handler(app), operator(app), auditor(app)] {
            assert_eq!(refusal(who.rate(&issue, 5).await), was(Code::PermissionDenied, "NOT_PERMITTED"));
        }
        assert_eq!(refusal(steel_owner(app).rate(&issue, 5).await), was(Code::NotFound, "ISSUE_NOT_FOUND"));
        let rated = owner(app).rate(&issue, 2).await.unwrap();
        let again = owner(app).rate(&rated, 5).await;
        assert_eq!(refusal(again), was(Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED"));
        let issue = handler(app).reply_issue(&rated).await.unwrap();
        let issue = liaison(app).feed_back_issue(&issue).await.unwrap();
        owner(app).rate(&issue, 4).await.unwrap();
        let mut tx = db(app).snapshot().await.unwrap();
        let sql = "SELECT CAST(payload AS TEXT) FROM issue_event WHERE kind = 'rated' ORDER BY seq";
        let rated = store::rows!(&mut tx, "read the ratings", (String,), sql).unwrap();
        tx.commit().await.unwrap();
        let stars = rated.iter().map(|(payload,)| {
            let event: serde_json::Value = serde_json::from_str(payload).unwrap();
            event["fact"]["rating"]["stars"].as_u64().unwrap()
        });
        assert_eq!(stars.collect::<Vec<_>>(), [2, 4]);
    }

    async fn i9_the_count_is_the_length_of_the_list_under_every_scope_and_filter(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        in_progress(app).await;
        closed(app).await;
        submitted(app).await;
        steel_owner(app).submit(STEEL, "other").await.unwrap();
        app.clock.advance(TimeDelta::hours(2));
        let filters = [
            (filter(), 4),
            (pb::IssueFilter { states: vec![pb::IssueState::Submitted.into()], ..filter() }, 1),
            (pb::IssueFilter { lights: vec![pb::Light::Yellow.into()], ..filter() }, 2),
            (pb::IssueFilter { lights: vec![pb::Light::Off.into(), pb::Light::Green.into()], ..filter() }, 2),
            (pb::IssueFilter { lights: vec![pb::Light::Red.into()], ..filter() }, 0),
            (pb::IssueFilter { categories: vec!["other".to_owned()], ..filter() }, 1),
            (pb::IssueFilter { enterprise_id: DAIRY.to_string(), ..filter() }, 3),
            (pb::IssueFilter { department_id: HOUSING.to_string(), open_only: true, ..filter() }, 2),
            (pb::IssueFilter { section_id: ROADS.to_string(), ..filter() }, 2),
            (pb::IssueFilter { handler_id: HANDLER.to_string(), ..filter() }, 2),
            (pb::IssueFilter { division_code: "3304".to_owned(), ..filter() }, 4),
            (pb::IssueFilter { division_code: "3305".to_owned(), ..filter() }, 0),
            (pb::IssueFilter { holders: vec![pb::Holder::Operator.into(), pb::Holder::Nobody.into()], ..filter() }, 2),
            (pb::IssueFilter { submit_date_from: date("03-02"), submit_date_to: date("03-02"), ..filter() }, 4),
            (pb::IssueFilter { submit_date_from: date("03-03"), ..filter() }, 0),
            (pb::IssueFilter { overdue_only: true, ..filter() }, 0),
            (pb::IssueFilter { text: "s328 省道".to_owned(), ..filter() }, 4),
            (pb::IssueFilter { text: "000003".to_owned(), ..filter() }, 1),
            (pb::IssueFilter { text: "%".to_owned(), ..filter() }, 0),
        ];
        let everybody = [owner(app), steel_owner(app), manager(app, WANG), liaison(app), handler(app), operator(app)];
        for (i, (filter, n_all)) in filters.into_iter().enumerate() {
            for who in &everybody {
                let listed = who.list(filter.clone()).await.unwrap();
                let counted = who.count(filter.clone()).await.unwrap();
                assert_eq!(i64::try_from(listed.issues.len()).unwrap(), counted.total_count, "{i}");
                assert_eq!(listed.total_count, counted.total_count);
                assert_eq!(counted.states.iter().map(|state| state.count).sum::<i64>(), counted.total_count);
                for light in &counted.lights {
                    let n_shown = listed.issues.iter().filter(|issue| issue.light() == light.light()).count();
                    assert_eq!(i64::try_from(n_shown).unwrap(), light.count);
                }
            }
            assert_eq!(operator(app).count(filter).await.unwrap().total_count, n_all, "{i}");
        }
        assert_eq!(owner(app).count(filter()).await.unwrap().total_count, 3);
        assert_eq!(manager(app, WANG).count(filter()).await.unwrap().total_count, 3);
        assert_eq!(steel_owner(app).count(filter()).await.unwrap().total_count, 1);
        assert_eq!(handler(app).count(filter()).await.unwrap().total_count, 2);
    }

    async fn i9_count_list_and_drill_down_agree_under_every_scope(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        let reopened = closed(app).await;
        for _ in 0..3 {
            closed(app).await;
        }
        app.clock.advance(TimeDelta::hours(3));
        submitted(app).await;
        fed_back(app).await;
        owner(app).reopen_issue(&reopened).await.unwrap();
        steel_owner(app).submit(STEEL, "other").await.unwrap();
        app.clock.advance(TimeDelta::days(1));
        let elsewhere = RoleGrant::liaison(DepartmentId::new(app.uuid()));
        let scopes = [
            (OPERATOR, RoleGrant::of(Role::Operator), 7),
            (AUDITOR, RoleGrant::of(Role::Auditor), 7),
            (account(701), RoleGrant::of(Role::Leader), 7),
            (WANG, RoleGrant::of(Role::Manager), 6),
            (LI, RoleGrant::of(Role::Manager), 0),
            (LIAISON, RoleGrant::liaison(HOUSING), 6),
            (HANDLER, RoleGrant::section_handler(HOUSING, ROADS), 5),
            (OWNER, RoleGrant::enterprise(DAIRY), 6),
            (STEEL_OWNER, RoleGrant::enterprise(STEEL), 1),
            (account(302), elsewhere, 0),
        ];
        let asked = pb::QueryFiguresRequest::default();
        for (who, role, n_all) in scopes {
            let client = || figures(app, who, vec![role]);
            let shown = ask(client(), asked.clone()).await;
            for figure in &shown {
                let id = figure.figure_id.as_str();
                let above = behind(client(), id, pb::FigurePart::Numerator, (&asked, "")).await;
                let below = behind(client(), id, pb::FigurePart::Denominator, (&asked, "")).await;
                let n = |ids: &[String]| i64::try_from(ids.len()).unwrap();
                assert_eq!((n(&above), n(&below)), (figure.numerator, figure.denominator), "{role:?} {id}");
                assert!(above.is_sorted_by(|a, b| a < b) && below.is_sorted_by(|a, b| a < b));
            }
            // The base of completion is the whole list.
            let listed = person(app, who, vec![role]).list(pb::IssueFilter::default()).await.unwrap();
            let mut ids: Vec<_> = listed.issues.into_iter().map(|issue| issue.issue_id).collect();
            ids.sort();
            assert_eq!(behind(client(), "M1", pb::FigurePart::Denominator, (&asked, "")).await, ids);
            assert_eq!((listed.total_count, ids.len()), (n_all, usize::try_from(n_all).unwrap()), "{role:?}");
        }
    }

    async fn i11_a_reopened_issue_is_in_no_figure_of_what_is_resolved_now(app: TestSuite) {
        let issue = closed(app).await;
        let closed_at = app.now();
        app.clock.advance(TimeDelta::hours(1));
        let today = || pb::QueryFiguresRequest::default();
        assert_eq!(show(&ask(leader(app), today()).await, "M1"), "1/1 100.0");
        let all: Vec<_> = RESOLVED_NOW.into_iter().chain(["count"]).collect();
        assert_eq!(counted_as_resolved(app, &issue).await, all);
        owner(app).reopen_issue(&issue).await.unwrap();
        // From the histories, as nothing was reckoned with yet; and from the marks and sums.
        for _ in 0..2 {
            assert_eq!(counted_as_resolved(app, &issue).await, [""; 0]);
            let reopened = ask(leader(app), today()).await;
            for (id, shown) in [
                ("M1", "0/1 0.0"),
                ("M2", "0/1 0.0"),
                ("M3", "0/1 0.0"),
                ("M4", "0/1 0.0"),
                ("M5", "0/0 n/a"),
                ("M8", "0/0 n/a"),
                ("M12", "1/1 100.0"),
            ] {
                assert_eq!(show(&reopened, id), shown, "{id}");
            }
            let seconds = closed_at.timestamp();
            let before = pb::QueryFiguresRequest {
                as_of_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
                ..today()
            };
            assert_eq!(show(&ask(leader(app), before).await, "M1"), "1/1 100.0", "it was then");
            app.settle().await;
        }
    }

    async fn what_is_committed_is_in_the_trail(app: TestSuite) {
        let done = closed(app).await;
        owner(app).reopen_issue(&done).await.unwrap();
        let issue = owner(app).rate(&fed_back(app).await, 2).await.unwrap();
        owner(app).urge_issue(&issue).await.unwrap();
        liaison(app).comment(&issue, pb::CommentAudience::Joint, "请尽快整改").await.unwrap();
        let asked = handler(app).ask_firm(&in_progress(app).await).await.unwrap();
        owner(app).request_withdrawal(&asked).await.unwrap();
        // Nobody signs this one: the ladder does something with it.
        submitted(app).await;
        app.clock.advance(TimeDelta::days(10));
        log_all(app).await;
        // What came after the head was signed is under the next one.
        app.clock.advance(TimeDelta::minutes(1));
        log_all(app).await;
        let mut tx = db(app).snapshot().await.unwrap();
        let sql = "SELECT version, (SELECT COUNT(*) FROM issue_event WHERE issue_event.issue_id = issue.issue_id),
                (SELECT MAX(seq) FROM issue_event WHERE issue_event.issue_id = issue.issue_id)
            FROM issue";
        let rows = store::rows!(&mut tx, "read the versions", (i64, i64, i64), sql).unwrap();
        let sql = "SELECT COUNT(*) FROM note LEFT JOIN issue_event ON issue_event.issue_id = note.issue_id
                AND issue_event.seq = note.seq
            WHERE issue_event.seq IS NULL";
        assert_eq!(store::scalar!(&mut tx, "look for loose texts", i64, sql).unwrap(), 0);
        tx.commit().await.unwrap();
        assert_eq!(rows.len(), 4);
        for (version, n_events, last) in &rows {
            assert_eq!((version, version), (n_events, last), "as many events as there were changes");
        }
        let n_events: i64 = rows.iter().map(|row| row.0).sum();
        assert_eq!(head(app).await.unwrap().tree_size, n_events);
        let report = verified(app, &export(app, "").await.unwrap());
        assert!(report.is_intact(), "{:?}", report.faults);
        assert_eq!((i64::try_from(report.entries).unwrap(), report.chains), (n_events, 4));
        assert!(dba::verify(app, "").await.intact, "rows and trail tell the same");
    }

    async fn the_trail_is_append_only(app: TestSuite) {
        submitted(app).await;
        log_all(app).await;
        head(app).await.unwrap();
        for (table, column) in
            [("issue_event", "actor"), ("trail_log", "seq"), ("trail_node", "hash"), ("trail_head", "size")]
        {
            let n = n_rows(app, table).await;
            assert!(0 < n, "{table}");
            let truncate = (app.engine == Engine::Postgres).then(|| format!("TRUNCATE {table} CASCADE"));
            let sql = [format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")];
            for sql in sql.into_iter().chain(truncate) {
                let mut tx = db(app).begin().await.unwrap();
                let refused = store::execute!(&mut tx, "rewrite history", sql.clone()).unwrap_err();
                assert!(format!("{refused:?}").contains("is append-only"), "{sql}: {refused:?}");
                tx.rollback().await.unwrap();
            }
            assert_eq!(n_rows(app, table).await, n);
        }
    }
}

/// Whether a test of this name stands in the sources below `dir`.
fn has_test(dir: &Path, name: &str) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return has_test(&path, name);
        }
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        is_source && std::fs::read_to_string(path).unwrap().contains(&format!("fn {name}("))
    })
}

#[test]
fn every_test_that_the_page_of_invariants_names_is_there() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(package.join("../../docs/invariants.md")).unwrap();
    let mut rows = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [row, _, tests, _] = cells[..] else { unreachable!("four columns: {line}") };
        if matches!(row, "invariant" | "rule" | "---") {
            continue;
        }
        rows.insert(row.split(' ').next().unwrap());
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{line}");
        for name in names {
            assert!(["src", "tests"].iter().any(|dir| has_test(&package.join(dir), name)), "{name}");
        }
    }
    for n in 1..=11 {
        assert!(rows.contains(format!("I{n}").as_str()), "I{n}");
    }
}
