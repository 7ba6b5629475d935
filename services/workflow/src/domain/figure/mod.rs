//! Figures: ratios over issues, and how long things take.
//!
//! A history is read once into [`Marks`]: which facts ([`Kind`]) were so from when until when, each with the day that
//! it is dated by. Of a kind no issue has more than one mark at a time, so the marks that hold at a moment can be added
//! up, over issues and over days; and as they end rather than change, a question about a past moment is answered as it
//! would have been then. A figure ([`FigureId::value`]) puts such sums together. The store adds up the same marks.

mod definition;
mod formula;
mod kind;
mod limits;
mod mark;
mod ratio;
mod spread;
mod stand;
mod suppress;

use chrono::{NaiveDate, TimeDelta};
use kernel::Timestamp;

use super::{local_date, named::named, start_of_day};

pub use definition::{Definition, definition};
pub use formula::{Part, Span, Sum, Term, Value, counted, sum_of, sums, timed_sum_of};
pub use kind::{Kind, flag};
pub use limits::{Limits, Tier};
pub use mark::{Count, Grouping, Mark, Marks, Measure, Subject, Uncountable, counts, month_key};
pub use ratio::Ratio;
pub use spread::Spread;
pub use suppress::{Cell, suppress};

named! {
    /// A figure, or the part of one that has a number of its own.
    FigureId {
        /// Completion 办结率.
        M1 = "M1",
        /// Same-batch completion.
        M2 = "M2",
        /// Clearance.
        M3 = "M3",
        /// Flow ratio; never called a completion rate.
        M4 = "M4",
        /// On time, by the deadline as it was prolonged, and by the original one.
        M5 = "M5",
        M5Original = "M5.original",
        M6Sign = "M6.sign",
        M6SignOriginal = "M6.sign.original",
        M6Transfer = "M6.transfer",
        M6TransferOriginal = "M6.transfer.original",
        M6Contact = "M6.contact",
        M6ContactOriginal = "M6.contact.original",
        M6Feedback = "M6.feedback",
        M6FeedbackOriginal = "M6.feedback.original",
        M6Audit = "M6.audit",
        M6AuditOriginal = "M6.audit.original",
        /// Response.
        M7 = "M7",
        /// Solved.
        M8 = "M8",
        /// Satisfied.
        M9 = "M9",
        M9Strict = "M9.strict",
        /// Rated.
        M10 = "M10",
        /// Rectified in time.
        M11 = "M11",
        /// Reopened.
        M12 = "M12",
        M13Returned = "M13.returned",
        M13Upheld = "M13.upheld",
        /// Closed first time.
        M14 = "M14",
        /// Audit failures.
        M15 = "M15",
        /// Half, and nine in ten, took no longer.
        M23C0 = "M23.C0",
        M23C1 = "M23.C1",
        M23C2 = "M23.C2",
        M23C3 = "M23.C3",
        M23C4 = "M23.C4",
        M23C5 = "M23.C5",
        M23C6 = "M23.C6",
        M23C7 = "M23.C7",
        M23C8 = "M23.C8",
        M23C9 = "M23.C9",
        M23C10 = "M23.C10",
        M23C11 = "M23.C11",
        M23C12 = "M23.C12",
        M23C13 = "M23.C13",
        /// The enterprise clock.
        M23Total = "M23.total",
        /// Rank.
        M24Completion = "M24.completion",
        M24Satisfied = "M24.satisfied",
    }
}

impl FigureId {
    /// The figures that a name stands for: itself, or as `M6` all that begin with `M6.`; M9 is both.
    pub fn named(name: &str) -> Vec<Self> {
        let part_of = |id: &Self| {
            id.name().strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        Self::ALL.iter().copied().filter(part_of).collect()
    }

    /// Whether its issues belong to one group each. What was open at the start of a period is of no month.
    pub fn groups_by(self, grouping: Grouping) -> bool {
        !(self.is_clearance() && grouping == Grouping::Month)
    }
}

/// What is asked: a period, and the moment whose knowledge counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Beginning of the period, included: the beginning of a local day.
    pub from: Timestamp,
    /// End of the period, excluded: the beginning of a local day.
    pub until: Timestamp,
    /// What happened later, even within the period, is not known; included.
    pub as_of: Timestamp,
}

impl Question {
    /// The period from `start` to `end`, both days included: `None` is the beginning of time, and today. `as_of` is
    /// the end of the period if not given, and never later than `now`. `None`: the period ends before it begins.
    pub fn new(
        start: Option<NaiveDate>,
        end: Option<NaiveDate>,
        as_of: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        let from = start_of_day(start.unwrap_or_default());
        let end = end.unwrap_or_else(|| local_date(now));
        let until = start_of_day(end.succ_opt()?);
        let as_of = as_of.unwrap_or(until - TimeDelta::microseconds(1)).min(now);
        (from < until).then_some(Self { from, until, as_of })
    }

    pub fn first_day(&self) -> NaiveDate {
        local_date(self.from)
    }

    /// The first day after the period.
    pub fn end_day(&self) -> NaiveDate {
        local_date(self.until)
    }

    /// The last moment before the period of which anything is known.
    pub fn before_start(&self) -> Timestamp {
        self.as_of.min(self.from - TimeDelta::microseconds(1))
    }
}

/// Whether an issue counts above and below the line of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    pub numerator: bool,
    pub denominator: bool,
}

#[cfg(test)]
pub(crate) mod histories;
#[cfg(test)]
mod tests;
