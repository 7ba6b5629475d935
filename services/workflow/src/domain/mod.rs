//! The life of an issue, pure: no I/O, no clock, no database.
//!
//! [`submit`] and [`decide`] say what a command makes happen, as events, or why it is [`Refused`]; [`evolve`] says what
//! an event makes of an [`Issue`]. The table in [`transition`] is the lifecycle. What a [`Policy`] and a calendar say
//! about an issue (deadlines, ladder, lights, who held it) is computed from it and kept nowhere in it.

pub mod figure;
pub mod transition;

mod actor;
mod clock;
mod command;
mod decide;
mod duty;
mod event;
mod evolve;
mod issue;
mod named;
mod note;
mod policy;
mod rating;
mod refused;
mod rulebook;
mod state;
mod text;

pub use actor::{Actor, By, Who};
pub use clock::{
    Clock, ClockId, ClockKey, Gap, Interval, Lights, Run, Rung, Segment, clocks, due_now, latest, lights,
    local_date, next_wake, open_seconds, rungs, segments, start_of_day,
};
pub use command::{Command, SubmitIssue};
pub use decide::{decide, next_actions, submit};
pub use event::{Desk, Event, Fact};
pub use evolve::{BrokenHistory, create, evolve, fold};
pub use issue::{
    Closing, Confirmation, Counts, Feedback, Issue, Plan, Post, Reply, Rules, Stage, Stop, Work,
};
pub use named::UnknownName;
pub use note::{NoteField, NoteRef};
pub use policy::{
    AuditFailure, Category, Fault, Light, Moment, Notify, PackError, Policy, PolicyVersion, Route, RungRule,
};
pub use rating::{InvalidStars, Rated, Rating, Stars};
pub use refused::Refused;
pub use rulebook::{Rulebook, RulebookError};
pub use state::{Action, Channel, Difficulty, Holder, Outcome, Party, State};
pub use text::{Code, DivisionCode, InvalidText, IssueNumber, Title};

#[cfg(test)]
mod tests;
