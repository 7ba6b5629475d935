//! The arithmetic against one that counts minutes one by one and shares nothing with it but the data file.

use std::collections::HashSet;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use worktime::{Calendar, Limit, Pause, Pauses};

const N_CASES: u32 = 100_000;
const N_SHARES: u32 = 4;
/// Of the properties that need no oracle.
const N_PROPERTY_CASES: u32 = 10_000;
const DAY: usize = 24 * 60;

/// For each minute of the calendar, whether it is worked.
struct Oracle {
    first_day: NaiveDate,
    worked: Vec<bool>,
    /// The worked minutes themselves, in order: what is counted, one by one.
    minutes: Vec<usize>,
}

/// A pause in minutes; `None` while it lasts.
type PauseMinutes = (usize, Option<usize>);

impl Oracle {
    fn read() -> Self {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../data/china-2016-2027.json")).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let (mut off, mut make_up) = (HashSet::new(), HashSet::new());
        for year in file["years"].as_array().unwrap() {
            for holiday in year["holidays"].as_array().unwrap() {
                let mut day: NaiveDate = text(&holiday["from"]).parse().unwrap();
                while day.to_string() <= text(&holiday["to"]) {
                    off.insert(day);
                    day = day.succ_opt().unwrap();
                }
            }
            let days = year["make_up_days"].as_array().unwrap();
            make_up.extend(days.iter().map(|day| text(&day["date"]).parse::<NaiveDate>().unwrap()));
        }
        let first_day = NaiveDate::from_ymd_opt(2016, 1, 1).unwrap();
        let mut worked = Vec::new();
        for day in first_day.iter_days().take_while(|day| day.year() < 2028) {
            let weekday = !matches!(day.weekday(), chrono::Weekday::Sat | chrono::Weekday::Sun);
            let is_worked = make_up.contains(&day) || weekday && !off.contains(&day);
            worked.extend((0..DAY).map(|m| is_worked && matches!(m, 510..720 | 810..1050)));
        }
        let minutes = (0..worked.len()).filter(|minute| worked[*minute]).collect();
        Self { first_day, worked, minutes }
    }

    /// The worked minutes from `start` on.
    fn minutes_from(&self, start: usize) -> &[usize] {
        &self.minutes[self.minutes.partition_point(|minute| *minute < start)..]
    }

    fn instant(&self, minute: usize) -> DateTime<Utc> {
        let midnight = self.first_day.and_hms_opt(0, 0, 0).unwrap().and_utc() - TimeDelta::hours(8);
        midnight + TimeDelta::minutes(i64::try_from(minute).unwrap())
    }

    fn deadline(&self, from: usize, limit: Limit, pauses: &[PauseMinutes]) -> Option<usize> {
        let (start, mut left) = match limit {
            Limit::WorkingHours(n) => (from, n * 60),
            Limit::WorkingDays(n) => ((from / DAY + 1) * DAY, n * 450),
        };
        // An open pause stops a limit in days on the start day too, before it has begun to run.
        if pauses.iter().any(|&(begin, until)| until.is_none() && begin <= start) {
            return None;
        }
        if pauses.is_empty() {
            return self.minutes_from(start).get(usize::try_from(left).unwrap() - 1).map(|last| last + 1);
        }
        // An open pause that begins in between is met at the next worked minute.
        for &minute in self.minutes_from(start) {
            match pauses
                .iter()
                .find(|&&(begin, until)| begin <= minute && until.is_none_or(|until| minute < until))
            {
                Some((_, None)) => return None,
                None => left -= 1,
                Some((_, Some(_))) => {}
            }
            if left == 0 {
                return Some(minute + 1);
            }
        }
        unreachable!("the cases stay within the calendar")
    }

    /// Minutes worked from `a` to `b`, in all and outside the pauses.
    fn between(&self, a: usize, b: usize, pauses: &[PauseMinutes]) -> (i64, i64) {
        let (mut all, mut active) = (0, 0);
        for &minute in self.minutes_from(a).iter().take_while(|minute| **minute < b) {
            all += 1;
            let is_paused =
                |&(begin, until): &PauseMinutes| begin <= minute && until.is_none_or(|until| minute < until);
            active += i64::from(!pauses.iter().any(is_paused));
        }
        (all, active)
    }

    /// Days after that of `a`, up to that of `b`, on which the office opens.
    fn days_between(&self, a: usize, b: usize) -> i64 {
        let opens = |day: &usize| self.worked[day * DAY + 510];
        i64::try_from((a / DAY + 1..=b / DAY).filter(opens).count()).unwrap()
    }

    fn next_opening(&self, from: usize) -> usize {
        self.minutes_from(from)[0]
    }
}

/// `SplitMix64`: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let n = u64::try_from(n).unwrap();
        usize::try_from((z ^ (z >> 31)) % n).unwrap()
    }

    /// A minute of the calendar that leaves ninety days after it; every third one at the edge of an interval.
    fn minute(&mut self, oracle: &Oracle) -> usize {
        let day = self.below(oracle.worked.len() / DAY - 90);
        let minute = if self.below(3) == 0 {
            [0, 509, 510, 719, 720, 809, 810, 1049, 1050, 1439][self.below(10)]
        } else {
            self.below(DAY)
        };
        day * DAY + minute
    }

    fn limit(&mut self) -> Limit {
        let n = u32::try_from(1 + self.below(12)).unwrap();
        if self.below(2) == 0 { Limit::WorkingDays(n) } else { Limit::WorkingHours(n * 3 - self.small(3)) }
    }

    fn small(&mut self, n: usize) -> u32 {
        u32::try_from(self.below(n)).unwrap()
    }

    /// Up to three pauses of at most four days from a day before `from` on; the last one sometimes open.
    fn pauses(&mut self, from: usize) -> Vec<PauseMinutes> {
        let mut begin = from.saturating_sub(DAY) + self.below(2 * DAY);
        let n_pauses = self.below(4);
        let mut pauses = Vec::new();
        for i in 1..=n_pauses {
            let until = begin + self.below(4 * DAY);
            let is_open = i == n_pauses && self.below(6) == 0;
            pauses.push((begin, (!is_open).then_some(until)));
            begin = until + self.below(3 * DAY);
        }
        pauses
    }
}

#[test]
fn a_hundred_thousand_random_cases_agree_with_counting_minutes() {
    let seed = std::env::var("WORKTIME_SEED").map_or(20_260_213, |seed| seed.parse().unwrap());
    println!("WORKTIME_SEED={seed}");
    let oracle = &Oracle::read();
    // Every share has a seed of its own, so that what it found can be found again.
    let counts = std::thread::scope(|scope| {
        let shares: Vec<_> =
            (0..N_SHARES).map(|share| scope.spawn(move || agree(oracle, seed + u64::from(share)))).collect();
        shares.into_iter().map(|share| share.join().unwrap()).collect::<Vec<_>>()
    });
    let n_open: u32 = counts.iter().map(|count| count.0).sum();
    let n_moved: u32 = counts.iter().map(|count| count.1).sum();
    assert!(5_000 < n_open && 20_000 < n_moved, "the cases say little: {n_open} open, {n_moved} moved");
}

/// Compares a share of the cases; gives how many deadlines an open pause took away, and how many a pause moved.
fn agree(oracle: &Oracle, seed: u64) -> (u32, u32) {
    let (mut random, china) = (Random(seed), Calendar::china());
    let (mut n_open, mut n_moved) = (0, 0);
    for case in 0..N_CASES / N_SHARES {
        let (from, limit) = (random.minute(oracle), random.limit());
        let minutes = random.pauses(from);
        let pauses = minutes
            .iter()
            .map(|&(begin, until)| Pause {
                from: oracle.instant(begin),
                until: until.map(|until| oracle.instant(until)),
            })
            .collect();
        let pauses = Pauses::try_new(pauses).unwrap();
        let at = oracle.instant(from);
        let told = || format!("seed {seed}, case {case}: {} + {limit}, {pauses:?}", crate::local(at));

        let due = oracle.deadline(from, limit, &[]).unwrap();
        assert_eq!(china.deadline(at, limit), Ok(oracle.instant(due)), "{}", told());
        let later = oracle.deadline(from, limit, &minutes);
        assert_eq!(
            china.deadline_paused(at, limit, &pauses),
            Ok(later.map(|later| oracle.instant(later))),
            "{}",
            told()
        );
        assert!(later.is_none_or(|later| due <= later), "{}", told());
        n_open += u32::from(later.is_none());
        n_moved += u32::from(later.is_some_and(|later| due < later));

        let to = from + random.below(20 * DAY);
        let (a, b) = (oracle.instant(from), oracle.instant(to));
        let (all, active) = oracle.between(from, to, &minutes);
        assert_eq!(china.working_seconds_between(a, b), Ok(all * 60), "{}", told());
        assert_eq!(china.working_seconds_between(b, a), Ok(-all * 60), "{}", told());
        assert_eq!(china.active_seconds_between(a, b, &pauses), Ok(active * 60), "{}", told());
        assert_eq!(china.working_days_between(a, b), Ok(oracle.days_between(from, to)), "{}", told());
        assert_eq!(china.next_opening(a), Ok(oracle.instant(oracle.next_opening(from))), "{}", told());
        let listed = china.intervals_between(a, b).unwrap();
        let sum: TimeDelta = listed.iter().map(|interval| interval.until - interval.from).sum();
        assert_eq!(sum, TimeDelta::minutes(all), "{}", told());
    }
    (n_open, n_moved)
}

#[test]
fn more_pause_never_makes_a_deadline_earlier() {
    let seed = 7;
    let (oracle, mut random, china) = (Oracle::read(), Random(seed), Calendar::china());
    for case in 0..N_PROPERTY_CASES {
        let (from, limit) = (random.minute(&oracle), random.limit());
        let (begin, length) = (from + random.below(3 * DAY), random.below(3 * DAY));
        let longer = length + random.below(DAY);
        let due = |from: usize, length| {
            let pause = Pause { from: oracle.instant(begin), until: Some(oracle.instant(begin + length)) };
            let pauses = Pauses::try_new(vec![pause]).unwrap();
            china.deadline_paused(oracle.instant(from), limit, &pauses).unwrap().unwrap()
        };
        let told = format!("seed {seed}, case {case}: {limit}");
        assert!(due(from, length) <= due(from, longer), "{told}: a longer pause");
        assert!(due(from, length) <= due(from + random.below(2 * DAY), length), "{told}: a later start");
    }
}

#[test]
fn a_step_back_undoes_a_step_forward() {
    let seed = 11;
    let (oracle, mut random, china) = (Oracle::read(), Random(seed), Calendar::china());
    for case in 0..N_PROPERTY_CASES {
        let due = china.deadline(oracle.instant(random.minute(&oracle)), random.limit()).unwrap();
        let n = random.small(20);
        let later = china.plus_working_days(due, n).unwrap();
        assert_eq!(china.minus_working_days(later, n), Ok(due), "seed {seed}, case {case}: {n}");
        let worked = china.working_seconds_between(due, later).unwrap();
        assert_eq!(worked, i64::from(n) * 27_000, "seed {seed}, case {case}: {n}");
    }
}
