//! The life of an issue, pure: no I/O, no clock, no database.
//!
//! [`submit`] and [`decide`] say what a command makes happen, as events, or why it is [`Refused`]; [`evolve`] says what
//! an event makes of an [`Issue`]. The table in [`transition`] is the lifecycle. What a [`Policy`] and a calendar say
//! about an issue (deadlines, ladder, lights, who held it) is computed from it and kept nowhere in it.

pub mod case;
pub mod completion;
pub mod figure;
pub mod order;
pub mod similarity;
pub mod transition;

mod activation;
mod actor;
mod attachment;
mod clock;
mod command;
mod decide;
mod draft;
mod duty;
mod event;
mod evolve;
mod facts;
mod guard;
mod issue;
mod named;
mod note;
mod policy;
mod rating;
mod refused;
mod rulebook;
mod rules;
mod stage;
mod state;
mod supervision;
mod text;

pub use activation::{Activation, ActivationRefused, ActivationStep, NOTICE, Standing, StepKind, Subject};
pub use actor::{Actor, By, Who};
pub use attachment::{Attachment, AttachmentRef, Audience, Eyes, Owner, ScanState, pause_after};
pub use clock::{Awaited, Counted, DayOff, Explanation, Line, Question, explain};
pub use clock::{
    Clock, ClockId, ClockKey, ClockName, Clocked, Gap, Interval, IntervalKind, Lights, Pause, Run, Rung,
    Segment, clocks, due_now, latest, lights, local_date, next_wake, open_seconds, question_until, rungs,
    segments, start_of_day,
};
pub use command::{CoSection, Command, SubmitIssue};
pub use decide::{decide, next_actions, speaks_for_a_merged_firm, submit};
pub use draft::{Draft, DraftText};
pub use duty::tie_of_merged;
pub use event::{Desk, Event, Fact};
pub use evolve::{BrokenHistory, create, evolve, fold};
pub use issue::{
    Closing, CoTask, CoTaskEnd, Confirmation, Counts, ExtensionRequest, FirmQuestion, Instruction, Issue,
    MOST_URGES_KEPT, Rejection, Stop,
};
pub use named::UnknownName;
pub use note::{NoteField, NoteRef};
pub use policy::{
    BuiltIn, Category, Fault, Light, Moment, Notify, OrderPolicy, PackError, PackName, PackWord, Policy,
    PolicyVersion, RatingDimension, Route, RungRule,
};
pub use rating::{Dimension, InvalidStars, Rated, Rating, Stars};
pub use refused::Refused;
pub use rulebook::{Change, Rulebook, RulebookError};
pub use rules::{Rules, days_left};
pub use stage::{Feedback, Heard, Plan, Post, Reply, Stage, Work};
pub use state::{Action, Channel, CommentAudience, Difficulty, Escalation, Holder, Outcome, Party, State};
pub use supervision::{InvalidLevel, Level};
pub use text::{Code, DivisionCode, InvalidText, IssueNumber, Title};

#[cfg(test)]
mod tests;
