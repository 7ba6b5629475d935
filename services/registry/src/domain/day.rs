//! Calendar days of the municipality.

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use kernel::Timestamp;

/// The calendar day in the municipality's time zone (UTC+08:00, without summer time).
pub(crate) fn of(at: Timestamp) -> NaiveDate {
    (at + TimeDelta::hours(8)).date_naive()
}

/// A day of a year that the registry deals with: 2000 to 2199.
pub(crate) fn in_range(day: NaiveDate) -> bool {
    (2000..=2199).contains(&day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_the_municipality() {
        let at = |text: &str| of(text.parse().unwrap()).to_string();
        assert_eq!(at("2026-03-01T15:59:59Z"), "2026-03-01");
        assert_eq!(at("2026-03-01T16:00:00Z"), "2026-03-02");
    }
}
