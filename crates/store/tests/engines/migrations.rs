use sqlx::migrate::Migration;
use store::{Config, Db, Error, Migrator};

use crate::{MIGRATIONS, postgres_config, sqlite_config};

async fn start_five_times_at_once(config: &Config) {
    let starts: Vec<_> = (0..5)
        .map(|_| {
            let config = config.clone();
            tokio::spawn(async move {
                let db = Db::open(&config).await?;
                db.migrate(&MIGRATIONS).await?;
                db.close().await;
                Ok::<_, Error>(())
            })
        })
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    let db = Db::open(config).await.unwrap();
    let mut tx = db.snapshot().await.unwrap();
    let applied = "SELECT COUNT(*) FROM migration WHERE owner = 'service'";
    assert_eq!(store::scalar!(&mut tx, "count", i64, applied).unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_migrate_once() {
    let (_directory, config) = sqlite_config();
    start_five_times_at_once(&config).await;
    start_five_times_at_once(&postgres_config().await).await;
}

#[tokio::test]
async fn a_changed_migration_is_refused_and_one_of_a_newer_build_is_left_alone() {
    let (_directory, config) = sqlite_config();
    for config in [config, postgres_config().await] {
        let db = Db::open(&config).await.unwrap();
        db.migrate(&MIGRATIONS).await.unwrap();

        let older: Vec<Migration> = MIGRATIONS.iter().take(1).cloned().collect();
        db.migrate(&Migrator::with_migrations(older)).await.unwrap();

        let mut changed: Vec<Migration> = MIGRATIONS.iter().cloned().collect();
        changed[1].checksum = vec![0].into();
        let error = db.migrate(&Migrator::with_migrations(changed)).await.unwrap_err();
        assert!(matches!(error, Error::MigrationChanged { owner: "service", version: 2 }), "{error:?}");
    }
}

#[tokio::test]
async fn services_of_one_database_do_not_see_each_others_tables() {
    let config = postgres_config().await;
    let things = crate::open(&config).await;
    let other = Db::open(&config.in_schema("other")).await.unwrap();
    other.migrate(&Migrator::DEFAULT).await.unwrap();
    let mut tx = other.snapshot().await.unwrap();
    assert!(store::rows!(&mut tx, "peek", (i64,), "SELECT number FROM thing").is_err());
    assert_eq!(crate::n_things(&things).await, 0);
}
