//! Why a deadline lies where it does: the working time that was counted, day by day, and what was not.
//!
//! The lines follow on one another in time up to the deadline that holds. What they count adds up to the limit exactly
//! where the original deadline is marked, and in the end to the limit with its extensions. Text in both languages is made
//! from the same lines, see [`Explanation::chinese`] and [`Explanation::english`].

use chrono::{Datelike as _, NaiveDate};
use kernel::Timestamp;
use worktime::{Calendar, Day, Limit, OutOfCalendar, Pauses};

use super::{Clock, ClockId, Gap, due::pauses_of, local_date, start_of_day};
use crate::domain::Rules;

mod words;

/// A clock with more intervals than this is told in longer stretches: nobody reads thirty lines.
const MAX_INTERVALS: usize = 12;
const NANOS: i64 = 1_000_000_000;

/// What is to be explained. What the clock had been given when, and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub clock: ClockId,
    pub limit: Limit,
    pub started_at: Timestamp,
    /// Before any extension: what the limit and the pauses alone give.
    pub original_due_at: Timestamp,
    /// The deadline that holds.
    pub due_at: Timestamp,
    /// While the firm was asked to supply something; they move the deadline.
    pub pauses: &'a Pauses,
    /// Stops that did not last; they move nothing.
    pub gaps: &'a [Gap],
}

/// Why a deadline lies where it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub clock: ClockId,
    pub limit: Limit,
    pub started_at: Timestamp,
    pub original_due_at: Timestamp,
    pub due_at: Timestamp,
    /// In the order of time, from the start of the count to the deadline that holds.
    pub lines: Vec<Line>,
    pub gaps: Vec<Gap>,
    /// Whether days were drawn together into longer stretches.
    pub summarised: bool,
    /// The year of the deadline that holds, if its holidays are not announced yet.
    pub provisional_year: Option<i32>,
}

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Counted(Counted),
    /// Days between that are not worked, all for the same reason; both included.
    Skipped {
        first: NaiveDate,
        last: NaiveDate,
        why: DayOff,
    },
    /// The firm was asked to supply something, or for C2 an operator had to rule on a return.
    Paused {
        from: Timestamp,
        /// Not after the deadline that holds.
        until: Timestamp,
        /// Working time in it, which was not counted, in nanoseconds.
        nanos: i64,
    },
    /// Up to here the limit alone goes; what follows was added by extensions.
    OriginalDeadline {
        at: Timestamp,
        /// With all before it, in nanoseconds.
        sum_nanos: i64,
    },
}

/// Working time that counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub from: Timestamp,
    pub until: Timestamp,
    /// Working days that it lies on, at least 1; more than 1 only when days were drawn together.
    pub n_days: u32,
    /// The holiday in exchange for which the day is worked.
    pub make_up_for: Option<String>,
    /// In nanoseconds.
    pub nanos: i64,
    /// With all before it, in nanoseconds.
    pub sum_nanos: i64,
}

/// Why a day is not worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayOff {
    Weekend,
    /// By its Chinese name, as the calendar has it.
    Holiday(String),
}

/// What a clock stands still for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// The firm was asked to supply something.
    Firm,
    /// An operator has to rule on a return.
    Ruling,
}

impl Awaited {
    pub const fn by(clock: ClockId) -> Self {
        if matches!(clock, ClockId::C2) { Self::Ruling } else { Self::Firm }
    }
}

/// Explains a deadline. Fails only where the deadline itself could not have been computed.
pub fn explain(question: &Question<'_>, calendar: &Calendar) -> Result<Explanation, OutOfCalendar> {
    let Question { clock, limit, started_at, original_due_at, due_at, pauses, gaps } = *question;
    let from = match limit {
        Limit::WorkingHours(_) => started_at,
        // The day of the start does not count.
        Limit::WorkingDays(_) => start_of_day(local_date(started_at).succ_opt().unwrap_or(NaiveDate::MAX)),
    };
    let mut counted = counted(from, original_due_at, 0, pauses, calendar)?;
    let mut mark = None;
    if original_due_at < due_at {
        let sum_nanos = counted.last().map_or(0, |last| last.sum_nanos);
        mark = Some(Line::OriginalDeadline { at: original_due_at, sum_nanos });
        counted.extend(self::counted(original_due_at, due_at, sum_nanos, pauses, calendar)?);
    }
    let summarised = MAX_INTERVALS < counted.len();
    // Of lines that begin together the first stays so: nothing that is added comes before the mark.
    let mut lines: Vec<Line> = mark.into_iter().chain(counted.into_iter().map(Line::Counted)).collect();
    lines.extend(skipped(from, due_at, calendar)?);
    lines.extend(paused(from, due_at, pauses, calendar)?);
    lines.sort_by_key(Line::begins);
    if summarised {
        lines = drawn_together(lines);
    }
    let due_on = local_date(due_at);
    let provisional_year = calendar.is_provisional(due_on).then(|| due_on.year());
    Ok(Explanation {
        clock,
        limit,
        started_at,
        original_due_at,
        due_at,
        lines,
        gaps: gaps.to_vec(),
        summarised,
        provisional_year,
    })
}

impl Clock {
    /// Explains its deadline.
    pub fn explained(&self, rules: Rules<'_>) -> Result<Explanation, OutOfCalendar> {
        let question = Question {
            clock: self.key.id,
            limit: self.limit,
            started_at: self.started_at,
            original_due_at: self.original_due_at,
            due_at: self.due_at,
            pauses: &pauses_of(&self.pauses),
            gaps: &self.gaps,
        };
        let explanation = explain(&question, rules.for_clock(self).calendar)?;
        // The deadline of a clock that has stopped moves no more.
        let provisional_year = explanation.provisional_year.filter(|_| self.is_running());
        Ok(Explanation { provisional_year, ..explanation })
    }
}

impl Line {
    fn begins(&self) -> Timestamp {
        match self {
            Self::Counted(Counted { from, .. }) | Self::Paused { from, .. } => *from,
            Self::Skipped { first, .. } => start_of_day(*first),
            Self::OriginalDeadline { at, .. } => *at,
        }
    }
}

impl Counted {
    /// What it counts in whole seconds; over all lines these add up to the whole seconds of the sum.
    pub const fn seconds(&self) -> i64 {
        self.sum_nanos / NANOS - (self.sum_nanos - self.nanos) / NANOS
    }

    pub const fn sum_seconds(&self) -> i64 {
        self.sum_nanos / NANOS
    }
}

/// What counts in a stretch, after `sum_nanos` that counted before it.
fn counted(
    from: Timestamp,
    until: Timestamp,
    mut sum_nanos: i64,
    pauses: &Pauses,
    calendar: &Calendar,
) -> Result<Vec<Counted>, OutOfCalendar> {
    let mut counted = Vec::new();
    for worked in calendar.intervals_between(from, until)? {
        let make_up_for = match calendar.day(local_date(worked.from))? {
            Day::MakeUp { of } => Some(of.to_owned()),
            Day::Workday | Day::Weekend | Day::Holiday { .. } => None,
        };
        for (from, until) in outside(pauses, worked.from, worked.until) {
            let nanos = nanos_between(from, until);
            sum_nanos += nanos;
            counted.push(Counted {
                from,
                until,
                n_days: 1,
                make_up_for: make_up_for.clone(),
                nanos,
                sum_nanos,
            });
        }
    }
    Ok(counted)
}

/// What of a stretch lies outside the pauses, in order.
fn outside(pauses: &Pauses, from: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut parts = Vec::new();
    let mut free_from = from;
    for pause in pauses.as_slice() {
        if free_from < pause.from.min(until) {
            parts.push((free_from, pause.from.min(until)));
        }
        free_from = free_from.max(pause.until.unwrap_or(until));
    }
    if free_from < until {
        parts.push((free_from, until));
    }
    parts
}

fn skipped(from: Timestamp, until: Timestamp, calendar: &Calendar) -> Result<Vec<Line>, OutOfCalendar> {
    let mut skipped: Vec<Line> = Vec::new();
    let last_day = local_date(until);
    for day in local_date(from).iter_days().take_while(|day| *day <= last_day) {
        let off = match calendar.day(day)? {
            Day::Workday | Day::MakeUp { .. } => continue,
            Day::Weekend => DayOff::Weekend,
            Day::Holiday { name } => DayOff::Holiday(name.to_owned()),
        };
        match skipped.last_mut() {
            Some(Line::Skipped { last, why, .. }) if last.succ_opt() == Some(day) && *why == off => {
                *last = day;
            }
            _ => skipped.push(Line::Skipped { first: day, last: day, why: off }),
        }
    }
    Ok(skipped)
}

fn paused(
    from: Timestamp,
    until: Timestamp,
    pauses: &Pauses,
    calendar: &Calendar,
) -> Result<Vec<Line>, OutOfCalendar> {
    let mut lines = Vec::new();
    for pause in pauses.as_slice() {
        let (from, until) = (pause.from.max(from), pause.until.unwrap_or(until).min(until));
        if from < until {
            let worked = calendar.intervals_between(from, until)?;
            let nanos = worked.iter().map(|worked| nanos_between(worked.from, worked.until)).sum();
            lines.push(Line::Paused { from, until, nanos });
        }
    }
    Ok(lines)
}

/// Draws counted time together that nothing interrupts but nights and lunch. The first and the last day stay as they
/// are, and so do make-up days: those are what is asked about.
fn drawn_together(lines: Vec<Line>) -> Vec<Line> {
    let day = |line: &Line| match line {
        Line::Counted(counted) => Some(local_date(counted.from)),
        Line::Skipped { .. } | Line::Paused { .. } | Line::OriginalDeadline { .. } => None,
    };
    let first_day = lines.iter().find_map(day);
    let last_day = lines.iter().rev().find_map(day);
    let mut drawn: Vec<Line> = Vec::with_capacity(lines.len());
    for line in lines {
        let on = day(&line);
        let stays = on == first_day || on == last_day;
        match (drawn.last_mut(), line) {
            (Some(Line::Counted(before)), Line::Counted(next))
                if !stays
                    && Some(local_date(before.from)) != first_day
                    && before.make_up_for.is_none()
                    && next.make_up_for.is_none() =>
            {
                before.n_days += u32::from(local_date(before.until) != local_date(next.from));
                before.until = next.until;
                before.nanos += next.nanos;
                before.sum_nanos = next.sum_nanos;
            }
            (_, line) => drawn.push(line),
        }
    }
    drawn
}

fn nanos_between(from: Timestamp, until: Timestamp) -> i64 {
    (until - from).num_nanoseconds().unwrap_or(i64::MAX)
}

/// Whether a date needs its year beside those of a clock that started then.
fn in_another_year(date: NaiveDate, started: NaiveDate) -> bool {
    date.year() != started.year()
}

#[cfg(test)]
mod tests;
