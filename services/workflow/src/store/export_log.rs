//! Who took which issues out of the system, when: written before the first byte of an export is handed out.

use kernel::{Origin, Timestamp};
use store::{Batch, Db, Engine, Error, Tx, binds};
use uuid::Uuid;

use super::addresses;

/// An export, as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Exported {
    pub export_id: Uuid,
    pub principal: String,
    pub client: Origin,
    pub at: Timestamp,
    pub format: &'static str,
    pub filter_digest: Vec<u8>,
    pub row_count: i64,
    pub file_digest: Vec<u8>,
}

pub(crate) fn append(batch: &mut Batch, exported: Exported) {
    let Exported { export_id, principal, client, at, format, filter_digest, row_count, file_digest } =
        exported;
    batch.add_one(
        "keep a record of the export",
        "INSERT INTO export_log (export_id, principal, client, exported_at, format, filter_digest, row_count,
            file_digest)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        binds![
            export_id,
            principal,
            client.program.as_ref(),
            at,
            format,
            filter_digest,
            row_count,
            file_digest
        ],
    );
    addresses::insert(batch, export_id, &client);
}

const DOING: &str = "guard the log of exports against changes";

/// Makes the triggers that refuse every change of the log, where they are missing.
pub(crate) async fn guard(db: &Db) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    match tx.engine() {
        Engine::Sqlite => guard_sqlite(&mut tx).await?,
        Engine::Postgres => guard_postgres(&mut tx).await?,
    }
    tx.commit().await
}

async fn guard_sqlite(tx: &mut Tx) -> Result<(), Error> {
    for (name, verb) in [("update", "UPDATE"), ("delete", "DELETE")] {
        let sql = format!(
            "CREATE TRIGGER IF NOT EXISTS export_log_no_{name} BEFORE {verb} ON export_log
            BEGIN SELECT RAISE(ABORT, 'the log of exports is append-only'); END"
        );
        store::execute!(tx, DOING, sql)?;
    }
    Ok(())
}

async fn guard_postgres(tx: &mut Tx) -> Result<(), Error> {
    let is_guarded = store::scalar!(
        tx,
        DOING,
        bool,
        "SELECT EXISTS (
            SELECT 1 FROM pg_trigger AS t
            JOIN pg_class AS c ON c.oid = t.tgrelid
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND t.tgname = 'export_log_append_only'
        )"
    )?;
    if is_guarded {
        return Ok(());
    }
    // Another replica may be starting, too.
    store::execute!(tx, DOING, "LOCK TABLE export_log IN SHARE ROW EXCLUSIVE MODE")?;
    store::execute!(
        tx,
        DOING,
        "CREATE OR REPLACE FUNCTION refuse_export_log_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the log of exports is append-only'; END $$"
    )?;
    store::execute!(
        tx,
        DOING,
        "CREATE OR REPLACE TRIGGER export_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON export_log
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_export_log_change()"
    )?;
    Ok(())
}
