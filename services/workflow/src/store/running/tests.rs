//! Which index finds the issues that have to go over to another calendar, with enough rows that it matters.

use chrono::TimeDelta;
use kernel::DepartmentId;
use store::Batch;
use testkit::{Engine, TestSuite};

use super::*;
use crate::{domain::local_date, store::sample};

const N_ISSUES: u128 = 3_000;

async fn plan(app: &TestSuite) -> String {
    let (version, after) = (worktime::Calendar::china().version(), Uuid::nil());
    let (today, limit) = (local_date(app.now()), 100_i64);
    let mut tx = app.suite.db("workflow").unwrap().snapshot().await.unwrap();
    let lines: Vec<String> = match app.engine {
        Engine::Sqlite => {
            let sql = format!("EXPLAIN QUERY PLAN {}", other_calendar_sql(""));
            let row =
                store::rows!(&mut tx, "explain", (i64, i64, i64, String), sql, version, today, after, limit);
            row.unwrap().into_iter().map(|row| row.3).collect()
        }
        Engine::Postgres => {
            let sql = format!("EXPLAIN {}", other_calendar_sql(" FOR UPDATE SKIP LOCKED"));
            let rows = store::rows!(&mut tx, "explain", (String,), sql, version, today, after, limit);
            rows.unwrap().into_iter().map(|row| row.0).collect()
        }
    };
    tx.commit().await.unwrap();
    lines.join("\n")
}

testkit::both_engines! {
    modules: [crate::spec(), testkit::fake::identity().spec("identity"),
        testkit::fake::Fake::new().spec("registry")];

    async fn issues_of_another_calendar_are_found_by_an_index(app: TestSuite) {
        let mut issues = Batch::new();
        for n in 0..N_ISSUES {
            let submitted = app.now() - TimeDelta::days(1) + TimeDelta::seconds(i64::try_from(n).unwrap());
            sample::issue(&mut issues, sample::id(n), DepartmentId::new(Uuid::from_u128(n % 30)), submitted);
        }
        let mut tx = app.suite.db("workflow").unwrap().begin().await.unwrap();
        issues.run(&mut tx).await.unwrap();
        store::execute!(&mut tx, "count the values", "ANALYZE").unwrap();
        tx.commit().await.unwrap();
        let plan = plan(app).await;
        let by_index = plan.contains("issue_calendar_idx") || plan.contains("issue_running_idx");
        assert!(by_index && !plan.contains("Seq Scan on issue"), "{plan}");
    }
}
