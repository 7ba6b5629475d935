use store::{Batch, Engine, Error, binds, outbox};

use crate::{INSERT_THING, at, id, n_things, on_both, on_postgres};

fn thing(batch: &mut Batch, number: u64) {
    let name = format!("thing {number}");
    batch.add("insert a thing", INSERT_THING, binds![id(number), number.cast_signed(), 2026, name]);
}

const RENAME: &str = "UPDATE thing SET name = $3, version = version + 1 WHERE thing_id = $1 AND version = $2";

#[tokio::test]
async fn a_batch_is_one_statement_on_postgresql() {
    on_both(async |db| {
        let mut tx = db.begin().await.unwrap();
        let mut batch = Batch::new();
        thing(&mut batch, 1);
        thing(&mut batch, 2);
        batch.run(&mut tx).await.unwrap();
        let before = tx.n_statements();

        let mut batch = Batch::new();
        batch.add_one("rename", RENAME, binds![id(1), 1, "renamed"]);
        thing(&mut batch, 3);
        batch.add("insert a part", "INSERT INTO part (thing_id, position) VALUES ($1, $2)", binds![id(3), 1]);
        batch.add("delete", "DELETE FROM thing WHERE thing_id = $1 -- $7", binds![id(2)]);
        outbox::append(&mut batch, crate::outbox::event(1, "thing/1"));
        batch.run(&mut tx).await.unwrap();
        let sent = tx.n_statements() - before;
        assert_eq!(sent, if db.engine() == Engine::Postgres { 1 } else { 5 });
        tx.commit().await.unwrap();

        let mut tx = db.snapshot().await.unwrap();
        let names = "SELECT name, version FROM thing ORDER BY number";
        let names = store::rows!(&mut tx, "list", (String, i64), names).unwrap();
        assert_eq!(names, [("renamed".to_owned(), 2), ("thing 3".to_owned(), 1)]);
    })
    .await;
}

#[tokio::test]
async fn a_stale_write_undoes_the_whole_batch() {
    on_both(async |db| {
        let mut tx = db.begin().await.unwrap();
        let mut batch = Batch::new();
        thing(&mut batch, 1);
        batch.run(&mut tx).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = db.begin().await.unwrap();
        let mut batch = Batch::new();
        thing(&mut batch, 2);
        batch.add_one("rename the thing", RENAME, binds![id(1), 7, "stale"]);
        thing(&mut batch, 3);
        let error = batch.run(&mut tx).await.unwrap_err();
        assert!(matches!(error, Error::Conflict { doing: "rename the thing" }), "{error:?}");
        assert!(tx.commit().await.is_err(), "committed half a batch");
        assert_eq!(n_things(db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_own_returning_is_kept_and_an_upsert_counts_what_it_touched() {
    on_both(async |db| {
        let upsert = "INSERT INTO lease (name, holder, expires_at) VALUES ($1, $2, $3)
            ON CONFLICT (name) DO NOTHING RETURNING name;";
        for (number, is_first) in [(1, true), (2, false)] {
            let mut tx = db.begin().await.unwrap();
            let mut batch = Batch::new();
            thing(&mut batch, number);
            batch.add_one("take the lease", upsert, binds!["a", "holder", at(0)]);
            assert_eq!(batch.run(&mut tx).await.is_ok(), is_first, "{number}");
            assert_eq!(tx.commit().await.is_ok(), is_first, "{number}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_empty_batch_sends_nothing() {
    on_both(async |db| {
        let mut tx = db.begin().await.unwrap();
        assert!(Batch::new().is_empty());
        Batch::new().run(&mut tx).await.unwrap();
        assert_eq!(tx.n_statements(), 0);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_batch_beyond_the_protocols_limit_is_sent_in_several_statements() {
    let db = on_postgres().await;
    let mut tx = db.begin().await.unwrap();
    let mut batch = Batch::new();
    let n_rows = 20_000;
    for number in 1..=n_rows {
        thing(&mut batch, number);
    }
    // 80,000 values where 65,535 are the most; then more parts than one statement is given.
    for number in 1..=150_u64 {
        batch.add_one("count up", RENAME, binds![id(number), 1, format!("renamed {number}")]);
    }
    batch.run(&mut tx).await.unwrap();
    assert_eq!(tx.n_statements(), 3);
    tx.commit().await.unwrap();
    assert_eq!(n_things(&db).await, n_rows.cast_signed());
}
