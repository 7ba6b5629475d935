//! When each clock is or was due, and whether it was kept.

use kernel::Timestamp;
use worktime::{Calendar, Limit, OutOfCalendar};

use super::{ClockId, ClockKey, Gap, Run};
use crate::domain::{Issue, Rules};

/// A clock with its deadline. Once it has stopped, nothing here depends on the moment of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    pub key: ClockKey,
    pub limit: Limit,
    pub started_at: Timestamp,
    pub due_at: Timestamp,
    pub gaps: Vec<Gap>,
    pub stopped_at: Option<Timestamp>,
    pub void: bool,
    /// Stopped after it was due, or running past it.
    pub late: bool,
    /// Working time between the due time and the stop, or the moment of asking; 0 if that lies out of hours.
    pub late_seconds: i64,
}

/// A stretch of time as a clock saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub from: Timestamp,
    /// `None` while it lasts.
    pub until: Option<Timestamp>,
    /// Whether the clock ran; otherwise the step that stops it had been taken, which did not last.
    pub running: bool,
    /// Working time in it; up to the moment of asking while it lasts.
    pub working_seconds: i64,
}

/// Every clock that ever started, in the order of their starts. The rules are those that the issue is bound to.
pub fn clocks(issue: &Issue, rules: Rules<'_>, now: Timestamp) -> Result<Vec<Clock>, OutOfCalendar> {
    issue.runs.iter().map(|run| clock(run, issue, rules, now)).collect()
}

/// The clock in its last round.
pub fn latest(clocks: &[Clock], id: ClockId) -> Option<&Clock> {
    clocks.iter().rev().find(|clock| clock.key.id == id)
}

fn clock(run: &Run, issue: &Issue, rules: Rules<'_>, now: Timestamp) -> Result<Clock, OutOfCalendar> {
    let Run { key, started_at, ref gaps, stopped_at, void } = *run;
    let limit = rules.policy.limit(key.id, issue.difficulty);
    let due_at = rules.calendar.deadline(started_at, limit)?;
    let end = stopped_at.unwrap_or(now.max(started_at));
    let late = !void && due_at < end;
    let late_seconds = if late { rules.calendar.working_seconds_between(due_at, end)? } else { 0 };
    Ok(Clock { key, limit, started_at, due_at, gaps: gaps.clone(), stopped_at, void, late, late_seconds })
}

impl Clock {
    pub const fn is_running(&self) -> bool {
        self.stopped_at.is_none()
    }

    /// Whether it was kept. `None`: it still runs, or ended without the step that it waited for.
    pub fn on_time(&self) -> Option<bool> {
        (!self.is_running() && !self.void).then_some(!self.late)
    }

    /// What it did from its start on, without gap or overlap.
    pub fn intervals(&self, calendar: &Calendar, now: Timestamp) -> Result<Vec<Interval>, OutOfCalendar> {
        let mut bounds = vec![(self.started_at, true)];
        for gap in &self.gaps {
            bounds.push((gap.stopped_at, false));
            bounds.push((gap.resumed_at, true));
        }
        let ends = bounds.iter().skip(1).map(|bound| Some(bound.0)).chain([self.stopped_at]);
        bounds
            .iter()
            .zip(ends)
            .map(|(&(from, running), until)| {
                let working_seconds =
                    calendar.working_seconds_between(from, until.unwrap_or(now.max(from)))?;
                Ok(Interval { from, until, running, working_seconds })
            })
            .collect()
    }
}
