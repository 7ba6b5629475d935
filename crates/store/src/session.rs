//! Sessions with a database, one for each transaction at a time.
//!
//! A session goes back to be used again only after it was *seen* to end its transaction. sqlx's own `begin` hands
//! on a session whose BEGIN was cancelled halfway; the next borrower's writes then vanish with that transaction.

use std::sync::Arc;

use sqlx::{
    Connection as _, Executor as _, Postgres, Sqlite, SqliteConnection, pool::PoolConnection,
    sqlite::SqliteConnectOptions,
};
use tokio::sync::OwnedMutexGuard;

pub(crate) enum Session {
    Writer(OwnedMutexGuard<Writer>),
    Reader(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// The one connection that writes a SQLite file.
pub(crate) struct Writer {
    options: Arc<SqliteConnectOptions>,
    /// `None` after a transaction whose end was not seen.
    connection: Option<SqliteConnection>,
    suspect: bool,
    closed: bool,
}

impl Writer {
    pub(crate) fn new(options: Arc<SqliteConnectOptions>, connection: SqliteConnection) -> Self {
        Self { options, connection: Some(connection), suspect: false, closed: false }
    }

    /// Closes a connection in an unknown state, which undoes what it had not committed, and opens another.
    pub(crate) async fn renew(&mut self) -> Result<(), sqlx::Error> {
        if self.closed {
            return Err(sqlx::Error::PoolClosed);
        }
        if self.suspect {
            self.end_connection().await?;
        }
        if self.connection.is_none() {
            self.connection = Some(SqliteConnection::connect_with(&self.options).await?);
        }
        self.suspect = false;
        Ok(())
    }

    /// For good.
    pub(crate) async fn close(&mut self) -> Result<(), sqlx::Error> {
        self.closed = true;
        self.end_connection().await
    }

    async fn end_connection(&mut self) -> Result<(), sqlx::Error> {
        match self.connection.take() {
            Some(connection) => connection.close().await,
            None => Ok(()),
        }
    }

    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)
    }
}

impl Session {
    /// Sends a statement without values.
    pub(crate) async fn send(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Writer(writer) => writer.connection()?.execute(sql).await.map(drop),
            Self::Reader(connection) => connection.execute(sql).await.map(drop),
            Self::Postgres(connection) => connection.execute(sql).await.map(drop),
        }
    }

    /// Never again to be used after this transaction.
    fn condemn(&mut self) {
        match self {
            Self::Writer(writer) => writer.suspect = true,
            Self::Reader(connection) => connection.close_on_drop(),
            Self::Postgres(connection) => connection.close_on_drop(),
        }
    }
}

/// Holds a session while its state is unknown: dropped as it is, as when a future is cancelled, it is closed.
pub(crate) struct Unsettled(Option<Session>);

impl Unsettled {
    pub(crate) fn new(session: Session) -> Self {
        Self(Some(session))
    }

    /// Sends what begins or ends a transaction, and gives the session back once that was acknowledged.
    pub(crate) async fn settle(mut self, sql: &'static str) -> Result<Session, sqlx::Error> {
        if let Some(session) = self.0.as_mut() {
            session.send(sql).await?;
        }
        self.0.take().ok_or(sqlx::Error::PoolClosed)
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        if let Some(session) = self.0.as_mut() {
            session.condemn();
        }
    }
}
