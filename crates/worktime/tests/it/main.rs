//! The calendar of the crate, its vectors, and a slow oracle beside it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

extern crate qinqing_worktime as worktime;

mod calendar;
mod data;
mod deadlines;
mod measures;
mod oracle;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// An instant by its local time, UTC+08:00.
fn at(text: &str) -> DateTime<Utc> {
    let format = if text.len() == 16 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S%.f" };
    let local = NaiveDateTime::parse_from_str(text, format).unwrap();
    local.and_local_timezone(worktime::ZONE).unwrap().to_utc()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The local time of an instant, as [`at`] reads it.
fn local(at: DateTime<Utc>) -> String {
    at.with_timezone(&worktime::ZONE).format("%Y-%m-%d %H:%M:%S%.f").to_string()
}
