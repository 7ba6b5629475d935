//! The history of an issue as figures see it: what was so from when until when, and what it is grouped by.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use kernel::{EnterpriseId, Timestamp};
use worktime::OutOfCalendar;

use super::{
    kind::Kind,
    stand::{Fact, SoFar, Stand},
};
use crate::domain::{
    BrokenHistory, Event, Fact as Happened, Issue, PolicyVersion, Rulebook, create, evolve, local_date,
};

/// A fact, for as long as it is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub kind: Kind,
    pub from: Timestamp,
    /// Excluded; `None` while it is so.
    pub until: Option<Timestamp>,
    /// Local day that it is dated by.
    pub day: NaiveDate,
    /// See [`super::flag`].
    pub flags: i64,
    /// Seconds, rounded up.
    pub took: Option<i64>,
    /// It begins when something falls due, and not with an event.
    pub timed: bool,
}

/// What an issue is grouped by, for as long as it is so. An empty text: nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub from: Timestamp,
    /// Excluded.
    pub until: Option<Timestamp>,
    pub firm: EnterpriseId,
    pub category: String,
    pub department: String,
    pub section: String,
    /// First nine digits of the division code.
    pub town: String,
    /// Manager of the firm when it was submitted.
    pub manager: String,
}

/// All that figures need of an issue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// By kind and time.
    pub marks: Vec<Mark>,
    /// By time.
    pub subjects: Vec<Subject>,
}

/// Why a history cannot be counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Uncountable {
    #[error(transparent)]
    Broken(#[from] BrokenHistory),
    #[error("the pack {policy} or the calendar {calendar} that it is bound to is not at hand")]
    RulesMissing { policy: PolicyVersion, calendar: String },
    #[error("a deadline lies beyond the calendar {calendar}")]
    Calendar { calendar: String, source: OutOfCalendar },
}

impl Mark {
    /// Whether it is so, as was known at that moment.
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

impl Marks {
    /// Those of a whole history, in order. Nothing that is in it later changes what earlier marks say of earlier times:
    /// they end.
    pub fn of(events: &[Event], rulebook: &Rulebook) -> Result<Self, Uncountable> {
        let mut writer = Writer::default();
        let Some((first, rest)) = events.split_first() else { return Ok(Self::default()) };
        let mut issue = create(first)?;
        writer.note(first, &issue, events.get(1), rulebook)?;
        for (i, event) in rest.iter().enumerate() {
            issue = evolve(issue, event)?;
            writer.note(event, &issue, rest.get(i + 1), rulebook)?;
        }
        Ok(writer.finish())
    }

    /// What it is grouped by, as was known at that moment.
    pub fn subject_at(&self, at: Timestamp) -> Option<&Subject> {
        self.subjects
            .iter()
            .find(|subject| subject.from <= at && subject.until.is_none_or(|until| at < until))
    }
}

#[derive(Default)]
struct Writer {
    so_far: SoFar,
    open: BTreeMap<Kind, Mark>,
    done: Vec<Mark>,
    subjects: Vec<Subject>,
}

impl Writer {
    /// Writes what is so from an event until the next one.
    fn note(
        &mut self,
        event: &Event,
        after: &Issue,
        next: Option<&Event>,
        rulebook: &Rulebook,
    ) -> Result<(), Uncountable> {
        self.so_far.note(event, after);
        self.note_subject(after, event.at);
        // What is at the same moment as the next event lasts no time; rungs change nothing that is counted.
        let lasts = next.is_none_or(|next| event.at < next.at);
        if !lasts || (matches!(event.fact, Happened::RungReached { .. }) && next.is_some()) {
            return Ok(());
        }
        let rules = rulebook.of(after).ok_or_else(|| Uncountable::RulesMissing {
            policy: after.policy_version.clone(),
            calendar: after.calendar_version.clone(),
        })?;
        let beyond = |source| Uncountable::Calendar { calendar: after.calendar_version.clone(), source };
        let stand = Stand::new(after, rules).map_err(beyond)?;
        let facts = stand.facts(&mut self.so_far, event.at).map_err(beyond)?;
        self.write(facts, event.at, false);
        let mut turns: Vec<_> = stand.turns().filter(|at| event.at < *at).collect();
        turns.sort_unstable();
        turns.dedup();
        for at in turns.into_iter().filter(|at| next.is_none_or(|next| *at < next.at)) {
            let facts = stand.facts(&mut self.so_far, at).map_err(beyond)?;
            self.write(facts, at, true);
        }
        Ok(())
    }

    /// Ends what is no longer so, and begins what is so from now on.
    fn write(&mut self, mut facts: BTreeMap<Kind, Fact>, at: Timestamp, timed: bool) {
        let done = &mut self.done;
        self.open.retain(|kind, mark| {
            let as_before =
                |fact: &Fact| (fact.day, fact.flags, fact.took) == (mark.day, mark.flags, mark.took);
            let goes_on = facts.get(kind).is_some_and(as_before);
            if goes_on {
                facts.remove(kind);
            } else {
                done.push(Mark { until: Some(at), ..mark.clone() });
            }
            goes_on
        });
        for (kind, Fact { day, flags, took }) in facts {
            self.open.insert(kind, Mark { kind, from: at, until: None, day, flags, took, timed });
        }
    }

    fn note_subject(&mut self, issue: &Issue, at: Timestamp) {
        let subject = Subject {
            from: at,
            until: None,
            firm: issue.enterprise_id,
            category: issue.category.as_str().to_owned(),
            department: issue.department().map(|id| id.to_string()).unwrap_or_default(),
            section: issue.section().map(|id| id.to_string()).unwrap_or_default(),
            town: issue.division.as_str().chars().take(9).collect(),
            manager: issue.manager.map(|id| id.to_string()).unwrap_or_default(),
        };
        match self.subjects.last_mut() {
            Some(last) if Subject { from: last.from, ..subject.clone() } == *last => (),
            Some(last) if last.from == at => *last = subject,
            Some(last) => {
                last.until = Some(at);
                self.subjects.push(subject);
            }
            None => self.subjects.push(subject),
        }
    }

    fn finish(self) -> Marks {
        let mut marks = self.done;
        marks.extend(self.open.into_values());
        marks.sort_by_key(|mark| (mark.kind, mark.from));
        Marks { marks, subjects: self.subjects }
    }
}

/// A set of issues, by what they are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// The month that each part of a figure is dated by.
    Month,
    Category,
    /// The department that has the issue; so for the section.
    Department,
    Section,
    Town,
    Manager,
}

impl Grouping {
    /// The group of an issue; of a fact, for months.
    pub fn key(self, subject: &Subject, day: NaiveDate) -> String {
        match self {
            Self::Month => month_key(day),
            Self::Category => subject.category.clone(),
            Self::Department => subject.department.clone(),
            Self::Section => subject.section.clone(),
            Self::Town => subject.town.clone(),
            Self::Manager => subject.manager.clone(),
        }
    }
}

/// As "2026-03".
pub fn month_key(day: NaiveDate) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// What marks are added up as: [`Kind`]s as they stand, and what clearance needs to know of closes that were undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    Of(Kind),
    /// Closes less reopenings, of accepted issues; dated by their day.
    ClosedThen,
    /// The same, of issues that were closed again: dated by the last close, with the day of the earlier one beside it.
    ClosedAgain,
}

impl Measure {
    /// What the table of sums calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Of(kind) => kind.name(),
            Self::ClosedThen => "closed_then",
            Self::ClosedAgain => "closed_again",
        }
    }

    /// The reverse of `name`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "closed_then" => Some(Self::ClosedThen),
            "closed_again" => Some(Self::ClosedAgain),
            name => name.parse().ok().map(Self::Of),
        }
    }
}

/// What an issue adds to sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count {
    pub measure: Measure,
    pub day: NaiveDate,
    /// For [`Measure::ClosedAgain`] alone.
    pub other: Option<NaiveDate>,
    pub flags: i64,
    pub took: Option<i64>,
    /// 1 or -1.
    pub n: i64,
}

/// What an issue adds, as was known at that moment.
pub fn counts(marks: &[Mark], at: Timestamp) -> Vec<Count> {
    let holding = || marks.iter().filter(|mark| mark.holds_at(at));
    let mut counts: Vec<_> = holding()
        .map(|mark| Count {
            measure: Measure::Of(mark.kind),
            day: mark.day,
            other: None,
            flags: mark.flags,
            took: mark.took,
            n: 1,
        })
        .collect();
    if holding().any(|mark| mark.kind == Kind::Accepted) {
        let standing = holding().find(|mark| mark.kind == Kind::Closed);
        for close in marks.iter().filter(|mark| mark.kind == Kind::Closed && mark.from <= at) {
            let undone = close.until.filter(|until| *until <= at).map(|until| (local_date(until), -1));
            for (day, n) in std::iter::once((close.day, 1)).chain(undone) {
                let count = Count { measure: Measure::ClosedThen, day, other: None, flags: 0, took: None, n };
                counts.push(count);
                if let Some(standing) = standing.filter(|standing| standing.from != close.from) {
                    let (measure, other) = (Measure::ClosedAgain, Some(day));
                    counts.push(Count { measure, day: standing.day, other, ..count });
                }
            }
        }
    }
    counts
}
