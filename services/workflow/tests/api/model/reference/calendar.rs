//! Working time by counting: one entry for each minute of the calendar. Shares nothing with the code but the file that
//! names the holidays.

use std::{collections::HashSet, sync::LazyLock};

use chrono::{Datelike as _, NaiveDate, Weekday};

/// Seconds since the epoch.
pub type Second = i64;

/// The time of the country is eight hours ahead.
const ZONE: i64 = 8 * 3_600;
const DAY: i64 = 86_400;

static COUNTED: LazyLock<Counted> = LazyLock::new(Counted::read);

/// What the calendar says of each minute of its years.
struct Counted {
    /// The first local midnight, in local seconds.
    first: i64,
    worked: Vec<bool>,
    /// Minutes worked before the minute of this place.
    before: Vec<i64>,
}

impl Counted {
    fn read() -> Self {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../../../../../crates/worktime/data/china-2016-2027.json"))
                .unwrap();
        let date = |value: &serde_json::Value| -> NaiveDate { value.as_str().unwrap().parse().unwrap() };
        let (mut off, mut on) = (HashSet::new(), HashSet::new());
        for year in file["years"].as_array().unwrap() {
            for holiday in year["holidays"].as_array().unwrap() {
                off.extend(date(&holiday["from"]).iter_days().take_while(|day| *day <= date(&holiday["to"])));
            }
            on.extend(year["make_up_days"].as_array().unwrap().iter().map(|day| date(&day["date"])));
        }
        let start = NaiveDate::from_ymd_opt(2016, 1, 1).unwrap();
        let first = start.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp();
        let (mut worked, mut before, mut sum) = (Vec::new(), Vec::new(), 0);
        for day in start.iter_days().take_while(|day| day.year() <= 2027) {
            let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            let open = on.contains(&day) || !weekend && !off.contains(&day);
            for minute in 0..24 * 60 {
                let at_work = open && matches!(minute, 510..720 | 810..1_050);
                before.push(sum);
                worked.push(at_work);
                sum += i64::from(at_work);
            }
        }
        Self { first, worked, before }
    }
}

fn place(minute: i64) -> usize {
    usize::try_from(minute).unwrap()
}

/// Working seconds from the beginning of the calendar to this moment.
fn elapsed(at: Second) -> i64 {
    let local = at + ZONE - COUNTED.first;
    let (minute, second) = (place(local / 60), local % 60);
    COUNTED.before[minute] * 60 + if COUNTED.worked[minute] { second } else { 0 }
}

/// The first moment by which so many working seconds of the calendar are over.
fn reached(working: i64) -> Second {
    let full = COUNTED.before.partition_point(|before| *before * 60 < working);
    // All minutes before this one are over without the sum; so it is reached within the one before it.
    let minute = full.max(1) - 1;
    COUNTED.first - ZONE + i64::try_from(minute).unwrap() * 60 + (working - COUNTED.before[minute] * 60)
}

/// Working seconds between two moments.
pub fn worked(from: Second, to: Second) -> i64 {
    elapsed(to) - elapsed(from)
}

pub fn local_day(at: Second) -> i64 {
    (at + ZONE).div_euclid(DAY)
}

/// The local midnight that begins this day.
pub fn midnight(day: i64) -> Second {
    day * DAY - ZONE
}

pub fn date(day: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::Days::new(u64::try_from(day).unwrap())
}

/// Whether anybody works on this day.
pub fn is_working_day(day: i64) -> bool {
    worked(midnight(day), midnight(day + 1)) > 0
}

/// How long something may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Hours(i64),
    Days(i64),
}

impl Limit {
    /// Working seconds of it, and from when on they are counted.
    fn counted_from(self, start: Second) -> (Second, i64) {
        match self {
            Self::Hours(n) => (start, n * 3_600),
            // Days are counted from the midnight after the start: each has seven hours and a half.
            Self::Days(n) => (midnight(local_day(start) + 1), n * 27_000),
        }
    }
}

/// When the limit is worked outside of the pauses, which are in the order of time and do not meet.
pub fn deadline(start: Second, limit: Limit, pauses: &[(Second, Second)]) -> Second {
    let (mut from, left) = limit.counted_from(start);
    part(&mut from, left, pauses)
}

/// When half of the working time between two moments is over.
pub fn half(start: Second, due: Second) -> Second {
    reached(elapsed(start) + worked(start, due) / 2)
}

fn part(from: &mut Second, mut left: i64, pauses: &[(Second, Second)]) -> Second {
    for &(begin, until) in pauses {
        if until <= *from {
            continue;
        }
        let begin = begin.max(*from);
        let until_then = worked(*from, begin);
        if left <= until_then {
            break;
        }
        left -= until_then;
        *from = until;
    }
    reached(elapsed(*from) + left)
}

/// The same time of day so many working days earlier; outside of working time, that of the closing before it.
pub fn days_before(at: Second, days: i64) -> Second {
    let at = reached(elapsed(at));
    let (mut day, time) = (local_day(at), at - midnight(local_day(at)));
    let mut left = days;
    while left > 0 {
        day -= 1;
        left -= i64::from(is_working_day(day));
    }
    midnight(day) + time
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Second {
        chrono::DateTime::parse_from_rfc3339(&format!("{text}:00+08:00")).unwrap().timestamp()
    }

    #[test]
    fn hours_and_days_end_where_the_papers_say() {
        assert_eq!(deadline(at("2026-02-13T16:30"), Limit::Hours(2), &[]), at("2026-02-14T09:30"));
        assert_eq!(deadline(at("2026-03-02T10:00"), Limit::Hours(2), &[]), at("2026-03-02T12:00"));
        assert_eq!(deadline(at("2026-03-02T10:00"), Limit::Days(5), &[]), at("2026-03-09T17:30"));
        let pause = [(at("2026-03-04T10:00"), at("2026-03-04T14:00"))];
        assert_eq!(deadline(at("2026-03-02T10:00"), Limit::Days(5), &pause), at("2026-03-10T11:00"));
        assert_eq!(days_before(at("2026-03-09T17:30"), 1), at("2026-03-06T17:30"));
        assert_eq!(days_before(at("2026-03-06T20:00"), 1), at("2026-03-05T17:30"));
    }
}
