//! How much working time lies between two instants.

use chrono::{DateTime, Utc};

use crate::{
    Calendar, OutOfCalendar, Pauses,
    calendar::{SECOND, instant, local},
};

/// A span of working time, from `from`, included, to `until`, excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

/// How far off a deadline is, in working time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remaining {
    /// It has not passed; at the instant of the deadline the span is empty.
    Left(Span),
    /// It has passed; the span is empty until the office opens again.
    Overdue(Span),
}

/// An amount of working time, in working days as long as the calendar's and what is over; rounded down to seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub working_days: i64,
    /// Less than a working day, so below 8 where a day has seven hours and a half.
    pub hours: i64,
    /// 0 to 59.
    pub minutes: i64,
    /// 0 to 59.
    pub seconds: i64,
}

impl Calendar {
    /// Working time from `a` to `b`, in whole seconds; negative when `b` comes first.
    pub fn working_seconds_between(&self, a: DateTime<Utc>, b: DateTime<Utc>) -> Result<i64, OutOfCalendar> {
        self.active_seconds_between(a, b, &Pauses::NONE)
    }

    /// Working time from `a` to `b` outside `pauses`, in whole seconds; negative when `b` comes first.
    pub fn active_seconds_between(
        &self,
        a: DateTime<Utc>,
        b: DateTime<Utc>,
        pauses: &Pauses,
    ) -> Result<i64, OutOfCalendar> {
        Ok(self.active_between(a, b, pauses)? / SECOND)
    }

    /// Working days after the local date of `a`, up to and including that of `b`; negative when `b` comes first.
    pub fn working_days_between(&self, a: DateTime<Utc>, b: DateTime<Utc>) -> Result<i64, OutOfCalendar> {
        let n_through = |at| {
            let n_days = self.n_through(local(at).0)?;
            Ok(i64::try_from(n_days).expect("a calendar has fewer days than that"))
        };
        Ok(n_through(b)? - n_through(a)?)
    }

    /// How far off the deadline `due` is at `now`.
    pub fn remaining(&self, now: DateTime<Utc>, due: DateTime<Utc>) -> Result<Remaining, OutOfCalendar> {
        let left = self.active_between(now, due, &Pauses::NONE)?;
        let span = self.span(left.abs() / SECOND);
        Ok(if now <= due { Remaining::Left(span) } else { Remaining::Overdue(span) })
    }

    /// The working time from `a` to `b`, interval by interval; nothing when `b` comes first.
    /// As long as the answer is: one or two intervals a working day.
    pub fn intervals_between(
        &self,
        a: DateTime<Utc>,
        b: DateTime<Utc>,
    ) -> Result<Vec<Interval>, OutOfCalendar> {
        let mut intervals = Vec::new();
        for &date in self.working_days(local(a).0, local(b).0)? {
            for &(opens, closes) in self.hours.intervals() {
                let interval =
                    Interval { from: instant(date, opens).max(a), until: instant(date, closes).min(b) };
                if interval.from < interval.until {
                    intervals.push(interval);
                }
            }
        }
        Ok(intervals)
    }

    /// Working time from `a` to `b` outside the pauses, in nanoseconds; negative when `b` comes first.
    pub(crate) fn active_between(
        &self,
        a: DateTime<Utc>,
        b: DateTime<Utc>,
        pauses: &Pauses,
    ) -> Result<i64, OutOfCalendar> {
        if b < a {
            return Ok(-self.active_between(b, a, pauses)?);
        }
        let mut active = self.worked_by(b)? - self.worked_by(a)?;
        for pause in pauses.as_slice() {
            let (from, until) = (pause.from.max(a), pause.until.map_or(b, |until| until.min(b)));
            if from < until {
                active -= self.worked_by(until)? - self.worked_by(from)?;
            }
        }
        Ok(active)
    }

    fn span(&self, seconds: i64) -> Span {
        let (working_days, rest) = (seconds / self.seconds_per_day(), seconds % self.seconds_per_day());
        Span { working_days, hours: rest / 3600, minutes: rest / 60 % 60, seconds: rest % 60 }
    }
}
