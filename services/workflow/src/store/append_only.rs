//! Triggers that refuse every change of what has happened: the one place where the engines differ.
//!
//! They keep the service and its tools from it. Whoever owns the database can take them away; the hashes, and the heads
//! that are kept outside, show what was done then.

use store::{Db, Engine, Error, Tx};

const DOING: &str = "guard what happened against changes";

/// The tables that only ever grow.
const TABLES: &[&str] = &[
    "issue_event",
    "trail_log",
    "trail_node",
    "trail_head",
    "note_erasure",
    "policy_pack",
    "working_calendar",
    "activation",
    "activation_step",
];

/// Makes the triggers, where they are missing.
pub(crate) async fn guard(db: &Db) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    for table in TABLES.iter().copied() {
        if !is_guarded(&mut tx, table).await? {
            match db.engine() {
                Engine::Sqlite => guard_sqlite(&mut tx, table).await?,
                Engine::Postgres => guard_postgres(&mut tx, table).await?,
            }
        }
    }
    tx.commit().await
}

async fn is_guarded(tx: &mut Tx, table: &str) -> Result<bool, Error> {
    let sql = match tx.engine() {
        Engine::Sqlite => {
            "SELECT COUNT(*) = 2 FROM sqlite_master
            WHERE type = 'trigger' AND name IN (CAST($1 AS TEXT) || '_no_update', CAST($1 AS TEXT) || '_no_delete')"
        }
        Engine::Postgres => {
            "SELECT EXISTS (
                SELECT 1 FROM pg_trigger AS t
                JOIN pg_class AS c ON c.oid = t.tgrelid
                JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE n.nspname = current_schema() AND t.tgname = CAST($1 AS TEXT) || '_append_only'
            )"
        }
    };
    store::scalar!(tx, DOING, bool, sql, table)
}

async fn guard_sqlite(tx: &mut Tx, table: &str) -> Result<(), Error> {
    for (name, verb) in [("update", "UPDATE"), ("delete", "DELETE")] {
        let sql = format!(
            "CREATE TRIGGER IF NOT EXISTS {table}_no_{name} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        );
        store::execute!(tx, DOING, sql)?;
    }
    Ok(())
}

async fn guard_postgres(tx: &mut Tx, table: &str) -> Result<(), Error> {
    // Another replica may be starting, too.
    store::execute!(tx, DOING, format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))?;
    store::execute!(
        tx,
        DOING,
        "CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )?;
    store::execute!(
        tx,
        DOING,
        format!(
            "CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change()"
        )
    )?;
    Ok(())
}
