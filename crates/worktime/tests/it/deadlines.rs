use std::num::NonZeroU32;

use worktime::{Calendar, Limit, Pause, Pauses};

use crate::{at, date};

const HALF: NonZeroU32 = NonZeroU32::new(2).unwrap();

#[track_caller]
fn due(from: &str, limit: &str, expected: &str) {
    let due = Calendar::china().deadline(at(from), limit.parse().unwrap()).unwrap();
    assert_eq!(due, at(expected), "{from} + {limit}");
}

#[track_caller]
fn paused(from: &str, limit: &str, pauses: &[(&str, &str)], expected: Option<&str>) {
    let pauses = pauses
        .iter()
        .map(|(from, until)| Pause { from: at(from), until: (!until.is_empty()).then(|| at(until)) })
        .collect();
    let pauses = Pauses::try_new(pauses).unwrap();
    let due = Calendar::china().deadline_paused(at(from), limit.parse().unwrap(), &pauses).unwrap();
    assert_eq!(due, expected.map(at), "{from} + {limit}, {pauses:?}");
}

#[test]
fn hours_run_over_lunch_nights_weekends_and_holidays() {
    due("2026-05-08 11:30", "2 working hours", "2026-05-08 15:00");
    due("2026-02-13 16:30", "2 working hours", "2026-02-14 09:30"); // a Saturday that is worked
    due("2026-02-13 16:30", "8 working hours", "2026-02-14 17:00");
    due("2026-09-30 17:00", "2 working hours", "2026-10-08 10:00");
}

#[test]
fn hours_given_outside_working_time_start_at_the_next_opening() {
    for from in
        ["2026-09-30 17:30", "2026-09-30 23:00", "2026-10-03 10:00", "2026-10-08 00:00", "2026-10-08 08:30"]
    {
        due(from, "2 working hours", "2026-10-08 10:30");
    }
    due("2026-05-08 12:40", "1 working hour", "2026-05-08 14:30");
}

#[test]
fn hours_that_end_as_the_office_closes_end_at_the_closing() {
    due("2026-05-08 10:00", "2 working hours", "2026-05-08 12:00");
    due("2026-05-08 15:30", "2 working hours", "2026-05-08 17:30");
    due("2026-05-07 17:30", "15 working hours", "2026-05-09 17:30");
}

#[test]
fn hours_keep_the_fraction_of_a_second() {
    due("2026-05-08 17:29:59.000000001", "1 working hour", "2026-05-09 09:29:59.000000001");
}

#[test]
fn days_end_as_the_office_closes_on_the_nth_working_day_after_the_start_day() {
    for from in ["2026-09-18 00:00", "2026-09-18 10:00", "2026-09-18 17:30", "2026-09-18 23:59"] {
        due(from, "5 working days", "2026-09-24 17:30"); // the Sunday in between is worked
    }
    due("2026-02-13 10:00", "5 working days", "2026-02-27 17:30");
    due("2026-02-13 10:00", "15 working days", "2026-03-12 17:30");
    due("2026-04-30 10:00", "15 working days", "2026-05-25 17:30");
    due("2026-10-03 10:00", "1 working day", "2026-10-08 17:30");
}

#[test]
fn a_limit_of_nothing_ends_where_it_starts() {
    let china = Calendar::china();
    for from in ["2026-10-03 10:00", "2026-10-08 08:30"] {
        assert_eq!(china.deadline(at(from), Limit::WorkingHours(0)), Ok(at(from)));
        assert_eq!(china.deadline(at(from), Limit::WorkingDays(0)), Ok(at(from)));
    }
}

#[test]
fn a_deadline_beyond_the_calendar_is_an_error() {
    due("2027-12-31 08:30", "7 working hours", "2027-12-31 17:00");
    due("2027-12-30 08:30", "1 working day", "2027-12-31 17:30");
    let china = Calendar::china();
    for limit in [
        Limit::WorkingHours(8),
        Limit::WorkingHours(u32::MAX),
        Limit::WorkingDays(1),
        Limit::WorkingDays(u32::MAX),
    ] {
        let out = china.deadline(at("2027-12-31 08:30"), limit).unwrap_err();
        assert_eq!((out.date, out.last_year), (date("2028-01-01"), 2027), "{limit}");
    }
    let out = china.deadline(at("2028-03-01 08:30"), Limit::WorkingHours(1)).unwrap_err();
    assert_eq!(out.date, date("2028-03-01"));
    let out = china.deadline(at("2015-12-31 23:59"), Limit::WorkingDays(1)).unwrap_err();
    assert_eq!(out.date, date("2015-12-31"));
}

#[test]
fn a_pause_moves_the_deadline_by_the_working_time_it_covers() {
    let from = "2026-05-08 09:00";
    paused(from, "4 working hours", &[], Some("2026-05-08 14:30"));
    paused(from, "4 working hours", &[("2026-05-08 10:00", "2026-05-08 11:00")], Some("2026-05-08 15:30"));
    paused(from, "4 working hours", &[("2026-05-08 11:00", "2026-05-08 14:00")], Some("2026-05-08 16:00"));
    paused(from, "4 working hours", &[("2026-05-08 12:00", "2026-05-08 13:30")], Some("2026-05-08 14:30"));
    paused(from, "5 working days", &[], Some("2026-05-14 17:30"));
    paused(from, "5 working days", &[("2026-05-11 10:00", "2026-05-12 10:00")], Some("2026-05-15 17:30"));
    paused(from, "5 working days", &[("2026-05-11 10:00", "2026-05-11 11:00")], Some("2026-05-15 09:30"));
    paused(
        from,
        "5 working days",
        &[("2026-05-11 10:00", "2026-05-11 11:00"), ("2026-05-14 17:00", "2026-05-18 09:00")],
        Some("2026-05-18 10:30"),
    );
    // Both pauses cover nothing that is worked, the second although it touches the deadline.
    paused(
        from,
        "5 working days",
        &[("2026-05-09 17:30", "2026-05-11 08:30"), ("2026-05-14 17:30", "2026-05-15 08:30")],
        Some("2026-05-14 17:30"),
    );
}

#[test]
fn a_pause_on_the_start_day_moves_hours_but_not_days() {
    let pause = [("2026-05-08 10:00", "2026-05-08 11:00")];
    paused("2026-05-08 09:00", "2 working hours", &pause, Some("2026-05-08 12:00"));
    paused("2026-05-08 09:00", "1 working day", &pause, Some("2026-05-09 17:30"));
}

#[test]
fn only_what_lies_between_the_start_and_the_deadline_counts() {
    let from = "2026-05-08 09:00";
    paused(from, "2 working hours", &[("2026-05-07 09:00", "2026-05-08 09:00")], Some("2026-05-08 11:00"));
    paused(from, "2 working hours", &[("2014-05-07 09:00", "2026-05-08 10:00")], Some("2026-05-08 12:00"));
    paused(from, "2 working hours", &[("2026-05-08 11:00", "2026-05-08 12:00")], Some("2026-05-08 11:00"));
    paused(from, "2 working hours", &[("2026-05-08 11:00", "")], Some("2026-05-08 11:00"));
    paused(from, "2 working hours", &[("2030-05-08 11:00", "")], Some("2026-05-08 11:00"));
}

#[test]
fn an_open_pause_leaves_no_deadline() {
    let from = "2026-05-08 09:00";
    paused(from, "2 working hours", &[("2026-05-08 10:59", "")], None);
    paused(from, "2 working hours", &[("2026-05-01 10:00", "")], None);
    paused(from, "1 working day", &[("2026-05-08 10:00", "")], None);
    paused(
        from,
        "2 working hours",
        &[("2026-05-08 10:00", "2026-05-08 11:00"), ("2026-05-08 11:30", "")],
        None,
    );
}

#[test]
fn a_pause_that_ends_beyond_the_calendar_is_an_error() {
    let pauses =
        Pauses::try_new(vec![Pause { from: at("2027-12-31 09:00"), until: Some(at("2028-01-04 09:00")) }]);
    let due =
        Calendar::china().deadline_paused(at("2027-12-31 08:30"), Limit::WorkingHours(1), &pauses.unwrap());
    assert_eq!(due.unwrap_err().date, date("2028-01-04"));
}

#[test]
fn steps_of_working_days_keep_the_time_of_day() {
    let china = Calendar::china();
    let minus = |from, n| china.minus_working_days(at(from), n).unwrap();
    let plus = |from, n| china.plus_working_days(at(from), n).unwrap();
    assert_eq!(minus("2026-10-08 17:30", 1), at("2026-09-30 17:30"));
    assert_eq!(minus("2026-10-08 10:00", 1), at("2026-09-30 10:00"));
    assert_eq!(plus("2026-09-30 17:30", 1), at("2026-10-08 17:30"));
    assert_eq!(plus("2026-09-30 10:00", 5), at("2026-10-13 10:00"));
    // The Saturday counts as Friday's closing.
    assert_eq!(minus("2026-05-16 11:00", 1), at("2026-05-14 17:30"));
    assert_eq!(plus("2026-05-16 11:00", 1), at("2026-05-18 17:30"));
    assert_eq!(
        (minus("2026-05-16 11:00", 0), plus("2026-05-16 11:00", 0)),
        (at("2026-05-16 11:00"), at("2026-05-16 11:00"))
    );
    assert_eq!(china.minus_working_days(at("2016-01-04 17:30"), 1).unwrap_err().date, date("2015-12-31"));
    assert_eq!(
        china.minus_working_days(at("2016-01-05 09:30"), u32::MAX).unwrap_err().date,
        date("2015-12-31")
    );
    assert_eq!(china.plus_working_days(at("2027-12-31 08:31"), 1).unwrap_err().date, date("2028-01-01"));
}

#[test]
fn a_fraction_is_of_working_time() {
    let china = Calendar::china();
    let half = |from, due| china.fraction(at(from), at(due), 1, HALF).unwrap();
    assert_eq!(half("2026-05-08 11:30", "2026-05-08 15:00"), at("2026-05-08 14:00"));
    assert_eq!(half("2026-09-30 17:00", "2026-10-08 09:00"), at("2026-09-30 17:30"));
    assert_eq!(half("2026-09-30 17:00", "2026-09-30 17:00"), at("2026-09-30 17:00"));
    assert_eq!(half("2026-09-30 17:00", "2026-09-30 09:00"), at("2026-09-30 17:00"));
    let whole = china.fraction(at("2026-05-08 11:30"), at("2026-05-08 15:00"), 2, HALF);
    assert_eq!(whole, Ok(at("2026-05-08 15:00")));
    let twice = china.fraction(at("2026-05-08 11:30"), at("2026-05-08 15:00"), 4, HALF);
    assert_eq!(twice, Ok(at("2026-05-08 17:00")));
    assert!(
        china.fraction(at("2016-05-08 11:30"), at("2026-05-08 15:00"), u32::MAX, NonZeroU32::MIN).is_err()
    );
}

#[test]
fn a_fraction_leaves_the_pauses_out() {
    let china = Calendar::china();
    let (from, due) = (at("2026-05-08 09:00"), at("2026-05-08 15:30"));
    let half = |pauses: Vec<Pause>| {
        china.fraction_paused(from, due, 1, HALF, &Pauses::try_new(pauses).unwrap()).unwrap()
    };
    let pause = |from, until: Option<&str>| Pause { from: at(from), until: until.map(at) };
    assert_eq!(half(vec![pause("2026-05-08 10:00", Some("2026-05-08 11:00"))]), Some(at("2026-05-08 12:00")));
    assert_eq!(half(vec![pause("2026-05-08 13:30", Some("2026-05-08 14:30"))]), Some(at("2026-05-08 11:00")));
    assert_eq!(half(vec![pause("2026-05-08 11:00", None)]), Some(at("2026-05-08 10:00")));
}
