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
    let scans = plan.lines().filter(|line| line.starts_with("SCAN") && !line.contains("USING"));
    assert_eq!(scans.count(), 0, "{plan}");
}

/// Nothing is sorted that the index has in order already.
#[track_caller]
fn assert_in_order(plan: &str) {
    assert!(!plan.contains("USE TEMP B-TREE FOR ORDER BY"), "{plan}");
    assert!(!plan.contains("Sort Key"), "{plan}");
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
        let select = issues::page(explain(app), &viewer, &filter, Order::Newest, None).limit(51);
        let first = plan(app, select).await;
        assert_answered_by(&first, "issue_department_page_idx");
        assert_in_order(&first);
        let cursor = Order::Newest.cursor(&sample::fold(sample::id(1), now), None);
        let select = issues::page(explain(app), &viewer, &filter, Order::Newest, Some(&cursor)).limit(51);
        let later = plan(app, select).await;
        assert_answered_by(&later, "issue_department_page_idx");
        assert_in_order(&later);

        let viewer = Viewer { scope: &everything, now, today };
        let due = plan(app, page(explain(app), &viewer, &DueFilter::default(), None).limit(51)).await;
        assert_answered_by(&due, "deadline_running_idx");
        let viewer = Viewer { scope: &liaison, now, today };
        let due = plan(app, page(explain(app), &viewer, &DueFilter::default(), None).limit(51)).await;
        let by_index = due.contains("deadline_running_idx") || due.contains("issue_department");
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
}
