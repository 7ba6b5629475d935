//! Triggers that refuse every change of what has happened: the one place where the engines differ in this.
//!
//! They keep a service and its tools from it. Whoever owns the database can take them away.

use std::collections::HashSet;

use crate::{Db, Engine, Error, Tx};

const DOING: &str = "guard what happened against changes";

/// Makes tables of the service ones that only grow. Where a trigger is missing it is made anew.
pub async fn guard(db: &Db, tables: &[&'static str]) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    guard_in(&mut tx, tables).await?;
    tx.commit().await
}

pub(crate) async fn guard_in(tx: &mut Tx, tables: &[&'static str]) -> Result<(), Error> {
    let guarded = guarded(tx).await?;
    for table in tables.iter().filter(|table| !guarded.contains(**table)) {
        match tx.engine() {
            Engine::Sqlite => guard_sqlite(tx, table).await?,
            Engine::Postgres => guard_postgres(tx, table).await?,
        }
    }
    Ok(())
}

/// The tables that have all their triggers.
async fn guarded(tx: &mut Tx) -> Result<HashSet<String>, Error> {
    let sql = match tx.engine() {
        Engine::Sqlite => {
            "SELECT tbl_name FROM sqlite_master
            WHERE type = 'trigger' AND name IN (tbl_name || '_no_update', tbl_name || '_no_delete')
            GROUP BY tbl_name
            HAVING COUNT(*) = 2"
        }
        Engine::Postgres => {
            "SELECT CAST(c.relname AS TEXT) FROM pg_trigger AS t
            JOIN pg_class AS c ON c.oid = t.tgrelid
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND t.tgname = c.relname || '_append_only'"
        }
    };
    let tables = crate::rows!(tx, DOING, (String,), sql)?;
    Ok(tables.into_iter().map(|(table,)| table).collect())
}

async fn guard_sqlite(tx: &mut Tx, table: &str) -> Result<(), Error> {
    for (name, verb) in [("update", "UPDATE"), ("delete", "DELETE")] {
        let sql = format!(
            "CREATE TRIGGER IF NOT EXISTS {table}_no_{name} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        );
        crate::execute!(tx, DOING, sql)?;
    }
    Ok(())
}

async fn guard_postgres(tx: &mut Tx, table: &str) -> Result<(), Error> {
    // Another replica may be starting, too.
    crate::execute!(tx, DOING, format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))?;
    crate::execute!(
        tx,
        DOING,
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )?;
    crate::execute!(
        tx,
        DOING,
        format!(
            "CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    )?;
    Ok(())
}
