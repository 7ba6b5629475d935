//! Clocks: how long each step may take.
//!
//! Which clock ran when follows from the events alone ([`Run`]); when it is due follows from that, the pack and the
//! calendar ([`clocks`]). Nothing else moves a deadline:
//! - C3 and C4 start once in the life of an issue, C1 and C2 once for each department that it comes to, C0 once for
//!   each time that it waits for an operator. An objection sets C2 going again; sending a reply back or failing its
//!   audit sets going again what the reply had stopped, C4 or C8; an appeal or an unmerging sets C4 going again. Each
//!   runs on with the deadline that it had, and the time that passed in between is not taken off: whoever let the
//!   wrong thing pass bears it.
//! - C3 and C4 stand still while the firm is asked, C2 while an operator rules on a return: that time is taken off.
//! - C4 can be extended; its original deadline is kept beside the extended one.
//! - C5 to C8 start once a round: each reply, feedback, audit and complaint is a new duty. A reopening is a complaint.
//! - C9 to C13 start once for each request, plan or review, instruction and task.
//! - C3 stops with the first contact, and at the latest with the feedback, which is one.
//! - C4 or a round of C8 runs while the section works, never both.

mod clocked;
mod due;
mod explain;
mod ladder;
mod segment;

use std::{fmt, hash::Hash, str::FromStr};

use chrono::{NaiveDate, NaiveTime};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use worktime::ZONE;

use super::named::{UnknownName, named};

pub use clocked::Clocked;
pub use due::{Clock, Interval, IntervalKind, clocks, latest};
pub use explain::{Awaited, Counted, DayOff, Explanation, Line, Question, explain};
pub use ladder::{Lights, Rung, due_now, lights, next_wake, question_until, rungs};
pub(super) use ladder::{pending, rating_until, running};
pub use segment::{Segment, open_seconds, segments};

named! {
    /// A clock. The enterprise clock is none of these: it has no limit, see [`segments`].
    ClockId {
        /// Assign: TRIAGE to the assignment.
        C0 = "C0",
        /// Sign 签收: SUBMITTED to the signature.
        C1 = "C1",
        /// Transfer 转办: signature to the dispatch.
        C2 = "C2",
        /// First contact: dispatch to the contact.
        C3 = "C3",
        /// Reply 办结: SUBMITTED to the reply.
        C4 = "C4",
        /// Feedback 反馈: reply to its delivery.
        C5 = "C5",
        /// Rating window: delivery to the rating.
        C6 = "C6",
        /// Audit 审核: rating to the decision.
        C7 = "C7",
        /// Rectification: low rating, dispute or reopening to the reply.
        C8 = "C8",
        /// Ruling: request of a return to the ruling.
        C9 = "C9",
        /// Check of a withdrawal: request to the decision.
        C10 = "C10",
        /// Review of a plan: plan, new plan or review to the next review.
        C11 = "C11",
        /// Leader's instruction 批示: instruction to the answer.
        C12 = "C12",
        /// Task of a co-section 协办: task to its reply.
        C13 = "C13",
    }
}

/// What clocks are called: those of issues here, those of orders in `order`.
pub trait ClockName: Copy + Ord + Hash + fmt::Debug + fmt::Display + FromStr<Err = UnknownName> {}

impl ClockName for ClockId {}

/// A clock in one of its rounds. Written "C4", and from the second round on "C8.2".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "I: ClockName")]
pub struct ClockKey<I = ClockId> {
    pub id: I,
    /// From 1.
    pub round: u32,
}

/// What a clock did, as the events tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "I: ClockName")]
pub struct Run<I = ClockId> {
    pub key: ClockKey<I>,
    pub started_at: Timestamp,
    /// The day at whose end it is due, where that was agreed upon. `None`: the pack has a limit for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<NaiveDate>,
    /// Stops that did not last, in order.
    pub gaps: Vec<Gap>,
    /// Stretches in which it stood still, in order: they are taken off.
    pub pauses: Vec<Pause>,
    /// Working days by which it was extended.
    pub extended: u32,
    pub stopped_at: Option<Timestamp>,
    /// Whether it ended without the step that it waited for: C5 when the reply was sent back, C6 when the window
    /// lapsed. Such a clock was neither kept nor missed.
    pub void: bool,
    /// Version of the calendar that it stopped under, where the issue has gone over to another since. `None`: it goes
    /// by the issue's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

/// A stop that was undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub stopped_at: Timestamp,
    pub resumed_at: Timestamp,
}

/// A stretch in which a clock stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub from: Timestamp,
    /// `None` while it lasts.
    pub until: Option<Timestamp>,
}

/// The day in the municipality.
pub fn local_date(at: Timestamp) -> NaiveDate {
    at.with_timezone(&ZONE).date_naive()
}

/// The moment at which a day begins in the municipality.
pub fn start_of_day(day: NaiveDate) -> Timestamp {
    (day.and_time(NaiveTime::MIN) - ZONE).and_utc()
}

impl<I: ClockName> Run<I> {
    /// The next round of a clock, after those so far.
    pub(super) fn next(id: I, so_far: &[Self], started_at: Timestamp) -> Self {
        let last = so_far.iter().filter(|run| run.key.id == id).map(|run| run.key.round).max();
        Self {
            key: ClockKey { id, round: last.unwrap_or(0) + 1 },
            started_at,
            day: None,
            gaps: Vec::new(),
            pauses: Vec::new(),
            extended: 0,
            stopped_at: None,
            void: false,
            calendar: None,
        }
    }

    pub const fn is_running(&self) -> bool {
        self.stopped_at.is_none()
    }

    /// Since when it stands still.
    pub fn paused_since(&self) -> Option<Timestamp> {
        self.pauses.last().filter(|pause| pause.until.is_none()).map(|pause| pause.from)
    }
}

/// Has the clocks that have stopped keep the calendar that they stopped under, as their issue or order leaves it.
pub(super) fn keep_calendar<I: ClockName>(runs: &mut [Run<I>], version: &str) {
    for run in runs.iter_mut().filter(|run| !run.is_running()) {
        run.calendar.get_or_insert_with(|| version.to_owned());
    }
}

impl<I> ClockKey<I> {
    /// The first round: the only one of C3 and C4.
    pub const fn first(id: I) -> Self {
        Self { id, round: 1 }
    }
}

impl<I: ClockName> fmt::Display for ClockKey<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.round {
            1 => write!(f, "{}", self.id),
            round => write!(f, "{}.{round}", self.id),
        }
    }
}

impl<I: ClockName> FromStr for ClockKey<I> {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let unknown = || UnknownName { kind: "ClockKey", word: text.to_owned() };
        let (id, round) = text.split_once('.').unwrap_or((text, "1"));
        let key = Self { id: id.parse()?, round: round.parse().map_err(|_| unknown())? };
        if 0 < key.round && key.to_string() == text { Ok(key) } else { Err(unknown()) }
    }
}

impl<I: ClockName> TryFrom<String> for ClockKey<I> {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

impl<I: ClockName> From<ClockKey<I>> for String {
    fn from(key: ClockKey<I>) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests;
