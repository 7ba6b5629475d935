//! Figures: what each of them counts. A store that counts in SQL must count what [`counted`] counts.

mod definition;
mod ratio;

use chrono::{NaiveDate, TimeDelta};
use kernel::Timestamp;
use worktime::OutOfCalendar;

use super::{Clock, ClockId, Closing, Issue, Policy, Rated, Rules, clocks, named::named, start_of_day};

pub use definition::{Definition, definition};
pub use ratio::Ratio;

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
        /// On time.
        M5 = "M5",
        M6Sign = "M6.sign",
        M6Transfer = "M6.transfer",
        M6Contact = "M6.contact",
        M6Feedback = "M6.feedback",
        M6Audit = "M6.audit",
        /// Satisfied.
        M9 = "M9",
        M9Strict = "M9.strict",
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
}

/// What is asked: a period, and the moment whose knowledge counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Beginning of the period, included.
    pub from: Timestamp,
    /// End of the period, excluded.
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
        let from = start.map_or(Timestamp::UNIX_EPOCH, start_of_day);
        let end = end.unwrap_or_else(|| super::local_date(now));
        let until = start_of_day(end.succ_opt()?);
        let as_of = as_of.unwrap_or(until - TimeDelta::microseconds(1)).min(now);
        (from < until).then_some(Self { from, until, as_of })
    }

    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until && at <= self.as_of
    }
}

/// What the figures need to know of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub submitted_at: Timestamp,
    pub closings: Vec<Closing>,
    pub clocks: Vec<Clock>,
    pub ratings: Vec<Rated>,
}

impl Facts {
    /// The rules are those that the issue is bound to.
    pub fn of(issue: &Issue, rules: Rules<'_>, now: Timestamp) -> Result<Self, OutOfCalendar> {
        Ok(Self {
            submitted_at: issue.submitted_at,
            closings: issue.closings.clone(),
            clocks: clocks(issue, rules, now)?,
            ratings: issue.ratings.clone(),
        })
    }

    /// The close that stood at that moment; a reopened issue is not closed.
    fn closed_by(&self, as_of: Timestamp) -> Option<Timestamp> {
        let stands =
            |closing: &&Closing| closing.at <= as_of && closing.reopened_at.is_none_or(|at| as_of < at);
        self.closings.iter().find(stands).map(|closing| closing.at)
    }
}

/// Whether an issue counts above and below the line of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    pub numerator: bool,
    pub denominator: bool,
}

/// Whether the issue counts. `policy`: the pack in force, which says from which stars on a firm is satisfied.
pub fn counted(figure: FigureId, facts: &Facts, question: &Question, policy: &Policy) -> Counted {
    let Question { from, until, as_of } = *question;
    let known = facts.submitted_at < until && facts.submitted_at <= as_of;
    if !known {
        return Counted::default();
    }
    let closed_at = facts.closed_by(as_of);
    let closed = closed_at.is_some();
    let closed_in_period = closed_at.is_some_and(|at| question.holds(at));
    let submitted_in_period = from <= facts.submitted_at;
    let open_at_start =
        facts.submitted_at < from && facts.closed_by(from - TimeDelta::microseconds(1)).is_none();
    match figure {
        FigureId::M1 => Counted { numerator: closed, denominator: true },
        FigureId::M2 => {
            Counted { numerator: submitted_in_period && closed, denominator: submitted_in_period }
        }
        FigureId::M3 => {
            let denominator = open_at_start || submitted_in_period;
            Counted { numerator: denominator && closed_in_period, denominator }
        }
        FigureId::M4 => Counted { numerator: closed_in_period, denominator: submitted_in_period },
        FigureId::M5 => {
            let in_time = clocks_of(facts, ClockId::C4).all(|clock| !is_late(clock, as_of));
            Counted {
                numerator: closed_in_period && in_time,
                denominator: closed_in_period || (!closed && !in_time),
            }
        }
        FigureId::M6Sign => kept(facts, ClockId::C1, question),
        FigureId::M6Transfer => kept(facts, ClockId::C2, question),
        FigureId::M6Contact => kept(facts, ClockId::C3, question),
        FigureId::M6Feedback => kept(facts, ClockId::C5, question),
        FigureId::M6Audit => kept(facts, ClockId::C7, question),
        FigureId::M9 => rated(facts, question, policy.satisfied_from),
        FigureId::M9Strict => rated(facts, question, policy.strictly_satisfied_from),
    }
}

/// Counts a figure over issues.
pub fn ratio<'a>(
    figure: FigureId,
    issues: impl IntoIterator<Item = &'a Facts>,
    question: &Question,
    policy: &Policy,
) -> Ratio {
    let mut ratio = Ratio::default();
    for facts in issues {
        let Counted { numerator, denominator } = counted(figure, facts, question, policy);
        ratio.numerator += u64::from(numerator);
        ratio.denominator += u64::from(denominator);
    }
    ratio
}

/// A clock as it was known at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    NotStarted,
    Running { late: bool },
    Stopped { at: Timestamp, late: bool },
    Void,
}

fn known(clock: &Clock, as_of: Timestamp) -> Known {
    let stop = clock.stopped_at.filter(|at| *at <= as_of);
    let gap = clock.gaps.iter().find(|gap| gap.stopped_at <= as_of && as_of < gap.resumed_at);
    match (stop, gap) {
        _ if as_of < clock.started_at => Known::NotStarted,
        (Some(_), _) if clock.void => Known::Void,
        (Some(at), _) => Known::Stopped { at, late: clock.due_at < at },
        (None, Some(gap)) => Known::Stopped { at: gap.stopped_at, late: clock.due_at < gap.stopped_at },
        (None, None) => Known::Running { late: clock.due_at < as_of },
    }
}

fn is_late(clock: &Clock, as_of: Timestamp) -> bool {
    matches!(known(clock, as_of), Known::Running { late: true } | Known::Stopped { late: true, .. })
}

fn clocks_of(facts: &Facts, id: ClockId) -> impl Iterator<Item = &Clock> {
    facts.clocks.iter().filter(move |clock| clock.key.id == id)
}

/// Stopped in the period, or overdue and running at its end; above the line only if every round was kept.
fn kept(facts: &Facts, id: ClockId, question: &Question) -> Counted {
    let rounds: Vec<bool> = clocks_of(facts, id)
        .filter(|clock| clock.started_at < question.until)
        .filter_map(|clock| match known(clock, question.as_of) {
            Known::Stopped { at, late } => question.holds(at).then_some(!late),
            Known::Running { late: true } => Some(false),
            Known::Running { late: false } | Known::NotStarted | Known::Void => None,
        })
        .collect();
    Counted {
        numerator: !rounds.is_empty() && rounds.iter().all(|kept| *kept),
        denominator: !rounds.is_empty(),
    }
}

/// The last rating given in the period decides.
fn rated(facts: &Facts, question: &Question, satisfied_from: super::Stars) -> Counted {
    let last = facts.ratings.iter().rev().find(|rated| question.holds(rated.at));
    let numerator = last.is_some_and(|rated| satisfied_from <= rated.rating.stars);
    Counted { numerator, denominator: last.is_some() }
}

#[cfg(test)]
mod tests;
