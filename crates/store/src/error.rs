//! What can go wrong, sorted by what a caller does about it.

/// A failure of the database, or its refusal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another transaction was in the way; the same unit of work may succeed when run again from its beginning.
    #[error("could not {doing}: the database was busy")]
    Busy {
        doing: &'static str,
        #[source]
        source: sqlx::Error,
    },
    /// The database does not answer, or has no connection or space left. After a commit the outcome is unknown.
    #[error("could not {doing}: the database is unavailable")]
    Unavailable {
        doing: &'static str,
        #[source]
        source: sqlx::Error,
    },
    /// A named constraint refused the write.
    #[error("could not {doing}: refused by {constraint}")]
    Constraint {
        doing: &'static str,
        /// The same name on both engines, but for NOT NULL (`table.column`) and, on SQLite, for foreign keys
        /// (`foreign_key`), which that engine does not name.
        constraint: String,
        #[source]
        source: sqlx::Error,
    },
    /// A write that should have touched exactly one row did not: the row has changed, or is gone.
    #[error("could not {doing}: the row is not as expected")]
    Conflict { doing: &'static str },
    /// A row holds what this version of the service cannot read.
    #[error("cannot read {table}.{column} of {id}")]
    Unreadable { table: &'static str, column: &'static str, id: String },
    /// PostgreSQL is set so that it may lose what it has acknowledged.
    #[error("PostgreSQL's setting {setting} is {found}; it must be {wanted}")]
    NotDurable { setting: &'static str, found: String, wanted: &'static str },
    /// The configuration does not name a database.
    #[error("{0}")]
    Config(#[from] crate::ConfigError),
    /// A migration that has already been applied reads differently now.
    #[error("migration {version} of {owner} was changed after it had been applied")]
    MigrationChanged { owner: &'static str, version: i64 },
    /// Anything else: our own fault.
    #[error("could not {doing}")]
    Other {
        doing: &'static str,
        #[source]
        source: sqlx::Error,
    },
}

impl Error {
    /// The name of the constraint that refused the write.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { constraint, .. } => Some(constraint),
            _ => None,
        }
    }

    /// Whether the unit of work may be run again from its beginning.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    /// Whether the same may succeed later: the database was busy, or did not serve at all.
    pub fn may_pass(&self) -> bool {
        self.is_retryable() || matches!(self, Self::Unavailable { .. })
    }

    /// A row that cannot be read.
    pub fn unreadable(table: &'static str, column: &'static str, id: &dyn std::fmt::Display) -> Self {
        Self::Unreadable { table, column, id: id.to_string() }
    }

    /// Sorts a driver's error; a constraint keeps the name that the engine gave it.
    pub(crate) fn new(doing: &'static str, source: sqlx::Error) -> Self {
        match class(&source) {
            Class::Busy => Self::Busy { doing, source },
            Class::Unavailable => Self::Unavailable { doing, source },
            Class::Constraint => {
                let constraint = crate::constraint::postgres_name(&source);
                Self::Constraint { doing, constraint, source }
            }
            Class::Other => Self::Other { doing, source },
        }
    }

    /// A misuse of a transaction.
    pub(crate) fn misuse(doing: &'static str, what: &'static str) -> Self {
        Self::Other { doing, source: sqlx::Error::InvalidArgument(what.to_owned()) }
    }

    pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
        class(error) == Class::Busy
    }

    /// No answer in time.
    pub(crate) fn timed_out(doing: &'static str) -> Self {
        Self::Unavailable { doing, source: sqlx::Error::PoolTimedOut }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Busy,
    Unavailable,
    Constraint,
    Other,
}

fn class(error: &sqlx::Error) -> Class {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // SQLSTATE has five characters, SQLite's extended codes at most four digits.
            if code.len() == 5 { postgres_class(&code) } else { sqlite_class(&code) }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Class::Unavailable,
        _ => Class::Other,
    }
}

fn postgres_class(state: &str) -> Class {
    match state {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => Class::Busy,
        // query_canceled (a timeout), idle_in_transaction_session_timeout, read_only_sql_transaction (a standby)
        "57014" | "25P03" | "25006" => Class::Unavailable,
        _ => match &state[..2] {
            "08" | "53" | "57" | "58" => Class::Unavailable,
            "23" => Class::Constraint,
            _ => Class::Other,
        },
    }
}

fn sqlite_class(code: &str) -> Class {
    match code.parse::<u32>().unwrap_or_default() & 0xff {
        // SQLITE_BUSY, SQLITE_LOCKED
        5 | 6 => Class::Busy,
        // SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
        8 | 10 | 13 | 14 => Class::Unavailable,
        // SQLITE_CONSTRAINT
        19 => Class::Constraint,
        _ => Class::Other,
    }
}

/// Whether the connection itself is gone, as after a restart of the server.
pub(crate) fn is_connection_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            true
        }
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            code.len() == 5 && (code.starts_with("08") || code.starts_with("57P") || code == "25P03")
        }
        _ => false,
    }
}
