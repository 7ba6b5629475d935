//! Triggers that refuse every change of what the ledger has written: the one place where the engines differ.

use store::{Db, Engine, Error, Tx};

const DOING: &str = "guard the ledger against changes";

/// Tables whose rows are written once.
const TABLES: [&str; 5] = ["rule_set", "source_event", "entry", "posting", "leg"];

/// Makes the triggers, where they are missing.
pub(crate) async fn guard(db: &Db) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    if n_missing(&mut tx).await? != 0 {
        match db.engine() {
            Engine::Sqlite => guard_sqlite(&mut tx).await?,
            Engine::Postgres => guard_postgres(&mut tx).await?,
        }
    }
    tx.commit().await
}

async fn n_missing(tx: &mut Tx) -> Result<i64, Error> {
    let n_wanted = i64::try_from(TABLES.len()).unwrap_or(i64::MAX);
    let sql = match tx.engine() {
        Engine::Sqlite => {
            "SELECT COUNT(*) FROM (
                SELECT tbl_name FROM sqlite_master
                WHERE type = 'trigger' AND name IN (tbl_name || '_no_update', tbl_name || '_no_delete')
                GROUP BY tbl_name
                HAVING COUNT(*) = 2
             ) AS guarded"
        }
        Engine::Postgres => {
            "SELECT COUNT(*) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
             JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE n.nspname = current_schema() AND t.tgname = c.relname || '_append_only'"
        }
    };
    let n_found = store::scalar!(tx, DOING, i64, sql)?;
    Ok(n_wanted - n_found)
}

async fn guard_sqlite(tx: &mut Tx) -> Result<(), Error> {
    for table in TABLES {
        for (name, verb) in [("update", "UPDATE"), ("delete", "DELETE")] {
            let sql = format!(
                "CREATE TRIGGER IF NOT EXISTS {table}_no_{name} BEFORE {verb} ON {table}
                 BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            );
            store::execute!(tx, DOING, sql)?;
        }
    }
    Ok(())
}

async fn guard_postgres(tx: &mut Tx) -> Result<(), Error> {
    // Another replica may be starting, too.
    store::execute!(tx, DOING, "LOCK TABLE rule_set IN SHARE ROW EXCLUSIVE MODE")?;
    let function = "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$";
    store::execute!(tx, DOING, function)?;
    for table in TABLES {
        let sql = format!(
            "CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
             FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        );
        store::execute!(tx, DOING, sql)?;
    }
    Ok(())
}
