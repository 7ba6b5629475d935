//! All SQL of the workflow, one file a noun.

pub(crate) mod activations;
pub(crate) mod addresses;
pub(crate) mod attachments;
pub(crate) mod blobs;
pub(crate) mod calendar_alarms;
pub(crate) mod cases;
pub(crate) mod chained;
mod co_tasks;
pub(crate) mod drafts;
pub(crate) mod erasures;
pub(crate) mod export_log;
pub(crate) mod figures;
pub(crate) mod firm_managers;
pub(crate) mod history;
pub(crate) mod issues;
pub(crate) mod lists;
pub(crate) mod loose_ends;
pub(crate) mod moves;
pub(crate) mod notes;
pub(crate) mod offerings;
pub(crate) mod orders;
pub(crate) mod packs;
pub(crate) mod precedents;
pub(crate) mod rungs;
pub(crate) mod running;
pub(crate) mod search;
pub(crate) mod trail;
pub(crate) mod watching;
pub(crate) mod witnesses;

mod count_gate;
mod deadlines;
mod filter;
#[cfg(test)]
pub(crate) mod sample;

/// The tables that only ever grow. What is there is kept from the service and its tools; the hashes, and the heads that
/// are kept outside, show what the owner of the database did in spite of that.
pub(crate) const APPEND_ONLY: &[&str] = &[
    "issue_event",
    "trail_log",
    "trail_node",
    "trail_head",
    "note_erasure",
    "policy_pack",
    "working_calendar",
    "activation",
    "activation_step",
    "export_log",
    chained::ORDERS.events,
    chained::CASES.events,
];

/// The tables of this service.
pub static MIGRATIONS: store::Migrator = store::migrations!("./migrations");
