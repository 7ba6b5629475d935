//! What the store promises, on both engines.

#![cfg(test)]

// As its dependents call it.
extern crate qinqing_store as store;

mod access_log;
mod batch;
mod constraints;
mod ground;
mod kinds;
mod migrations;
mod outbox;
#[path = "../../../testkit/src/postgres.rs"]
mod postgres;
mod search;
mod transactions;

use kernel::{FixedIds, IdGen as _, Timestamp};
use postgres::PrivatePostgres;
use store::{Config, Db, Migrator};
use tempfile::TempDir;
use uuid::Uuid;

static MIGRATIONS: Migrator = store::migrations!("./tests/engines/migrations");

/// An empty SQLite database; its file goes with the directory.
fn sqlite_config() -> (TempDir, Config) {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::new(format!("sqlite:{}/data/test.db", directory.path().display()));
    (directory, config)
}

/// An empty PostgreSQL database.
async fn postgres_config() -> Config {
    let url = PrivatePostgres::shared().fresh_database().await.unwrap();
    Config::new(url).in_schema("things")
}

async fn open(config: &Config) -> Db {
    let db = Db::open(config).await.unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    db
}

async fn on_postgres() -> Db {
    open(&postgres_config().await).await
}

/// Runs a test on SQLite, then on PostgreSQL.
async fn on_both(test: impl AsyncFn(&Db)) {
    let (_directory, config) = sqlite_config();
    for config in [config, postgres_config().await] {
        let db = open(&config).await;
        test(&db).await;
        db.close().await;
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_772_000_000 + seconds, 123_456_000).unwrap()
}

fn id(number: u64) -> Uuid {
    FixedIds::starting_at(number).uuid(at(0))
}

const INSERT_THING: &str = "INSERT INTO thing (thing_id, number, year, name) VALUES ($1, $2, $3, $4)";

async fn n_things(db: &Db) -> i64 {
    let mut tx = db.snapshot().await.unwrap();
    store::scalar!(&mut tx, "count the things", i64, "SELECT COUNT(*) FROM thing").unwrap()
}
