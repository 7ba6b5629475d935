//! The life of an issue as a whole. Clocks are tested beside their code.

mod calendars;
mod duty;
mod events;
mod explore;
mod invariants;
mod lifecycle;
mod rules;
mod rulings;
mod self_dealing;
pub(super) mod world;
