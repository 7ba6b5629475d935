//! Brings a database to the present shape: the tables of this crate first, then those of the service.

use sqlx::{Executor as _, SqlStr, migrate::Migrator};

use crate::{Db, Engine, Error, Tx, access_events, append_only, tx::Connection};

static COMMON: Migrator = sqlx::migrate!("./migrations/common");
static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");

const DOING: &str = "migrate the database";

/// What keeps migrations of one schema apart from other users of advisory locks.
const LOCK_SPACE: i64 = 0x7169_6e71;

#[derive(sqlx::FromRow)]
struct Applied {
    version: i64,
    checksum: Vec<u8>,
}

impl Db {
    /// Applies what has not been applied yet, all in one transaction; several processes may do so at once.
    /// Versions that this build does not know are left alone: a newer build has applied them. On PostgreSQL the
    /// service's schema is made when it is missing.
    pub async fn migrate(&self, migrations: &Migrator) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        if let Some(schema) = self.schema() {
            prepare_postgres(&mut tx, schema).await?;
        }
        crate::execute!(
            &mut tx,
            DOING,
            "CREATE TABLE IF NOT EXISTS migration (
                owner TEXT NOT NULL,
                version BIGINT NOT NULL,
                name TEXT NOT NULL,
                checksum BYTEA NOT NULL,
                CONSTRAINT migration_pkey PRIMARY KEY (owner, version)
            )"
        )?;
        apply(&mut tx, "store", &COMMON).await?;
        match self.engine() {
            Engine::Sqlite => apply(&mut tx, "store.sqlite", &SQLITE).await?,
            Engine::Postgres => apply(&mut tx, "store.postgres", &POSTGRES).await?,
        }
        append_only::guard_in(&mut tx, &[access_events::TABLE]).await?;
        apply(&mut tx, "service", migrations).await?;
        tx.commit().await
    }
}

async fn prepare_postgres(tx: &mut Tx, schema: &str) -> Result<(), Error> {
    // Another process may be migrating, and some changes take their time.
    for setting in ["lock_timeout", "statement_timeout"] {
        let sql = "SELECT set_config($1, $2, TRUE)";
        crate::row!(tx, DOING, (String,), sql, setting, "300s")?;
    }
    let sql = "SELECT 1 FROM pg_advisory_xact_lock(CAST($1 AS INTEGER), hashtext($2))";
    crate::execute!(tx, DOING, sql, LOCK_SPACE, schema)?;
    let sql = "SELECT COUNT(*) FROM pg_namespace WHERE nspname = $1";
    if crate::scalar!(tx, DOING, i64, sql, schema)? == 0 {
        // The name was checked when the configuration was read.
        crate::execute!(tx, DOING, format!("CREATE SCHEMA \"{schema}\""))?;
    }
    Ok(())
}

async fn apply(tx: &mut Tx, owner: &'static str, migrations: &Migrator) -> Result<(), Error> {
    let sql = "SELECT version, checksum FROM migration WHERE owner = $1";
    let applied = crate::rows!(tx, DOING, Applied, sql, owner)?;
    for migration in migrations.iter().filter(|migration| !migration.migration_type.is_down_migration()) {
        let version = migration.version;
        match applied.iter().find(|applied| applied.version == version) {
            Some(applied) if *applied.checksum != *migration.checksum => {
                return Err(Error::MigrationChanged { owner, version });
            }
            Some(_) => {}
            None => {
                run_script(tx, migration.sql.clone()).await?;
                crate::execute!(
                    tx,
                    DOING,
                    "INSERT INTO migration (owner, version, name, checksum) VALUES ($1, $2, $3, $4)",
                    owner,
                    version,
                    &*migration.description,
                    &*migration.checksum
                )?;
            }
        }
    }
    Ok(())
}

/// Runs a text of several statements.
async fn run_script(tx: &mut Tx, sql: SqlStr) -> Result<(), Error> {
    let script = sqlx::raw_sql(sql);
    let answer = match tx.begin_statement(DOING)? {
        Connection::Sqlite(connection) => connection.execute(script).await.map(drop),
        Connection::Postgres(connection) => connection.execute(script).await.map(drop),
    };
    tx.end_statement(DOING, answer).await
}
