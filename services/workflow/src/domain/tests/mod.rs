//! The life of an issue as a whole. Clocks are tested beside their code.

mod calendars;
mod duty;
mod events;
mod explore;
mod lifecycle;
mod rules;
mod rulings;
pub(super) mod world;
