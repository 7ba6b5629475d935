use std::collections::BTreeMap;

use chinese_holiday::{Ymd, chinese_holiday};
use chrono::{Datelike as _, NaiveDate};
use worktime::{Calendar, Day};

use crate::{at, date};

#[test]
fn the_embedded_calendar_covers_2016_to_2027() {
    let china = Calendar::china();
    assert_eq!(china.version(), "china-2026.1");
    assert_eq!((china.first_year(), china.last_year()), (2016, 2027));
    assert_eq!(china.seconds_per_day(), 27_000);
}

#[test]
fn each_year_has_its_number_of_working_days() {
    let china = Calendar::china();
    let n_days: Vec<usize> = (2016..=2027).map(|year| china.working_days_in_year(year).unwrap()).collect();
    assert_eq!(n_days, [250, 249, 250, 250, 249, 250, 249, 249, 251, 248, 248, 248]);
}

#[test]
fn the_year_without_a_notice_is_provisional_and_has_the_thirteen_days_off_of_the_regulation() {
    let china = Calendar::china();
    assert_eq!((china.last_announced_day(), china.last_day()), (date("2026-12-31"), date("2027-12-31")));
    for (text, expected) in
        [("2026-12-31", false), ("2027-01-01", true), ("2027-12-31", true), ("2028-01-01", false)]
    {
        assert_eq!(china.is_provisional(date(text)), expected, "{text}");
    }
    let days = || date("2027-01-01").iter_days().take_while(|day| day.year() == 2027);
    let off =
        days().filter(|day| day.weekday().num_days_from_monday() < 5 && !china.is_working_day(*day).unwrap());
    // A day of a holiday that falls on a weekend is made up for on the next day that would be worked.
    let expected = [
        "01-01", "02-05", "02-08", "02-09", "02-10", "04-05", "05-03", "05-04", "06-09", "09-15", "10-01",
        "10-04", "10-05",
    ];
    assert_eq!(off.map(|day| day.format("%m-%d").to_string()).collect::<Vec<_>>(), expected);
    assert!(
        !days().any(|day| matches!(china.day(day), Ok(Day::MakeUp { .. }))),
        "who works when is not known yet"
    );
}

#[test]
fn the_days_of_2026_are_those_of_the_notice() {
    let china = Calendar::china();
    let (mut holidays, mut make_ups) = (BTreeMap::<&str, Vec<String>>::new(), Vec::new());
    for day in date("2026-01-01").iter_days().take_while(|day| day.year() == 2026) {
        match china.day(day).unwrap() {
            Day::Holiday { name } => holidays.entry(name).or_default().push(day.format("%m-%d").to_string()),
            Day::MakeUp { of } => make_ups.push(format!("{} {of}", day.format("%m-%d"))),
            Day::Workday => assert!(day.weekday().num_days_from_monday() < 5),
            Day::Weekend => assert!(5 <= day.weekday().num_days_from_monday()),
        }
    }
    let spans: Vec<String> = holidays
        .iter()
        .map(|(name, days)| format!("{name} {}..{} {}", days[0], days[days.len() - 1], days.len()))
        .collect();
    assert_eq!(
        spans,
        [
            "中秋节 09-25..09-27 3",
            "元旦 01-01..01-03 3",
            "劳动节 05-01..05-05 5",
            "国庆节 10-01..10-07 7",
            "春节 02-15..02-23 9",
            "清明节 04-04..04-06 3",
            "端午节 06-19..06-21 3",
        ]
    );
    let expected = ["01-04 元旦", "02-14 春节", "02-28 春节", "05-09 劳动节", "09-20 国庆节", "10-10 国庆节"];
    assert_eq!(make_ups, expected);
}

#[test]
fn later_notices_take_the_place_of_earlier_ones() {
    let working = |text| Calendar::china().is_working_day(date(text)).unwrap();
    // Labour Day 2019 became four days, for two weekend days.
    assert!(!working("2019-05-02") && !working("2019-05-03"));
    assert!(working("2019-04-28") && working("2019-05-05"));
    // Spring Festival 2020 was prolonged: the make-up Saturday fell away.
    assert!(!working("2020-01-31") && !working("2020-02-01") && working("2020-02-03"));
}

/// The days on which `chinese_holiday` 2026.0.1 departs from the notices. Both are its errors.
const KNOWN_DIFFERENCES: [(&str, Day); 2] = [
    // 国办发明电〔2015〕18号: "10月8日（星期六）、10月9日（星期日）上班".
    ("2016-10-09", Day::MakeUp { of: "国庆节" }),
    // A Friday that no notice names: 国办发明电〔2016〕17号 begins New Year 2017 on 1 January.
    ("2016-12-30", Day::Workday),
];

#[test]
fn an_independent_table_agrees_but_for_two_days_on_which_it_is_wrong() {
    let china = Calendar::china();
    let mut differences = Vec::new();
    // The table ends at 25 December 2026.
    for day in date("2016-01-01").iter_days().take_while(|day| *day <= date("2026-12-25")) {
        let ours = china.is_working_day(day).unwrap();
        if ours != chinese_holiday(ymd(day)).is_workday() {
            differences.push(day.to_string());
        }
    }
    let known: Vec<String> = KNOWN_DIFFERENCES.iter().map(|(day, _)| (*day).to_owned()).collect();
    assert_eq!(differences, known);
    for (text, expected) in KNOWN_DIFFERENCES {
        assert_eq!(china.day(date(text)), Ok(expected), "both are worked");
    }
}

fn ymd(day: NaiveDate) -> Ymd {
    let small = |n: u32| u8::try_from(n).unwrap();
    Ymd::new(u16::try_from(day.year()).unwrap(), small(day.month()), small(day.day()))
}

#[test]
fn a_day_outside_the_calendar_is_an_error_that_names_it() {
    let china = Calendar::china();
    for (text, year) in [("2015-12-31", 2015), ("2028-01-01", 2028), ("2028-01-26", 2028)] {
        let out = china.is_working_day(date(text)).unwrap_err();
        assert_eq!((out.date, out.first_year, out.last_year), (date(text), 2016, 2027));
        assert_eq!(china.working_days_in_year(year).unwrap_err().date.year(), year);
    }
    let out = china.day(date("2028-01-01")).unwrap_err();
    assert_eq!(out.to_string(), "2028-01-01 is outside the calendar, which covers 2016 to 2027");
    assert!(china.working_days_in_year(i32::MAX).is_err());
    assert!(china.working_days_in_year(i32::MIN).is_err());
}

#[test]
fn the_local_date_decides_which_day_it_is() {
    let china = Calendar::china();
    // 16:00 UTC is local midnight: the first instant covered, and the first one that is not any more.
    assert_eq!(china.next_opening("2015-12-31T16:00:00Z".parse().unwrap()), Ok(at("2016-01-04 08:30")));
    assert!(china.next_opening("2015-12-31T15:59:59Z".parse().unwrap()).is_err());
    assert!(china.next_opening("2027-12-31T16:00:00Z".parse().unwrap()).is_err());
    assert!(china.next_opening(chrono::DateTime::<chrono::Utc>::MAX_UTC).is_err());
    assert!(china.next_opening(chrono::DateTime::<chrono::Utc>::MIN_UTC).is_err());
}

#[test]
fn working_days_are_counted_from_the_next_day() {
    let china = Calendar::china();
    let after = |from, n| china.working_day_after(date(from), n).unwrap();
    assert_eq!(after("2026-09-18", 1), date("2026-09-20"), "a Sunday that is worked");
    assert_eq!(after("2026-09-30", 1), date("2026-10-08"));
    assert_eq!(after("2026-10-03", 0), date("2026-10-03"));
    assert_eq!(after("2027-12-30", 1), date("2027-12-31"));
    for n in [2, u32::MAX] {
        assert_eq!(china.working_day_after(date("2027-12-30"), n).unwrap_err().date, date("2028-01-01"));
    }
}
