//! One SQL text over SQLite and PostgreSQL: connections, units of work, migrations, and the tables that every
//! service has (request ledger, access log, outbox, inbox, feed positions, dead events, leases, texts that are looked for).
//!
//! All SQL runs through the macros [`rows!`], [`row!`], [`scalar!`] and [`execute!`], through a [`Select`] or a
//! [`Batch`], always inside a [`Tx`]. A write takes two round trips on PostgreSQL between BEGIN and COMMIT: one
//! that reads what the decision needs, one batch that writes everything.
//!
//! What both engines understand: `$1` placeholders, `RETURNING`, `ON CONFLICT`, common table expressions, window
//! functions, `FILTER`; the column types `UUID TIMESTAMPTZ DATE JSONB BOOLEAN BIGINT TEXT BYTEA`. Sums are cast
//! (`CAST(SUM(x) AS BIGINT)`), every constraint is named, and rows are keyed by UUID.

pub mod access_events;
pub mod append_only;
mod batch;
mod bind;
mod config;
mod constraint;
mod db;
mod durability;
mod error;
#[cfg(feature = "failpoints")]
mod failpoints;
pub mod lease;
pub mod ledger;
mod macros;
mod migrate;
pub mod outbox;
pub mod search;
mod select;
mod session;
mod text;
mod tx;

pub use batch::Batch;
pub use bind::Bind;
pub use config::{Config, ConfigError};
pub use db::{Counters, Db, Engine};
pub use error::Error;
#[cfg(feature = "failpoints")]
pub use failpoints::{Failpoints, Fault};
pub use select::{Filter, Select};
pub use sqlx::migrate::Migrator;
pub use tx::{Row, Tx};

/// What the macros expand to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::tx::{execute, row, rows, scalar};
    pub use sqlx;
}
