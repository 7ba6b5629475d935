//! Somebody who has the database in their hands, and no respect for what it guards.

use prost::Message as _;
use proto::workflow::v1 as pb;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use testkit::{Engine, TestSuite};
use trail::Hash;

use crate::{trail_log::audit_admin, world::*};

const GUARDED: [&str; 7] =
    ["issue_event", "order_event", "case_event", "trail_log", "trail_node", "trail_head", "note_erasure"];

/// Runs SQL past triggers and foreign keys.
#[expect(clippy::disallowed_methods, reason = "the macros of the store keep the foreign keys")]
pub async fn dba(app: &TestSuite, statements: &[String]) {
    match app.engine {
        Engine::Sqlite => {
            let file = app.suite.config().data_dir.join("workflow.db");
            let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            let unguard = GUARDED.iter().flat_map(|table| {
                ["update", "delete"].map(|verb| format!("DROP TRIGGER IF EXISTS {table}_no_{verb}"))
            });
            for sql in unguard.chain(statements.iter().cloned()) {
                let done = sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut connection).await;
                assert!(done.is_ok(), "{sql}: {done:?}");
            }
            connection.close().await.unwrap();
        }
        Engine::Postgres => {
            let mut tx = db(app).begin().await.unwrap();
            let past = "SET LOCAL session_replication_role = replica";
            store::execute!(&mut tx, "go past the triggers", past).unwrap();
            for sql in statements {
                store::execute!(&mut tx, "rewrite history", sql.clone()).unwrap();
            }
            tx.commit().await.unwrap();
        }
    }
}

/// Bytes as this engine writes them in SQL.
pub fn bytes(app: &TestSuite, hash: Hash) -> String {
    match app.engine {
        Engine::Sqlite => format!("X'{hash}'"),
        Engine::Postgres => format!("'\\x{hash}'"),
    }
}

/// An id as this engine writes it in SQL.
pub fn id(app: &TestSuite, id: &str) -> String {
    match app.engine {
        Engine::Sqlite => format!("X'{}'", id.replace('-', "")),
        Engine::Postgres => format!("'{id}'"),
    }
}

/// What the server finds; of all issues where none is named.
pub async fn verify(app: &TestSuite, issue_id: &str) -> pb::VerifyTrailResponse {
    let request = pb::VerifyTrailRequest { issue_id: issue_id.to_owned(), ..Default::default() };
    let answer = audit_admin(app).verify_trail(request).await.unwrap().into_inner();
    assert_eq!(answer.intact, answer.fault_count == 0, "{answer:?}");
    assert!(answer.encoded_len() < 1_000_000);
    answer
}

/// Kind and place of each fault that the server finds.
pub async fn faults(app: &TestSuite, issue_id: &str) -> Vec<(pb::TrailFaultKind, String, i64)> {
    let found = verify(app, issue_id).await.faults;
    found.into_iter().map(|fault| (fault.kind(), fault.issue_id, fault.sequence)).collect()
}
