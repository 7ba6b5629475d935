//! Transactions, and the functions behind the macros.

use std::{
    borrow::Cow,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use sqlx::{AssertSqlSafe, FromRow, PgConnection, SqliteConnection, postgres::PgRow, sqlite::SqliteRow};
use tokio::runtime::Handle;

#[cfg(feature = "failpoints")]
use crate::Fault;
use crate::{
    Bind, Engine, Error, bind, constraint,
    db::Shared,
    session::{Session, Unsettled},
};

/// What a row is read into, from either engine: a tuple, or a struct that derives `sqlx::FromRow`.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A transaction. Dropped, it is undone. After a statement that failed it can only be undone, on either engine.
pub struct Tx {
    /// `None` once it has ended.
    session: Option<Session>,
    shared: Arc<Shared>,
    n_statements: u32,
    /// Set while a statement runs, so that it stays set when the statement fails or is cancelled.
    failed: bool,
    wrote_outbox: bool,
}

pub(crate) enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Tx {
    pub(crate) fn new(session: Session, shared: Arc<Shared>) -> Self {
        Self { session: Some(session), shared, n_statements: 0, failed: false, wrote_outbox: false }
    }

    pub fn engine(&self) -> Engine {
        match self.session {
            Some(Session::Postgres(_)) => Engine::Postgres,
            _ => Engine::Sqlite,
        }
    }

    /// Statements sent in this transaction, without BEGIN.
    pub fn n_statements(&self) -> u32 {
        self.n_statements
    }

    /// What ends a `SELECT` that locks its rows until the transaction ends. SQLite has no row locks, and needs
    /// none: its writing transactions run one after the other.
    pub fn for_update(&self) -> &'static str {
        match self.engine() {
            Engine::Sqlite => "",
            Engine::Postgres => " FOR UPDATE",
        }
    }

    /// The same, passing over rows that another transaction holds: for claiming work.
    pub fn for_update_skip_locked(&self) -> &'static str {
        match self.engine() {
            Engine::Sqlite => "",
            Engine::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Makes the transaction's writes last. When this fails with [`Error::Unavailable`] the outcome is unknown.
    #[cfg(not(feature = "failpoints"))]
    pub async fn commit(self) -> Result<(), Error> {
        self.end().await
    }

    /// The same, and whatever the test has planned for this place in the source happens.
    ///
    /// # Panics
    /// Where the plan says so.
    #[cfg(feature = "failpoints")]
    #[track_caller]
    #[expect(clippy::panic, reason = "that is what is asked for")]
    pub fn commit(self) -> impl Future<Output = Result<(), Error>> + Send {
        let place = std::panic::Location::caller();
        async move {
            let gone = || Error::Unavailable { doing: "commit", source: sqlx::Error::WorkerCrashed };
            let planned = self.shared.failpoints.at(place);
            match planned {
                Some(Fault::ErrorBefore) => {
                    self.rollback().await?;
                    Err(gone())
                }
                Some(Fault::PanicBefore) => panic!("planned, before the commit at {place}"),
                Some(Fault::ErrorAfter) => {
                    self.end().await?;
                    Err(gone())
                }
                Some(Fault::PanicAfter) => {
                    self.end().await?;
                    panic!("planned, after the commit at {place}");
                }
                None => self.end().await,
            }
        }
    }

    async fn end(mut self) -> Result<(), Error> {
        let doing = "commit";
        let Some(session) = self.session.take() else { return Err(Error::misuse(doing, "already ended")) };
        let session = Unsettled::new(session);
        if self.failed {
            session.settle("ROLLBACK").await.map_err(|error| Error::new(doing, error))?;
            return Err(Error::misuse(doing, "a statement of this transaction had failed"));
        }
        session.settle("COMMIT").await.map_err(|error| Error::new(doing, error))?;
        if self.wrote_outbox {
            self.shared.wake_outbox_readers();
        }
        Ok(())
    }

    /// Undoes the transaction and waits until that is done; dropping it does not wait.
    pub async fn rollback(mut self) -> Result<(), Error> {
        match self.session.take() {
            Some(session) => Unsettled::new(session).settle("ROLLBACK").await.map(drop),
            None => Ok(()),
        }
        .map_err(|error| Error::new("roll back", error))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn mark_outbox_written(&mut self) {
        self.wrote_outbox = true;
    }

    /// This transaction cannot be committed any more.
    pub(crate) fn fail(&mut self) {
        self.failed = true;
    }

    /// The connection for one statement; [`Tx::end_statement`] must follow.
    pub(crate) fn begin_statement(&mut self, doing: &'static str) -> Result<Connection<'_>, Error> {
        if self.failed {
            return Err(Error::misuse(doing, "a statement of this transaction had failed"));
        }
        self.failed = true;
        self.n_statements += 1;
        self.shared.n_statements.fetch_add(1, Relaxed);
        match self.session.as_mut() {
            Some(Session::Writer(writer)) => writer.connection().map(Connection::Sqlite),
            Some(Session::Reader(connection)) => Ok(Connection::Sqlite(connection)),
            Some(Session::Postgres(connection)) => Ok(Connection::Postgres(connection)),
            None => Err(sqlx::Error::PoolClosed),
        }
        .map_err(|error| Error::new(doing, error))
    }

    pub(crate) async fn end_statement<T>(
        &mut self,
        doing: &'static str,
        answer: Result<T, sqlx::Error>,
    ) -> Result<T, Error> {
        match answer {
            Ok(answer) => {
                self.failed = false;
                Ok(answer)
            }
            Err(source) => match (Error::new(doing, source), self.session.as_mut()) {
                (Error::Constraint { source, .. }, Some(Session::Writer(writer))) => {
                    let constraint = match writer.connection() {
                        Ok(connection) => constraint::sqlite_name(connection, &source).await,
                        Err(_) => String::new(),
                    };
                    Err(Error::Constraint { doing, constraint, source })
                }
                (error, _) => Err(error),
            },
        }
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx")
            .field("engine", &self.engine())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            let session = Unsettled::new(session);
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(async move {
                    if let Err(error) = session.settle("ROLLBACK").await {
                        tracing::debug!(
                            error = &error as &dyn std::error::Error,
                            "a session ended in its transaction"
                        );
                    }
                });
            }
        }
    }
}

/// Behind [`rows!`](crate::rows!). The drivers' futures are boxed here and below, so that those of callers, who run
/// many statements, stay small.
pub async fn rows<R: Row>(
    tx: &mut Tx,
    doing: &'static str,
    sql: impl Into<Cow<'static, str>> + Send,
    binds: Vec<Bind>,
) -> Result<Vec<R>, Error> {
    let sql = AssertSqlSafe(sql.into());
    let answer = match tx.begin_statement(doing)? {
        Connection::Sqlite(connection) => match bind::sqlite(binds) {
            Ok(arguments) => {
                Box::pin(sqlx::query_as_with::<_, R, _>(sql, arguments).fetch_all(connection)).await
            }
            Err(error) => Err(error),
        },
        Connection::Postgres(connection) => match bind::postgres(binds) {
            Ok(arguments) => {
                Box::pin(sqlx::query_as_with::<_, R, _>(sql, arguments).fetch_all(connection)).await
            }
            Err(error) => Err(error),
        },
    };
    tx.end_statement(doing, answer).await
}

/// Behind [`row!`](crate::row!).
pub async fn row<R: Row>(
    tx: &mut Tx,
    doing: &'static str,
    sql: impl Into<Cow<'static, str>> + Send,
    binds: Vec<Bind>,
) -> Result<Option<R>, Error> {
    // Not `fetch_optional`, which leaves a statement with RETURNING halfway.
    rows(tx, doing, sql, binds).await.map(|rows| rows.into_iter().next())
}

/// Behind [`scalar!`](crate::scalar!).
pub async fn scalar<T>(
    tx: &mut Tx,
    doing: &'static str,
    sql: impl Into<Cow<'static, str>> + Send,
    binds: Vec<Bind>,
) -> Result<T, Error>
where
    (T,): Row,
{
    match row::<(T,)>(tx, doing, sql, binds).await? {
        Some((value,)) => Ok(value),
        None => Err(Error::Other { doing, source: sqlx::Error::RowNotFound }),
    }
}

/// Behind [`execute!`](crate::execute!).
pub async fn execute(
    tx: &mut Tx,
    doing: &'static str,
    sql: impl Into<Cow<'static, str>> + Send,
    binds: Vec<Bind>,
) -> Result<u64, Error> {
    let sql = AssertSqlSafe(sql.into());
    let answer = match tx.begin_statement(doing)? {
        Connection::Sqlite(connection) => match bind::sqlite(binds) {
            Ok(arguments) => Box::pin(sqlx::query_with(sql, arguments).execute(connection))
                .await
                .map(|done| done.rows_affected()),
            Err(error) => Err(error),
        },
        Connection::Postgres(connection) => match bind::postgres(binds) {
            Ok(arguments) => Box::pin(sqlx::query_with(sql, arguments).execute(connection))
                .await
                .map(|done| done.rows_affected()),
            Err(error) => Err(error),
        },
    };
    tx.end_statement(doing, answer).await
}
