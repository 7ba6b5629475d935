//! Which indexes answer the hot reads, with enough rows that it matters.

use access::Scope;
use chrono::TimeDelta;
use kernel::DepartmentId;
use store::Batch;
use testkit::{Engine, TestSuite};

use super::*;
use crate::{
    domain::local_date,
    store::{issues::Order, rungs, sample},
};

const N_ISSUES: u128 = 3_000;

fn department(n: u128) -> DepartmentId {
    DepartmentId::new(Uuid::from_u128(1_000_000 + n))
}

async fn fill(app: &TestSuite) {
    let db = app.suite.db("workflow").unwrap();
    let start = app.now() - TimeDelta::days(100);
    let mut tx = db.begin().await.unwrap();
    let (mut issues, mut clocks) = (Batch::new(), Batch::new());
    for n in 0..N_ISSUES {
        let submitted = start + TimeDelta::minutes(i64::try_from(n).unwrap());
        sample::issue(&mut issues, sample::id(n), department(n % 30), submitted);
        let due = submitted + TimeDelta::hours(2);
        // Most clocks have stopped.
        let stopped = (n % 10 != 0).then_some(due);
        sample::deadline(&mut clocks, sample::id(n), "C1", (submitted, due), (stopped, false));
    }
    issues.run(&mut tx).await.unwrap();
    clocks.run(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    store::execute!(&mut tx, "count the values", "ANALYZE").unwrap();
    tx.commit().await.unwrap();
}

/// The plan of a query that begins with [`explain`], as one text.
async fn plan(app: &TestSuite, select: Select) -> String {
    let mut tx = app.suite.db("workflow").unwrap().snapshot().await.unwrap();
    let lines: Vec<String> = match app.engine {
        Engine::Sqlite => {
            let rows = select.rows::<(i64, i64, i64, String)>(&mut tx, "explain").await.unwrap();
            rows.into_iter().map(|row| row.3).collect()
        }
        Engine::Postgres => {
            let rows = select.rows::<(String,)>(&mut tx, "explain").await.unwrap();
            rows.into_iter().map(|row| row.0).collect()
        }
    };
    tx.commit().await.unwrap();
    lines.join("\n")
}

fn explain(app: &TestSuite) -> &'static str {
    match app.engine {
        Engine::Sqlite => "EXPLAIN QUERY PLAN SELECT",
        Engine::Postgres => "EXPLAIN SELECT",
    }
}

/// Appointments are few.
fn scans_a_big_table(plan: &str) -> bool {
    ["Seq Scan on issue", "Seq Scan on deadline"].iter().any(|scan| plan.contains(scan))
}

#[track_caller]
fn assert_answered_by(plan: &str, index: &str) {
    assert!(plan.contains(index), "{index} is not used:\n{plan}");
    assert!(!scans_a_big_table(plan), "{plan}");
    let of_table = |line: &&str| !line.contains("USING") && !line.starts_with("SCAN part_");
    let scans =
        plan.lines().filter(|line| line.starts_with("SCAN") && line != &"SCAN in_sight").filter(of_table);
    assert_eq!(scans.count(), 0, "{plan}");
}

/// Nothing is sorted that the index has in order already.
#[track_caller]
fn assert_in_order(plan: &str) {
    assert!(!plan.contains("USE TEMP B-TREE FOR ORDER BY"), "{plan}");
    assert!(!plan.contains("Sort Key"), "{plan}");
}

/// The part of a list that is in sight for its department comes from the index in order, and ends with its limit; only
/// the first rows of each part are sorted together.
#[track_caller]
fn assert_department_in_order(engine: Engine, plan: &str) {
    let lines: Vec<&str> = plan.lines().collect();
    let n = lines.iter().position(|line| line.contains("issue_department_page_idx")).unwrap();
    match engine {
        Engine::Sqlite => assert!(!lines[n + 1].contains("USE TEMP B-TREE"), "{plan}"),
        Engine::Postgres => assert!(lines[n - 1].contains("Limit"), "{plan}"),
    }
}

testkit::both_engines! {
    modules: [crate::spec(), testkit::fake::identity().spec("identity"),
        testkit::fake::Fake::new().spec("registry")];

    async fn the_hot_reads_are_answered_by_their_indexes(app: TestSuite) {
        fill(app).await;
        let now = app.now();
        let today = local_date(now);
        let liaison = Scope { departments: vec![department(7)], ..Scope::default() };
        let everything = Scope::everything();

        let viewer = Viewer { scope: &liaison, now, today };
        let filter = IssueFilter::default();
        let select = issues::page(explain(app), &viewer, &filter, Order::Newest, None, 51);
        let first = plan(app, select).await;
        assert_answered_by(&first, "issue_department_page_idx");
        assert_department_in_order(app.engine, &first);
        let cursor = Order::Newest.cursor(&sample::fold(sample::id(1), now), None);
        let select = issues::page(explain(app), &viewer, &filter, Order::Newest, Some(&cursor), 51);
        let later = plan(app, select).await;
        assert_answered_by(&later, "issue_department_page_idx");
        assert_department_in_order(app.engine, &later);

        let viewer = Viewer { scope: &everything, now, today };
        let due = plan(app, page(explain(app), &viewer, &DueFilter::default(), None).limit(51)).await;
        assert_answered_by(&due, "deadline_due_page_idx");
        let viewer = Viewer { scope: &liaison, now, today };
        let due = plan(app, page(explain(app), &viewer, &DueFilter::default(), None).limit(51)).await;
        let by_index = due.contains("deadline_due_page_idx") || due.contains("issue_department");
        assert!(by_index && !scans_a_big_table(&due), "{due}");

        let sql = rungs::claim_sql(match app.engine {
            Engine::Sqlite => "",
            Engine::Postgres => " FOR UPDATE SKIP LOCKED",
        });
        let sql = sql.replacen("SELECT", explain(app), 1).replace("$1", "?").replace("$3", "?");
        let long_ago = now - TimeDelta::days(99);
        // The day of `$2` stands twice, before the other values.
        let select = Select::new(sql.replace("$2", "?")).with(binds![today, today, long_ago, 500_i64]);
        assert_answered_by(&plan(app, select).await, "issue_wake_idx");
    }

    async fn a_hundred_thousand_open_issues_are_read_by_due_time_and_never_sorted(app: TestSuite) {
        let db = app.suite.db("workflow").unwrap();
        let start = app.now() - TimeDelta::days(100);
        let (n_samples, n_rounds) = (1_000_u128, 11);
        let mut samples = Batch::new();
        for n in 0..n_samples {
            let submitted = start + TimeDelta::minutes(i64::try_from(n).unwrap());
            // One in four is nobody's yet.
            let department = (n % 4 != 0).then(|| department(n % 30));
            sample::row(&mut samples, &sample::fold(sample::id(n), submitted), department);
        }
        let mut tx = db.begin().await.unwrap();
        samples.run(&mut tx).await.unwrap();
        sample::multiply(&mut tx, n_rounds).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        store::execute!(&mut tx, "count the values", "ANALYZE").unwrap();
        tx.commit().await.unwrap();

        let now = app.now();
        let everything = Scope::everything();
        let viewer = Viewer { scope: &everything, now, today: local_date(now) };
        let filter = DueFilter::default();
        let mut tx = db.snapshot().await.unwrap();
        // The count ends where it says, however many there are.
        assert_eq!(count_due(&mut tx, &viewer, &filter).await.unwrap(), MAX_COUNTED + 1);
        let first = due(&mut tx, &viewer, &filter, None, 500).await.unwrap();
        let cursor = first.last().unwrap().cursor();
        let second = due(&mut tx, &viewer, &filter, Some(&cursor), 500).await.unwrap();
        tx.commit().await.unwrap();
        let order: Vec<_> = first.iter().chain(&second).map(|row| (row.due_at, row.issue.id)).collect();
        assert_eq!(order.len(), 1_000);
        // The longest overdue come first, not the newest.
        assert_eq!(order[0].0, start + TimeDelta::hours(2));
        assert!(order.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        assert!(order.iter().all(|(due_at, _)| *due_at <= start + TimeDelta::hours(2) + TimeDelta::minutes(10)));

        for after in [None, Some(&cursor)] {
            let select = page(explain(app), &viewer, &filter, after).limit(501);
            let plan = plan(app, select).await;
            assert_answered_by(&plan, "deadline_due_page_idx");
            assert_in_order(&plan);
        }
        let sql = rungs::claim_sql(match app.engine {
            Engine::Sqlite => "",
            Engine::Postgres => " FOR UPDATE SKIP LOCKED",
        });
        let sql = sql.replacen("SELECT", explain(app), 1).replace("$1", "?").replace("$3", "?");
        let today = local_date(now);
        // Everything is overdue: the index alone keeps this from being a sort of all.
        let select = Select::new(sql.replace("$2", "?")).with(binds![today, today, now, 500_i64]);
        let claim = plan(app, select).await;
        assert_answered_by(&claim, "issue_wake_idx");
        // The few appointments of a firm are sorted, the issues are not.
        assert!(!claim.contains("wake_at DESC") && !claim.contains("Sort Key: issue"), "{claim}");
        let n_sorts = claim.matches("Sort Key").count() + claim.matches("USE TEMP B-TREE FOR ORDER BY").count();
        assert!(n_sorts <= 1 && !claim.contains("Sort Key: wake_at"), "{claim}");
    }
}
