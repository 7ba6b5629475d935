//! When each clock is or was due, and whether it was kept.

use chrono::{NaiveDate, TimeDelta};
use kernel::Timestamp;
use worktime::{Limit, OutOfCalendar, Pauses};

use super::{ClockId, ClockKey, ClockName, Clocked, Gap, Pause, Run, start_of_day};
use crate::domain::Rules;

/// A clock with its deadline. Once it has stopped, nothing here depends on the moment of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock<I = ClockId> {
    pub key: ClockKey<I>,
    pub limit: Limit,
    /// The day at whose end it is due, whatever the limit.
    pub day: Option<NaiveDate>,
    pub started_at: Timestamp,
    /// While it stands still: when it would be due if it went on at once.
    pub due_at: Timestamp,
    /// When it would be due without the extensions.
    pub original_due_at: Timestamp,
    pub gaps: Vec<Gap>,
    pub pauses: Vec<Pause>,
    /// Working days by which it was extended.
    pub extended: u32,
    pub stopped_at: Option<Timestamp>,
    pub void: bool,
    /// Stopped after it was due, or running past it.
    pub late: bool,
    /// Working time between the due time and the stop, or the moment of asking; 0 if that lies out of hours.
    pub late_seconds: i64,
    /// Version of the calendar that all this was reckoned by.
    pub calendar_version: String,
}

/// A stretch of time as a clock saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub from: Timestamp,
    /// `None` while it lasts.
    pub until: Option<Timestamp>,
    pub kind: IntervalKind,
    /// Working time in it; up to the moment of asking while it lasts.
    pub working_seconds: i64,
}

/// What a clock did in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IntervalKind {
    Running,
    /// Somebody else had to act, and the time was taken off.
    Paused,
    /// The step that stops it had been taken and did not last.
    Answered,
}

/// Every clock that ever started, in the order of their starts. The rules are those that the issue or order is bound to.
pub fn clocks<T: Clocked>(
    of: &T,
    rules: Rules<'_>,
    now: Timestamp,
) -> Result<Vec<Clock<T::Id>>, OutOfCalendar> {
    let limit = |run: &Run<T::Id>| of.limit(run.key.id, rules.policy);
    of.runs().iter().map(|run| clock(run, limit(run), rules, now)).collect()
}

/// The clock in its last round.
pub fn latest<I: ClockName>(clocks: &[Clock<I>], id: I) -> Option<&Clock<I>> {
    clocks.iter().rev().find(|clock| clock.key.id == id)
}

fn clock<I: ClockName>(
    run: &Run<I>,
    limit: Limit,
    rules: Rules<'_>,
    now: Timestamp,
) -> Result<Clock<I>, OutOfCalendar> {
    let Run { key, started_at, day, ref gaps, ref pauses, extended, stopped_at, void, calendar: _ } = *run;
    let calendar = rules.calendar_of(run);
    let stood_still = pauses_of(pauses);
    let due = |limit| {
        if let Some(day) = day {
            // It may be a day off; but it has to be one that the calendar knows.
            return calendar.day(day).map(|_| start_of_day(day) + TimeDelta::days(1));
        }
        let due = calendar.deadline_paused(started_at, limit, &stood_still)?;
        Ok(due.expect("only an open pause takes a deadline away"))
    };
    let original_due_at = due(limit)?;
    let due_at = due(longer(limit, extended, rules.policy.reply_cap))?;
    let end = stopped_at.or(run.paused_since()).unwrap_or(now.max(started_at));
    let late = !void && due_at < end;
    let late_seconds = if late { calendar.active_seconds_between(due_at, end, &stood_still)? } else { 0 };
    Ok(Clock {
        key,
        limit,
        day,
        started_at,
        due_at,
        original_due_at,
        gaps: gaps.clone(),
        pauses: pauses.clone(),
        extended,
        stopped_at,
        void,
        late,
        late_seconds,
        calendar_version: calendar.version().to_owned(),
    })
}

/// The pauses as far as they are over: one that lasts has not moved the deadline yet.
pub(super) fn pauses_of(pauses: &[Pause]) -> Pauses {
    let over = pauses.iter().filter(|pause| pause.until.is_some());
    let over = over.map(|pause| worktime::Pause { from: pause.from, until: pause.until }).collect();
    Pauses::try_new(over).expect("a history goes forward in time")
}

/// Only C4 is ever extended, whose limit is in working days, and never beyond the cap: also not where it was extended
/// first, and the issue turned out to be harder afterwards.
fn longer(limit: Limit, working_days: u32, cap: u32) -> Limit {
    match limit {
        Limit::WorkingDays(_) if working_days == 0 => limit,
        Limit::WorkingDays(days) => Limit::WorkingDays(days.saturating_add(working_days).min(cap)),
        Limit::WorkingHours(_) => limit,
    }
}

impl<I: ClockName> Clock<I> {
    pub const fn is_running(&self) -> bool {
        self.stopped_at.is_none()
    }

    /// Since when it stands still.
    pub fn paused_since(&self) -> Option<Timestamp> {
        self.pauses.last().filter(|pause| pause.until.is_none()).map(|pause| pause.from)
    }

    /// Whether time passes on it.
    pub fn counts_down(&self) -> bool {
        self.is_running() && self.paused_since().is_none()
    }

    /// Whether it would have been kept without the extensions. `None`: as with [`Clock::on_time`].
    pub fn on_time_originally(&self) -> Option<bool> {
        let stopped_at = self.stopped_at.filter(|_| !self.void)?;
        Some(stopped_at <= self.original_due_at)
    }

    /// Whether it was kept. `None`: it still runs, or ended without the step that it waited for.
    pub fn on_time(&self) -> Option<bool> {
        (!self.is_running() && !self.void).then_some(!self.late)
    }

    /// What it did from its start on, without gap or overlap.
    pub fn intervals(&self, rules: Rules<'_>, now: Timestamp) -> Result<Vec<Interval>, OutOfCalendar> {
        let calendar = rules.for_clock(self).calendar;
        let mut bounds = vec![(self.started_at, IntervalKind::Running)];
        let gaps = self.gaps.iter().map(|gap| (gap.stopped_at, Some(gap.resumed_at), IntervalKind::Answered));
        let pauses = self.pauses.iter().map(|pause| (pause.from, pause.until, IntervalKind::Paused));
        let mut still: Vec<_> = gaps.chain(pauses).collect();
        still.sort_unstable();
        for (from, until, kind) in still {
            bounds.push((from, kind));
            bounds.extend(until.map(|until| (until, IntervalKind::Running)));
        }
        // A pause that the end of the clock ended leaves nothing behind it.
        let ended =
            |from: Timestamp| self.stopped_at.is_some_and(|end| end <= from) && from != self.started_at;
        bounds.retain(|(from, kind)| *kind != IntervalKind::Running || !ended(*from));
        let ends = bounds.iter().skip(1).map(|bound| Some(bound.0)).chain([self.stopped_at]);
        bounds
            .iter()
            .zip(ends)
            .map(|(&(from, kind), until)| {
                let working_seconds =
                    calendar.working_seconds_between(from, until.unwrap_or(now.max(from)))?;
                Ok(Interval { from, until, kind, working_seconds })
            })
            .collect()
    }
}
