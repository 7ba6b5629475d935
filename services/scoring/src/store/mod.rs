//! All SQL of the service.

pub(crate) mod append_only;
pub(crate) mod balances;
pub(crate) mod boards;
pub(crate) mod bookings;
pub(crate) mod entries;
pub(crate) mod history;
pub(crate) mod rule_sets;

/// The service's tables.
pub static MIGRATIONS: store::Migrator = store::migrations!("./migrations");
