//! All SQL of the service.

pub(crate) mod balances;
pub(crate) mod boards;
pub(crate) mod bookings;
pub(crate) mod entries;
pub(crate) mod history;
pub(crate) mod rule_sets;

/// Tables whose rows are written once.
pub(crate) const APPEND_ONLY: &[&str] = &["rule_set", "source_event", "entry", "posting", "leg"];

/// The service's tables.
pub static MIGRATIONS: store::Migrator = store::migrations!("./migrations");
