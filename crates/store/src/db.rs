//! A service's database.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use sqlx::{
    Connection as _, PgPool, Postgres, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, sleep, timeout},
};

use crate::{
    Config, Error, Tx,
    batch::Templates,
    config::Target,
    error::is_connection_lost,
    session::{Session, Unsettled, Writer},
};

/// How long [`Db::probe_write`] waits.
const PROBE_BUDGET: Duration = Duration::from_secs(1);
/// How long SQLite waits for a lock of another process; [`Db::begin`] gives up earlier.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The kind of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// What has been sent to a database since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Statements inside transactions, without BEGIN, COMMIT and ROLLBACK.
    pub statements: u64,
    pub transactions: u64,
}

/// A service's database, open. Cheap to clone.
#[derive(Clone)]
pub struct Db(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pools: Pools,
    acquire_timeout: Duration,
    pub(crate) n_statements: AtomicU64,
    n_transactions: AtomicU64,
    outbox: watch::Sender<u64>,
    pub(crate) templates: Templates,
    #[cfg(feature = "failpoints")]
    pub(crate) failpoints: crate::Failpoints,
}

enum Pools {
    Sqlite { writer: Arc<Mutex<Writer>>, readers: SqlitePool },
    Postgres { pool: PgPool, schema: String },
}

impl Db {
    /// Opens a database; a SQLite file is made when it is missing. A PostgreSQL that may lose acknowledged writes,
    /// or is older than 15, is refused.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        let pools = match config.target()? {
            Target::Sqlite(path) => {
                let doing = "open the database file";
                if let Some(directory) = path.parent() {
                    std::fs::create_dir_all(directory)
                        .map_err(|error| Error::Unavailable { doing, source: error.into() })?;
                }
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .busy_timeout(BUSY_TIMEOUT)
                    .foreign_keys(true)
                    .statement_cache_capacity(500)
                    .synchronous(SqliteSynchronous::Full);
                let for_writing =
                    options.clone().create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
                let connection =
                    connect_writer(&for_writing).await.map_err(|error| Error::new(doing, error))?;
                let writer = Writer::new(Arc::new(for_writing), connection);
                let readers = SqlitePoolOptions::new()
                    .max_connections(config.max_connections)
                    .acquire_timeout(config.acquire_timeout)
                    .test_before_acquire(false)
                    .connect_lazy_with(options.pragma("query_only", "ON"));
                Pools::Sqlite { writer: Arc::new(Mutex::new(writer)), readers }
            }
            Target::Postgres { options, schema } => {
                let pool = connect_postgres(config, *options).await?;
                Pools::Postgres { pool, schema }
            }
        };
        Ok(Self(Arc::new(Shared {
            pools,
            acquire_timeout: config.acquire_timeout,
            n_statements: AtomicU64::new(0),
            n_transactions: AtomicU64::new(0),
            outbox: watch::Sender::new(0),
            templates: Templates::default(),
            #[cfg(feature = "failpoints")]
            failpoints: crate::Failpoints::default(),
        })))
    }

    pub fn engine(&self) -> Engine {
        match self.0.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres { .. } => Engine::Postgres,
        }
    }

    /// The service's schema; SQLite has none.
    pub(crate) fn schema(&self) -> Option<&str> {
        match &self.0.pools {
            Pools::Sqlite { .. } => None,
            Pools::Postgres { schema, .. } => Some(schema),
        }
    }

    /// Begins a writing transaction: the only one of its process on SQLite, READ COMMITTED on PostgreSQL.
    /// Dropped uncommitted it is undone.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let begin = async {
            match &self.0.pools {
                Pools::Sqlite { writer, .. } => begin_sqlite(writer).await,
                Pools::Postgres { pool, .. } => {
                    begin_postgres(pool, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await
                }
            }
        };
        self.start("begin a transaction", begin).await
    }

    /// Begins a reading transaction, in which all statements see the same state.
    pub async fn snapshot(&self) -> Result<Tx, Error> {
        let begin = async {
            match &self.0.pools {
                Pools::Sqlite { readers, .. } => {
                    Unsettled::new(Session::Reader(readers.acquire().await?)).settle("BEGIN").await
                }
                Pools::Postgres { pool, .. } => {
                    begin_postgres(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
                }
            }
        };
        self.start("begin a snapshot", begin).await
    }

    async fn start(
        &self,
        doing: &'static str,
        begin: impl Future<Output = Result<Session, sqlx::Error>>,
    ) -> Result<Tx, Error> {
        let answer =
            timeout(self.0.acquire_timeout, Box::pin(begin)).await.map_err(|_| Error::timed_out(doing))?;
        let session = answer.map_err(|error| Error::new(doing, error))?;
        self.0.n_transactions.fetch_add(1, Relaxed);
        Ok(Tx::new(session, Arc::clone(&self.0)))
    }

    /// Shows that the database takes writes: writes a row and takes it back. Fails after a second without answer.
    pub async fn probe_write(&self) -> Result<(), Error> {
        let doing = "write a probe";
        let write = async {
            let mut tx = self.begin().await?;
            crate::execute!(&mut tx, doing, "INSERT INTO write_probe (probe) VALUES ($1)", 1_i64)?;
            tx.rollback().await
        };
        timeout(PROBE_BUDGET, write).await.map_err(|_| Error::timed_out(doing))?
    }

    /// What has been sent so far, by all the clones.
    pub fn counters(&self) -> Counters {
        Counters {
            statements: self.0.n_statements.load(Relaxed),
            transactions: self.0.n_transactions.load(Relaxed),
        }
    }

    /// What goes wrong at this database's commits.
    #[cfg(feature = "failpoints")]
    pub fn failpoints(&self) -> &crate::Failpoints {
        &self.0.failpoints
    }

    /// Changes after each commit of this process that wrote to the outbox. What other replicas write does not show.
    pub fn outbox_written(&self) -> watch::Receiver<u64> {
        self.0.outbox.subscribe()
    }

    /// Waits for the transactions that are open, and closes all connections.
    pub async fn close(&self) {
        match &self.0.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                if let Err(error) = writer.lock().await.close().await {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "could not close the database file"
                    );
                }
            }
            Pools::Postgres { pool, .. } => pool.close().await,
        }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db")
            .field("engine", &self.engine())
            .field("schema", &self.schema())
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn wake_outbox_readers(&self) {
        self.outbox.send_modify(|n_commits| *n_commits += 1);
    }
}

/// Switching a file to WAL does not wait for another process that is just doing the same: this does.
async fn connect_writer(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let give_up_at = Instant::now() + BUSY_TIMEOUT;
    loop {
        match SqliteConnection::connect_with(options).await {
            Err(error) if Error::is_busy(&error) && Instant::now() < give_up_at => {
                sleep(Duration::from_millis(20)).await;
            }
            answer => return answer,
        }
    }
}

async fn connect_postgres(config: &Config, options: PgConnectOptions) -> Result<PgPool, Error> {
    let doing = "connect to PostgreSQL";
    let pool = PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(config.acquire_timeout)
        // BEGIN shows that a session lives, without a round trip of its own.
        .test_before_acquire(false)
        .connect_lazy_with(options);
    let mut session = acquire(&pool).await.map_err(|error| Error::new(doing, error))?;
    crate::durability::check(&mut session).await?;
    Ok(pool)
}

async fn begin_sqlite(writer: &Arc<Mutex<Writer>>) -> Result<Session, sqlx::Error> {
    let mut writer = Arc::clone(writer).lock_owned().await;
    writer.renew().await?;
    Unsettled::new(Session::Writer(writer)).settle("BEGIN IMMEDIATE").await
}

/// Sessions that died while they idled, as all do when the server restarts, are passed over.
async fn begin_postgres(pool: &PgPool, begin: &'static str) -> Result<Session, sqlx::Error> {
    let mut n_tries = pool.options().get_max_connections() + 1;
    loop {
        let session = Session::Postgres(acquire(pool).await?);
        match Unsettled::new(session).settle(begin).await {
            Err(error) if n_tries > 0 && is_connection_lost(&error) => n_tries -= 1,
            answer => return answer,
        }
    }
}

/// A server whose queue of new connections is full answers EAGAIN on a Unix socket, where a TCP port would let wait.
async fn acquire(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    let give_up_at = Instant::now() + pool.options().get_acquire_timeout();
    loop {
        match pool.acquire().await {
            Err(sqlx::Error::Io(error))
                if error.kind() == ErrorKind::WouldBlock && Instant::now() < give_up_at =>
            {
                sleep(Duration::from_millis(10)).await;
            }
            answer => return answer,
        }
    }
}
