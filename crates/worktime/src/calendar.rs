//! Which days are worked.

use std::{collections::BTreeMap, sync::LazyLock};

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Timelike as _, Utc};

use crate::{CalendarError, data, hours::Hours};

/// The zone of every calendar: UTC+08:00, without daylight saving.
pub const ZONE: FixedOffset = FixedOffset::east_opt(8 * 60 * 60).expect("eight hours are an offset");

pub(crate) const SECOND: i64 = 1_000_000_000;

/// The working days of a span of whole years, and the hours worked on each of them.
///
/// Built once from a data file; every question is then answered from tables of running counts.
#[derive(Debug, Clone)]
pub struct Calendar {
    version: String,
    first_year: i32,
    /// The last year for which a notice is out: the last, or the one before a provisional one.
    announced_year: i32,
    last_year: i32,
    pub(crate) hours: Hours,
    named: BTreeMap<NaiveDate, Named>,
    /// Every working day, in order.
    working: Vec<NaiveDate>,
    /// Entry `i`: working days before the `i`-th day of the calendar. One entry more than there are days.
    n_before: Vec<usize>,
}

/// What kind of day a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day<'a> {
    /// Monday to Friday, worked.
    Workday,
    /// A weekend day worked in exchange for a day of the holiday `of`.
    MakeUp { of: &'a str },
    /// Saturday or Sunday, not worked.
    Weekend,
    /// Not worked, whatever its weekday.
    Holiday { name: &'a str },
}

impl Day<'_> {
    pub fn is_working(self) -> bool {
        matches!(self, Day::Workday | Day::MakeUp { .. })
    }
}

/// A day that the data file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    Holiday(String),
    MakeUp(String),
}

/// A question about a day that the calendar does not cover. Nothing was guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{date} is outside the calendar, which covers {first_year} to {last_year}")]
pub struct OutOfCalendar {
    /// The day asked for; where an answer would lie somewhere outside, the nearest day outside.
    pub date: NaiveDate,
    pub first_year: i32,
    pub last_year: i32,
}

impl Calendar {
    /// The calendar of mainland China, 08:30–12:00 and 13:30–17:30. 2016 to 2026: the yearly notices of the General
    /// Office of the State Council with their later changes (Labour Day 2019, Spring Festival 2020). 2027 is
    /// provisional: the days off that the regulation on public holidays gives.
    pub fn china() -> &'static Self {
        static CHINA: LazyLock<Calendar> = LazyLock::new(|| {
            Calendar::parse(Calendar::china_data()).expect("a test parses the embedded calendar")
        });
        &CHINA
    }

    /// The data file that [`Calendar::china`] is read from.
    pub const fn china_data() -> &'static str {
        include_str!("../data/china-2016-2027.json")
    }

    /// Reads a calendar from its JSON data file. Fails with the place of each fault; see the README for the format.
    pub fn parse(json: &str) -> Result<Self, CalendarError> {
        data::parse(json)
    }

    /// The caller has checked the years and that each named day lies in them.
    pub(crate) fn build(
        version: String,
        (first_year, announced_year, last_year): (i32, i32, i32),
        hours: Hours,
        named: BTreeMap<NaiveDate, Named>,
    ) -> Self {
        let first_day = new_year(first_year);
        let mut working = Vec::new();
        let mut n_before = vec![0];
        for date in first_day.iter_days().take_while(|date| date.year() <= last_year) {
            if day(&named, date).is_working() {
                working.push(date);
            }
            n_before.push(working.len());
        }
        Self { version, first_year, announced_year, last_year, hours, named, working, n_before }
    }

    /// The version that the data file gives itself; what was computed with a calendar should be kept with it.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn first_year(&self) -> i32 {
        self.first_year
    }

    pub fn last_year(&self) -> i32 {
        self.last_year
    }

    /// The last day that it covers: 31 December of the last year.
    pub fn last_day(&self) -> NaiveDate {
        new_year(self.last_year + 1) - TimeDelta::days(1)
    }

    /// The last day of the last year for which a notice is out; days after it belong to a provisional year. The next
    /// notice may still touch the days before it, as that for 2019 did with 29 and 31 December 2018.
    pub fn last_announced_day(&self) -> NaiveDate {
        new_year(self.announced_year + 1) - TimeDelta::days(1)
    }

    /// Whether `date` lies in a year for which no notice is out: a later calendar may have other days off there.
    /// False for dates that are not covered at all.
    pub fn is_provisional(&self, date: NaiveDate) -> bool {
        self.announced_year < date.year() && date.year() <= self.last_year
    }

    /// Working time of one working day, in seconds.
    pub fn seconds_per_day(&self) -> i64 {
        self.hours.total() / SECOND
    }

    pub fn day(&self, date: NaiveDate) -> Result<Day<'_>, OutOfCalendar> {
        self.index(date).map(|_| day(&self.named, date))
    }

    pub fn is_working_day(&self, date: NaiveDate) -> Result<bool, OutOfCalendar> {
        self.index(date).map(|index| self.n_before[index] < self.n_before[index + 1])
    }

    pub fn working_days_in_year(&self, year: i32) -> Result<usize, OutOfCalendar> {
        if year < self.first_year || self.last_year < year {
            let date = NaiveDate::from_ymd_opt(year, 1, 1);
            let nearest = if year < self.first_year { NaiveDate::MIN } else { NaiveDate::MAX };
            return Err(self.out(date.unwrap_or(nearest)));
        }
        let through_december = self.n_before[self.offset(new_year(year + 1))];
        Ok(through_december - self.n_before[self.offset(new_year(year))])
    }

    /// The `n`-th working day after `date`; `date` itself when `n` is 0, worked or not.
    pub fn working_day_after(&self, date: NaiveDate, n: u32) -> Result<NaiveDate, OutOfCalendar> {
        let n_through = self.n_through(date)?;
        let Some(n_more) = usize::try_from(n).ok().and_then(|n| n.checked_sub(1)) else { return Ok(date) };
        let nth = n_through.checked_add(n_more).and_then(|nth| self.working.get(nth));
        nth.copied().ok_or_else(|| self.past_the_end())
    }

    /// Working days up to and including `date`.
    pub(crate) fn n_through(&self, date: NaiveDate) -> Result<usize, OutOfCalendar> {
        self.index(date).map(|index| self.n_before[index + 1])
    }

    /// Working time from the start of the calendar to `at`, in nanoseconds.
    pub(crate) fn worked_by(&self, at: DateTime<Utc>) -> Result<i64, OutOfCalendar> {
        let (date, time) = local(at);
        let index = self.index(date)?;
        let (n_before, n_through) = (self.n_before[index], self.n_before[index + 1]);
        let today = if n_before < n_through { self.hours.worked_by(time) } else { 0 };
        Ok(self.time_of(n_before) + today)
    }

    /// Working time of `n_days` whole working days, in nanoseconds.
    pub(crate) fn time_of(&self, n_days: usize) -> i64 {
        i64::try_from(n_days).map_or(i64::MAX, |n_days| n_days.saturating_mul(self.hours.total()))
    }

    /// Working time of the whole calendar, in nanoseconds.
    pub(crate) fn total(&self) -> i64 {
        self.time_of(self.working.len())
    }

    /// The first instant by which `worked` nanoseconds since the start of the calendar have been worked.
    /// Always within an interval or at its end, never at its start.
    pub(crate) fn reached(&self, worked: i64) -> Result<DateTime<Utc>, OutOfCalendar> {
        let days = worked.checked_sub(1).filter(|_| 0 < worked).ok_or_else(|| self.before_the_start())?;
        let whole_days = days / self.hours.total();
        let date = usize::try_from(whole_days).ok().and_then(|nth| self.working.get(nth));
        let date = date.ok_or_else(|| self.past_the_end())?;
        Ok(instant(*date, self.hours.reached(worked - whole_days * self.hours.total())))
    }

    /// `at` itself when it is worked, otherwise the next opening after it.
    pub fn next_opening(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, OutOfCalendar> {
        let (date, time) = local(at);
        if self.is_working_day(date)?
            && let Some(opening) = self.hours.next_opening(time)
        {
            return Ok(instant(date, opening));
        }
        let next = self.working_day_after(date, 1)?;
        let opening = self.hours.next_opening(0).expect("a working day has an interval");
        Ok(instant(next, opening))
    }

    /// The working days from `first` to `last`, both included, in order.
    pub(crate) fn working_days(
        &self,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<&[NaiveDate], OutOfCalendar> {
        let (from, to) = (self.n_before[self.index(first)?], self.n_through(last)?);
        Ok(self.working.get(from..to).unwrap_or_default())
    }

    fn index(&self, date: NaiveDate) -> Result<usize, OutOfCalendar> {
        let covered = self.first_year <= date.year() && date.year() <= self.last_year;
        if covered { Ok(self.offset(date)) } else { Err(self.out(date)) }
    }

    /// Days from the start of the calendar to `date`, which lies in it or follows its last day.
    fn offset(&self, date: NaiveDate) -> usize {
        let days = date.signed_duration_since(new_year(self.first_year)).num_days();
        usize::try_from(days).expect("the date is not before the calendar")
    }

    fn out(&self, date: NaiveDate) -> OutOfCalendar {
        OutOfCalendar { date, first_year: self.first_year, last_year: self.last_year }
    }

    fn before_the_start(&self) -> OutOfCalendar {
        self.out(new_year(self.first_year) - TimeDelta::days(1))
    }

    pub(crate) fn past_the_end(&self) -> OutOfCalendar {
        self.out(new_year(self.last_year + 1))
    }
}

fn day(named: &BTreeMap<NaiveDate, Named>, date: NaiveDate) -> Day<'_> {
    match named.get(&date) {
        Some(Named::Holiday(name)) => Day::Holiday { name },
        Some(Named::MakeUp(of)) => Day::MakeUp { of },
        None if is_weekend(date) => Day::Weekend,
        None => Day::Workday,
    }
}

pub(crate) fn is_weekend(date: NaiveDate) -> bool {
    5 <= date.weekday().num_days_from_monday()
}

fn new_year(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).expect("years are checked when a calendar is parsed")
}

/// Local date, and nanoseconds since local midnight.
pub(crate) fn local(at: DateTime<Utc>) -> (NaiveDate, i64) {
    // Within eight hours of the last instant that can be written there is no local time; no calendar goes there.
    let naive = at.naive_utc().checked_add_offset(ZONE).unwrap_or(at.naive_utc());
    let time = naive.time();
    let seconds = i64::from(time.num_seconds_from_midnight());
    (naive.date(), seconds * SECOND + i64::from(time.nanosecond()))
}

/// The instant `time` nanoseconds after local midnight of `date`.
pub(crate) fn instant(date: NaiveDate, time: i64) -> DateTime<Utc> {
    ((date.and_time(NaiveTime::MIN) - ZONE) + TimeDelta::nanoseconds(time)).and_utc()
}
