//! The life of an issue as a whole. Clocks are tested beside their code.

mod duty;
mod events;
mod explore;
mod lifecycle;
mod rules;
pub(super) mod world;
