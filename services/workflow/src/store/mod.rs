//! All SQL of the workflow, one file a noun.

pub(crate) mod append_only;
pub(crate) mod figures;
pub(crate) mod firm_managers;
pub(crate) mod history;
pub(crate) mod issues;
pub(crate) mod lists;
pub(crate) mod notes;
pub(crate) mod rungs;
pub(crate) mod trail;

mod deadlines;
mod filter;
#[cfg(test)]
mod sample;

/// The tables of this service.
pub(crate) static MIGRATIONS: store::Migrator = store::migrations!("./migrations");
