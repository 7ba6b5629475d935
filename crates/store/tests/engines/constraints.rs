use store::{Db, Error, binds};

use crate::{INSERT_THING, id, on_both};

/// Runs a statement beside one thing that is there already, and gives the constraint that refuses it.
async fn refusal(db: &Db, sql: &'static str, binds: Vec<store::Bind>) -> String {
    let mut tx = db.begin().await.unwrap();
    store::execute!(&mut tx, "insert", INSERT_THING, id(1), 1, 2026, "taken").unwrap();
    let mut batch = store::Batch::new();
    batch.add("try", sql, binds);
    let error = batch.run(&mut tx).await.unwrap_err();
    assert!(!error.is_retryable());
    let Error::Constraint { doing: "try", constraint, .. } = error else { panic!("{error:?}") };
    constraint
}

#[tokio::test]
async fn both_engines_report_the_same_names() {
    on_both(async |db| {
        for (expected, binds) in [
            ("thing_pkey", binds![id(1), 2, 2026, "free"]),
            ("thing_number_key", binds![id(2), 1, 2026, "free"]),
            ("thing_name_idx", binds![id(2), 2, 2026, "taken"]),
            ("thing_year_check", binds![id(2), 2, 1999, "free"]),
            ("thing.name", binds![id(2), 2, 2026, None::<String>]),
        ] {
            assert_eq!(refusal(db, INSERT_THING, binds).await, expected, "{:?}", db.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn a_foreign_key_refuses_and_postgresql_names_it() {
    on_both(async |db| {
        let sql = "INSERT INTO part (thing_id, position) VALUES ($1, $2)";
        let expected = match db.engine() {
            store::Engine::Sqlite => "foreign_key",
            store::Engine::Postgres => "part_thing_fkey",
        };
        assert_eq!(refusal(db, sql, binds![id(9), 1]).await, expected);
    })
    .await;
}

#[tokio::test]
async fn an_error_says_its_own_part_and_keeps_the_cause() {
    on_both(async |db| {
        let mut tx = db.begin().await.unwrap();
        let error = store::rows!(&mut tx, "read the moon", (i64,), "SELECT phase FROM moon").unwrap_err();
        assert_eq!(error.to_string(), "could not read the moon");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("moon"), "{cause}");
    })
    .await;
}
