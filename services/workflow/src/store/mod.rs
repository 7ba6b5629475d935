//! All SQL of the workflow, one file a noun.

pub(crate) mod append_only;
pub(crate) mod firm_managers;
pub(crate) mod history;
pub(crate) mod issues;
pub(crate) mod notes;

mod deadlines;
mod filter;

/// The tables of this service.
pub(crate) static MIGRATIONS: store::Migrator = store::migrations!("./migrations");
