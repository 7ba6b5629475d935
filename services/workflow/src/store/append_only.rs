//! Triggers that refuse every change of what has happened: the one place where the engines differ.

use store::{Db, Engine, Error, Tx};

const DOING: &str = "guard the events against changes";

/// Makes the triggers, where they are missing.
pub(crate) async fn guard(db: &Db) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    if !is_guarded(&mut tx).await? {
        match db.engine() {
            Engine::Sqlite => guard_sqlite(&mut tx).await?,
            Engine::Postgres => guard_postgres(&mut tx).await?,
        }
    }
    tx.commit().await
}

async fn is_guarded(tx: &mut Tx) -> Result<bool, Error> {
    let sql = match tx.engine() {
        Engine::Sqlite => {
            "SELECT COUNT(*) = 2 FROM sqlite_master
            WHERE type = 'trigger' AND name IN ('issue_event_no_update', 'issue_event_no_delete')"
        }
        Engine::Postgres => {
            "SELECT EXISTS (
                SELECT 1 FROM pg_trigger AS t
                JOIN pg_class AS c ON c.oid = t.tgrelid
                JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE n.nspname = current_schema() AND t.tgname = 'issue_event_append_only'
            )"
        }
    };
    store::scalar!(tx, DOING, bool, sql)
}

async fn guard_sqlite(tx: &mut Tx) -> Result<(), Error> {
    for (name, verb) in [("update", "UPDATE"), ("delete", "DELETE")] {
        let sql = format!(
            "CREATE TRIGGER IF NOT EXISTS issue_event_no_{name} BEFORE {verb} ON issue_event
            BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
        );
        store::execute!(tx, DOING, sql)?;
    }
    Ok(())
}

async fn guard_postgres(tx: &mut Tx) -> Result<(), Error> {
    // Another replica may be starting, too.
    store::execute!(tx, DOING, "LOCK TABLE issue_event IN SHARE ROW EXCLUSIVE MODE")?;
    store::execute!(
        tx,
        DOING,
        "CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$"
    )?;
    store::execute!(
        tx,
        DOING,
        "CREATE OR REPLACE TRIGGER issue_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON issue_event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change()"
    )?;
    Ok(())
}
