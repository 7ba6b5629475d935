//! When something is due.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};

use crate::{
    Calendar, Limit, OutOfCalendar, Pauses,
    calendar::{SECOND, local},
};

impl Calendar {
    /// When `limit`, given at `from`, ends.
    ///
    /// Working hours are elapsed working time: given outside working time they start at the next opening.
    /// Working days are counted from the local day after `from`, and the last one ends as the office closes,
    /// at whatever time of day `from` was. A limit of 0 ends at `from`.
    pub fn deadline(&self, from: DateTime<Utc>, limit: Limit) -> Result<DateTime<Utc>, OutOfCalendar> {
        let due = self.deadline_paused(from, limit, &Pauses::NONE)?;
        Ok(due.expect("only an open pause takes a deadline away"))
    }

    /// When `limit`, given at `from`, ends if its clock stood still during `pauses`. `None`: it stands still now.
    ///
    /// The deadline is the first instant by which the limit has been *worked outside the pauses*: N hours since
    /// `from`, or N whole working days since the midnight that ends the day of `from`. So each pause moves a
    /// deadline by exactly the working time it covers, for both units, and one that covers only nights, weekends
    /// and holidays by nothing. A limit in days may then end within a day; on the day of `from`, when such a
    /// limit does not run yet, a pause moves nothing. What happens at or after the deadline is of no effect.
    ///
    /// A pause that begins earlier, ends later or is added never makes the deadline earlier.
    pub fn deadline_paused(
        &self,
        from: DateTime<Utc>,
        limit: Limit,
        pauses: &Pauses,
    ) -> Result<Option<DateTime<Utc>>, OutOfCalendar> {
        let (start, amount) = match limit {
            Limit::WorkingHours(n) => (self.worked_by(from)?, i64::from(n).saturating_mul(60 * 60 * SECOND)),
            Limit::WorkingDays(n) => (self.time_of(self.n_through(local(from).0)?), self.days(n)),
        };
        self.run(from, start, amount, pauses)
    }

    /// `n` working days after `at`, at the same time of day: +1 on Friday 10:00 is Monday 10:00.
    /// Outside working time `at` counts as the last closing before it. 0 gives `at`.
    pub fn plus_working_days(&self, at: DateTime<Utc>, n: u32) -> Result<DateTime<Utc>, OutOfCalendar> {
        let worked = self.worked_by(at)?;
        if n == 0 { Ok(at) } else { self.reached(worked.saturating_add(self.days(n))) }
    }

    /// `n` working days before `at`, at the same time of day: what [`Calendar::plus_working_days`] takes back to `at`.
    /// Outside working time `at` counts as the last closing before it. 0 gives `at`.
    pub fn minus_working_days(&self, at: DateTime<Utc>, n: u32) -> Result<DateTime<Utc>, OutOfCalendar> {
        let worked = self.worked_by(at)?;
        if n == 0 { Ok(at) } else { self.reached(worked.saturating_sub(self.days(n))) }
    }

    /// The instant by which `numerator / denominator` of the working time from `from` to `due` has passed.
    /// `from` itself for a part of nothing. Above 1 it lies beyond `due`.
    pub fn fraction(
        &self,
        from: DateTime<Utc>,
        due: DateTime<Utc>,
        numerator: u32,
        denominator: NonZeroU32,
    ) -> Result<DateTime<Utc>, OutOfCalendar> {
        let at = self.fraction_paused(from, due, numerator, denominator, &Pauses::NONE)?;
        Ok(at.expect("only an open pause takes an instant away"))
    }

    /// As [`Calendar::fraction`], of the working time outside `pauses`. `None`: the clock stands still before it
    /// gets there.
    pub fn fraction_paused(
        &self,
        from: DateTime<Utc>,
        due: DateTime<Utc>,
        numerator: u32,
        denominator: NonZeroU32,
        pauses: &Pauses,
    ) -> Result<Option<DateTime<Utc>>, OutOfCalendar> {
        let whole = self.active_between(from, due, pauses)?.max(0);
        let part = i128::from(whole) * i128::from(numerator) / i128::from(denominator.get());
        self.run(from, self.worked_by(from)?, i64::try_from(part).unwrap_or(i64::MAX), pauses)
    }

    /// Lets a clock run for `amount` of working time outside the pauses, from `start` on the scale of
    /// [`Calendar::worked_by`], which is not before `from`.
    fn run(
        &self,
        from: DateTime<Utc>,
        start: i64,
        amount: i64,
        pauses: &Pauses,
    ) -> Result<Option<DateTime<Utc>>, OutOfCalendar> {
        if amount == 0 {
            return Ok(Some(from));
        }
        let mut due = start.saturating_add(amount);
        for pause in pauses.as_slice().iter().filter(|pause| pause.until.is_none_or(|until| from < until)) {
            let begin = match self.worked_by(pause.from.max(from)) {
                Ok(begin) if due <= begin => break,
                Ok(begin) => begin.max(start),
                // Beyond the calendar, while the deadline is still in it.
                Err(_) if due <= self.total() => break,
                Err(out) => return Err(out),
            };
            let Some(until) = pause.until else { return Ok(None) };
            due = due.saturating_add((self.worked_by(until)? - begin).max(0));
        }
        self.reached(due).map(Some)
    }

    fn days(&self, n: u32) -> i64 {
        usize::try_from(n).map_or(i64::MAX, |n| self.time_of(n))
    }
}
