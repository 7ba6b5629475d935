use std::{
    future::{Future, poll_fn},
    task::Poll,
    time::Duration,
};

use futures::FutureExt as _;
use store::{Config, Db, Engine, Error};
use tokio::{
    task::{JoinSet, yield_now},
    time::timeout,
};

use crate::{
    INSERT_THING, id, n_things, on_both, on_postgres, open, postgres::PrivatePostgres, postgres_config,
    sqlite_config,
};

async fn insert(db: &Db, number: u64) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    store::execute!(&mut tx, "insert", INSERT_THING, id(number), number.cast_signed(), 2026, "")?;
    tx.commit().await
}

#[tokio::test]
async fn what_is_dropped_is_undone_and_what_is_committed_stays() {
    on_both(async |db| {
        let mut tx = db.begin().await.unwrap();
        store::execute!(&mut tx, "insert", INSERT_THING, id(1), 1, 2026, "").unwrap();
        drop(tx);
        assert_eq!(n_things(db).await, 0);
        insert(db, 1).await.unwrap();
        assert_eq!(n_things(db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_cannot_be_committed() {
    on_both(async |db| {
        let mut tx = db.begin().await.unwrap();
        store::execute!(&mut tx, "insert", INSERT_THING, id(1), 1, 2026, "").unwrap();
        store::execute!(&mut tx, "insert again", INSERT_THING, id(1), 1, 2026, "").unwrap_err();
        assert!(store::execute!(&mut tx, "go on", "DELETE FROM part").is_err());
        assert!(tx.commit().await.is_err());
        assert_eq!(n_things(db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_statement_leaves_a_transaction_that_cannot_be_committed() {
    on_both(async |db| {
        let (mut n_cancelled, mut number) = (0, 0);
        while n_cancelled < 5 {
            number += 1;
            let mut tx = db.begin().await.unwrap();
            let statement =
                async { store::execute!(&mut tx, "insert", INSERT_THING, id(1), number, 2026, "") };
            // Now and then it is done at its first step.
            if statement.now_or_never().is_none() {
                n_cancelled += 1;
                assert!(tx.commit().await.is_err());
            }
        }
        assert_eq!(n_things(db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_sees_one_state_does_not_wait_for_the_writer_and_cannot_write() {
    on_both(async |db| {
        let mut writing = db.begin().await.unwrap();
        store::execute!(&mut writing, "insert", INSERT_THING, id(1), 1, 2026, "").unwrap();
        let mut reading = db.snapshot().await.unwrap();
        let count = "SELECT COUNT(*) FROM thing";
        assert_eq!(store::scalar!(&mut reading, "count", i64, count).unwrap(), 0);
        writing.commit().await.unwrap();
        assert_eq!(store::scalar!(&mut reading, "count", i64, count).unwrap(), 0);
        assert!(store::execute!(&mut reading, "write", "DELETE FROM thing").is_err());
        assert_eq!(n_things(db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn statements_and_transactions_are_counted() {
    on_both(async |db| {
        let before = db.counters();
        let mut tx = db.begin().await.unwrap();
        let count = format!("SELECT COUNT(*) FROM thing{}", "");
        store::scalar!(&mut tx, "count", i64, count).unwrap();
        let sql = format!("SELECT number FROM thing{}", tx.for_update());
        store::rows!(&mut tx, "lock", (i64,), sql).unwrap();
        assert_eq!(tx.n_statements(), 2);
        tx.commit().await.unwrap();
        let after = db.counters();
        assert_eq!((after.statements - before.statements, after.transactions - before.transactions), (2, 1));
    })
    .await;
}

/// Polls a future a few times, and drops it there.
async fn cancel_after(n_steps: usize, future: impl Future) {
    let mut future = Box::pin(future);
    for _ in 0..n_steps {
        if poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await {
            break;
        }
        yield_now().await;
    }
}

async fn cancel_begins(db: Db) {
    for n_steps in 0..150 {
        cancel_after(n_steps % 12, db.begin()).await;
        cancel_after(n_steps % 12, db.snapshot()).await;
    }
}

const N_INSERTS: u64 = 60;

async fn insert_many(db: Db, first: u64) {
    for n in 0..N_INSERTS {
        insert(&db, first + n).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_begins_disturb_no_other_transaction_and_leave_no_session_in_theirs() {
    let (_directory, config) = sqlite_config();
    for mut config in [config, postgres_config().await] {
        config.acquire_timeout = Duration::from_secs(30);
        config.idle_in_transaction_timeout = Duration::from_hours(1);
        let db = open(&config).await;
        let mut storm = JoinSet::new();
        for n in 1..=3 {
            storm.spawn(cancel_begins(db.clone()));
            storm.spawn(insert_many(db.clone(), n * 1_000));
        }
        storm.join_all().await;
        if db.engine() == Engine::Postgres {
            let sessions_end = no_session_idles_in_a_transaction(&config);
            timeout(Duration::from_secs(30), sessions_end).await.unwrap();
        }
        assert_eq!(n_things(&db).await, 3 * N_INSERTS.cast_signed());
    }
}

/// Waits until that is so, watching from outside.
async fn no_session_idles_in_a_transaction(config: &Config) {
    let observer = Db::open(config).await.unwrap();
    let idle = "SELECT COUNT(*) FROM pg_stat_activity
        WHERE state LIKE 'idle in transaction%' AND datname = current_database()";
    let mut n_idle = 1;
    while n_idle > 0 {
        let mut tx = observer.snapshot().await.unwrap();
        n_idle = store::scalar!(&mut tx, "look at the sessions", i64, idle).unwrap();
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn sessions_that_the_server_has_ended_are_replaced_unseen() {
    let db = on_postgres().await;
    let (one, two) = (db.begin().await.unwrap(), db.begin().await.unwrap());
    one.rollback().await.unwrap();
    two.rollback().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let end_others = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND datname = current_database()";
    assert!(store::scalar!(&mut tx, "end the others", i64, end_others).unwrap() >= 1);
    for number in 1..=3 {
        insert(&db, number).await.unwrap();
    }
    let end_self =
        store::scalar!(&mut tx, "end itself", bool, "SELECT pg_terminate_backend(pg_backend_pid())");
    assert!(matches!(end_self, Err(Error::Unavailable { .. })), "{end_self:?}");
    assert_eq!(n_things(&db).await, 3);
}

#[tokio::test]
async fn a_write_that_waits_too_long_for_a_row_may_be_retried() {
    let mut config = postgres_config().await;
    config.lock_timeout = Duration::from_millis(20);
    let db = open(&config).await;
    insert(&db, 1).await.unwrap();
    let mut first = db.begin().await.unwrap();
    let sql = "UPDATE thing SET name = 'x'";
    store::execute!(&mut first, "rename", sql).unwrap();
    let mut second = db.begin().await.unwrap();
    let error = store::execute!(&mut second, "rename", sql).unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn a_server_that_may_lose_acknowledged_writes_is_refused_by_the_settings_name() {
    let server = PrivatePostgres::start().unwrap();
    assert!(server.is_private());
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        server.execute(&format!("ALTER SYSTEM SET {setting} = off")).await.unwrap();
        server.execute("SELECT pg_reload_conf()").await.unwrap();
        // The server takes a moment to read its settings again.
        let found = loop {
            match Db::open(&Config::new(server.url())).await {
                Ok(db) => db.close().await,
                Err(Error::NotDurable { setting, .. }) => break setting,
                Err(error) => panic!("{error:?}"),
            }
        };
        assert_eq!(found, setting);
        server.execute(&format!("ALTER SYSTEM RESET {setting}")).await.unwrap();
        server.execute("SELECT pg_reload_conf()").await.unwrap();
        while let Err(error) = Db::open(&Config::new(server.url())).await {
            assert!(matches!(error, Error::NotDurable { .. }), "{error:?}");
        }
    }

    server.execute("CREATE ROLE careless LOGIN").await.unwrap();
    server.execute("ALTER ROLE careless SET synchronous_commit = off").await.unwrap();
    let config = Config::new(server.url().replace("postgres@", "careless@"));
    let error = Db::open(&config).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "PostgreSQL's setting synchronous_commit is off; it must be on, local, remote_write or remote_apply"
    );
}

#[tokio::test]
async fn a_database_that_is_not_there_is_unavailable() {
    let config = Config::new("postgres://nobody@%2Fnowhere/none");
    assert!(matches!(Db::open(&config).await, Err(Error::Unavailable { .. })));
}
