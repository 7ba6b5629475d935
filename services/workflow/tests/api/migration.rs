//! What earlier builds have left is there after the migration.

use qinqing_workflow::MIGRATIONS;
use store::{Config, Db, Migrator};
use testkit::postgres::PrivatePostgres;
use uuid::Uuid;

/// The migrations up to this version.
fn until(version: i64) -> Migrator {
    let earlier = MIGRATIONS.migrations.iter().filter(|migration| migration.version <= version);
    Migrator::with_migrations(earlier.cloned().collect())
}

async fn on_both(test: impl AsyncFn(&Db)) {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = Config::new(format!("sqlite:{}/workflow.db", directory.path().display()));
    let url = PrivatePostgres::shared().fresh_database().await.unwrap();
    for config in [sqlite, Config::new(url).in_schema("workflow")] {
        let db = Db::open(&config).await.unwrap();
        test(&db).await;
        db.close().await;
    }
}

/// Two events of an issue, both in the log, and one text that was erased: as a build before the log was over all chains
/// left them.
async fn fill(db: &Db, issue: Uuid, note: Uuid) {
    let mut tx = db.begin().await.unwrap();
    let sql = "INSERT INTO issue (issue_id, number, enterprise_id, category, title, division_code, state, holder,
            unconfirmed, submitted_at, updated_at, description_id, version, link, fold)
        VALUES ($1, '2026-1', $1, 'other', '', '330482', 'SUBMITTED', 'NOBODY', FALSE, '2026-03-02T01:00:00+00:00',
            '2026-03-02T01:00:00+00:00', $1, 2, $2, '{}')";
    store::execute!(&mut tx, "fill", sql, issue, &[1_u8][..]).unwrap();
    for seq in 1_i64..=2 {
        let sql = "INSERT INTO issue_event (issue_id, seq, event_id, kind, at, actor, client, payload, state, etag, prev,
                link)
            VALUES ($1, $2, $3, 'submitted', '2026-03-02T01:00:00+00:00', 'account:1', 'test', '{}', 'SUBMITTED', 1,
                $4, $4)";
        let event = Uuid::from_u128(100 + u128::try_from(seq).unwrap());
        store::execute!(&mut tx, "fill", sql, issue, seq, event, &[1_u8][..]).unwrap();
        let sql = "INSERT INTO trail_log (log_index, issue_id, seq) VALUES ($1, $2, $3)";
        store::execute!(&mut tx, "fill", sql, 2 - seq, issue, seq).unwrap();
    }
    let sql = "INSERT INTO note (note_id, issue_id, seq, field) VALUES ($1, $2, 1, 'DESCRIPTION')";
    store::execute!(&mut tx, "fill", sql, note, issue).unwrap();
    let sql =
        "INSERT INTO note_erasure (note_id, issue_id, seq, digest, basis, reference, erased_by, erased_at)
        VALUES ($1, $2, 1, $3, 'OTHER_LAW', 'file 1', 'account:1', '2026-03-02T01:00:00+00:00')";
    store::execute!(&mut tx, "fill", sql, note, issue, &[1_u8][..]).unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_the_issues_keeps_its_places_when_it_becomes_that_of_all_chains() {
    on_both(async |db| {
        let (issue, note) = (Uuid::from_u128(1), Uuid::from_u128(2));
        db.migrate(&until(12)).await.unwrap();
        fill(db, issue, note).await;
        db.migrate(&MIGRATIONS).await.unwrap();
        let mut tx = db.snapshot().await.unwrap();
        let sql = "SELECT log_index, subject, subject_id, seq FROM trail_log ORDER BY log_index";
        let log = store::rows!(&mut tx, "read the log", (i64, String, Uuid, i64), sql).unwrap();
        assert_eq!(log, [(0, "issue".to_owned(), issue, 2), (1, "issue".to_owned(), issue, 1)]);
        let sql = "SELECT note_id, subject, subject_id, reference FROM note_erasure";
        let erased = store::rows!(&mut tx, "read", (Uuid, String, Uuid, String), sql).unwrap();
        assert_eq!(erased, [(note, "issue".to_owned(), issue, "file 1".to_owned())]);
        tx.commit().await.unwrap();
    })
    .await;
}
