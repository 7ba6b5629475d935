use worktime::{Calendar, Pause, Pauses, Remaining, Span};

use crate::{at, date};

#[test]
fn seconds_between_are_those_worked() {
    let china = Calendar::china();
    let between = |a, b| china.working_seconds_between(at(a), at(b)).unwrap();
    assert_eq!(between("2026-05-08 11:30", "2026-05-08 15:00"), 2 * 3600);
    assert_eq!(between("2026-05-08 15:00", "2026-05-08 11:30"), -2 * 3600);
    assert_eq!(between("2026-09-30 17:00", "2026-10-08 10:00"), 2 * 3600);
    assert_eq!(between("2026-10-01 09:00", "2026-10-07 17:00"), 0);
    assert_eq!(between("2026-01-01 00:00", "2026-12-31 23:59"), 248 * 27_000);
    assert_eq!(between("2026-05-08 11:59:58.5", "2026-05-08 13:00"), 1);
    assert!(china.working_seconds_between(at("2026-05-08 09:00"), at("2028-01-01 00:00")).is_err());
}

#[test]
fn seconds_outside_the_pauses_and_in_them_make_the_whole() {
    let china = Calendar::china();
    let (a, b) = (at("2026-05-08 09:00"), at("2026-05-11 10:00"));
    let pause = Pause { from: at("2026-05-08 11:00"), until: Some(at("2026-05-08 14:00")) };
    let closed = Pauses::try_new(vec![pause]).unwrap();
    assert_eq!(china.active_seconds_between(a, b, &closed), Ok(16 * 3600 - 90 * 60));
    assert_eq!(china.active_seconds_between(b, a, &closed), Ok(90 * 60 - 16 * 3600));
    let open = Pauses::try_new(vec![pause, Pause { from: at("2026-05-11 09:00"), until: None }]).unwrap();
    assert_eq!(china.active_seconds_between(a, b, &open), Ok(15 * 3600 - 90 * 60));
}

#[test]
fn days_between_leave_the_first_out_and_take_the_last_in() {
    let china = Calendar::china();
    let between = |a, b| china.working_days_between(at(a), at(b)).unwrap();
    assert_eq!(between("2026-09-18 23:00", "2026-09-24 00:00"), 5);
    assert_eq!(between("2026-09-24 00:00", "2026-09-18 23:00"), -5);
    assert_eq!(between("2026-09-18 09:00", "2026-09-18 17:00"), 0);
    assert_eq!(between("2026-09-30 09:00", "2026-10-07 17:00"), 0);
}

#[test]
fn the_next_opening_is_now_while_the_office_is_open() {
    let china = Calendar::china();
    for (from, opening) in [
        ("2026-05-08 08:29", "2026-05-08 08:30"),
        ("2026-05-08 08:30", "2026-05-08 08:30"),
        ("2026-05-08 11:59", "2026-05-08 11:59"),
        ("2026-05-08 12:00", "2026-05-08 13:30"),
        ("2026-05-08 17:30", "2026-05-09 08:30"),
        ("2026-05-10 10:00", "2026-05-11 08:30"),
        ("2026-09-30 17:30", "2026-10-08 08:30"),
    ] {
        assert_eq!(china.next_opening(at(from)), Ok(at(opening)), "{from}");
    }
    assert_eq!(china.next_opening(at("2027-12-31 17:30")).unwrap_err().date, date("2028-01-01"));
}

#[test]
fn what_remains_is_told_in_days_hours_and_minutes() {
    let china = Calendar::china();
    let remaining = |now, due| china.remaining(at(now), at(due)).unwrap();
    let span = |working_days, hours, minutes, seconds| Span { working_days, hours, minutes, seconds };
    assert_eq!(remaining("2026-09-30 14:30", "2026-10-08 17:30"), Remaining::Left(span(1, 3, 0, 0)));
    assert_eq!(remaining("2026-09-30 14:30:01", "2026-10-08 17:30"), Remaining::Left(span(1, 2, 59, 59)));
    assert_eq!(remaining("2026-10-08 08:30", "2026-10-08 17:30"), Remaining::Left(span(1, 0, 0, 0)));
    assert_eq!(remaining("2026-10-08 17:30", "2026-10-08 17:30"), Remaining::Left(Span::default()));
    assert_eq!(remaining("2026-10-08 18:00", "2026-10-08 17:30"), Remaining::Overdue(Span::default()));
    assert_eq!(remaining("2026-10-10 09:40", "2026-10-08 17:30"), Remaining::Overdue(span(1, 1, 10, 0)));
}

#[test]
fn working_time_is_listed_interval_by_interval() {
    let china = Calendar::china();
    let listed = |a, b| -> Vec<_> {
        let intervals = china.intervals_between(at(a), at(b)).unwrap();
        intervals.iter().map(|interval| (crate::local(interval.from), crate::local(interval.until))).collect()
    };
    let pair = |from: &str, until: &str| (crate::local(at(from)), crate::local(at(until)));
    assert_eq!(
        listed("2026-09-30 11:00", "2026-10-08 08:45"),
        [
            pair("2026-09-30 11:00", "2026-09-30 12:00"),
            pair("2026-09-30 13:30", "2026-09-30 17:30"),
            pair("2026-10-08 08:30", "2026-10-08 08:45"),
        ]
    );
    assert_eq!(listed("2026-09-30 17:30", "2026-10-08 08:30"), []);
    assert_eq!(listed("2026-10-08 10:00", "2026-09-30 10:00"), []);
    assert!(china.intervals_between(at("2026-09-30 11:00"), at("2028-01-01 08:00")).is_err());
}
