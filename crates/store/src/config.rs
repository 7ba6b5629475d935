//! Which database, and how much of it.

use std::{path::PathBuf, str::FromStr as _, time::Duration};

use sqlx::postgres::PgConnectOptions;

/// How to reach one service's database.
#[derive(Clone)]
pub struct Config {
    /// `sqlite:./data/workflow.db` (a file, made when missing) or `postgres://role@host/database`.
    pub url: String,
    /// The service's schema on PostgreSQL: lower-case letters, digits and `_`. Without one, `public`.
    pub schema: Option<String>,
    /// PostgreSQL sessions, or SQLite readers beside the one writer; at least 1.
    pub max_connections: u32,
    /// How long a unit of work waits for a connection.
    pub acquire_timeout: Duration,
    /// PostgreSQL ends a statement that takes longer.
    pub statement_timeout: Duration,
    /// PostgreSQL gives up waiting for a row that another transaction holds.
    pub lock_timeout: Duration,
    /// PostgreSQL ends a session that idles inside a transaction.
    pub idle_in_transaction_timeout: Duration,
}

impl Config {
    /// The defaults for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: None,
            max_connections: 8,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(3),
            idle_in_transaction_timeout: Duration::from_secs(10),
        }
    }

    /// The same, in a schema of its own on PostgreSQL.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    pub(crate) fn target(&self) -> Result<Target, ConfigError> {
        if self.max_connections == 0 {
            return Err(ConfigError::NoConnections);
        }
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            return sqlite_path(path).map(Target::Sqlite);
        }
        if !self.url.starts_with("postgres://") && !self.url.starts_with("postgresql://") {
            return Err(ConfigError::Scheme);
        }
        let schema = self.schema.clone().unwrap_or_else(|| "public".to_owned());
        if !is_schema_name(&schema) {
            return Err(ConfigError::Schema(schema));
        }
        let millis = |timeout: Duration| timeout.as_millis().to_string();
        let options = PgConnectOptions::from_str(&self.url)
            .map_err(ConfigError::Postgres)?
            .application_name(&format!("qinqing {schema}"))
            .statement_cache_capacity(500)
            .options([
                ("search_path", schema.clone()),
                ("statement_timeout", millis(self.statement_timeout)),
                ("lock_timeout", millis(self.lock_timeout)),
                ("idle_in_transaction_session_timeout", millis(self.idle_in_transaction_timeout)),
            ]);
        Ok(Target::Postgres { options: Box::new(options), schema })
    }
}

impl std::fmt::Debug for Config {
    /// Leaves out the URL, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("Config")
            .field("scheme", &scheme)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

/// A configuration that names no database.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("a database URL begins with sqlite: or postgres://")]
    Scheme,
    #[error(
        "a SQLite database is a file, as in sqlite:./data/workflow.db, without options and not in memory"
    )]
    SqlitePath,
    #[error("not a PostgreSQL URL, as in postgres://role@host/database")]
    Postgres(#[source] sqlx::Error),
    #[error("{0:?} is not a schema name: lower-case letters, digits and _, beginning with a letter")]
    Schema(String),
    #[error("max_connections must be at least 1")]
    NoConnections,
}

pub(crate) enum Target {
    Sqlite(PathBuf),
    Postgres { options: Box<PgConnectOptions>, schema: String },
}

fn sqlite_path(path: &str) -> Result<PathBuf, ConfigError> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.contains(":memory:") || path.contains(['?', '#']) || path.ends_with('/') {
        return Err(ConfigError::SqlitePath);
    }
    Ok(PathBuf::from(path))
}

fn is_schema_name(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.starts_with("pg_")
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(url: &str) -> Option<String> {
        Config::new(url).target().err().map(|error| error.to_string())
    }

    #[test]
    fn a_url_that_names_no_database_is_refused_with_the_form_it_should_have() {
        assert!(problem("mysql://x").unwrap().contains("sqlite: or postgres://"));
        for url in ["sqlite:", "sqlite::memory:", "sqlite:a.db?mode=ro", "sqlite:data/"] {
            assert!(problem(url).unwrap().contains("is a file"), "{url}");
        }
        assert!(problem("postgres://host:port/db").unwrap().contains("role@host"));
        for url in ["sqlite:./data/workflow.db", "sqlite:///var/x.db", "postgres://qinqing@db/qinqing"] {
            assert_eq!(problem(url), None, "{url}");
        }
    }

    #[test]
    fn a_schema_name_needs_no_quotes() {
        for name in ["", "A", "a b", "pg_x", "a;b", "1a", "a\"b"] {
            let error = Config::new("postgres://h/d").in_schema(name).target().err().unwrap();
            assert!(matches!(error, ConfigError::Schema(_)), "{name}");
        }
        assert!(Config::new("postgres://h/d").in_schema("workflow_2").target().is_ok());
    }

    #[test]
    fn a_password_is_not_printed() {
        let printed = format!("{:?}", Config::new("postgres://role:hunter2@h/d"));
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
