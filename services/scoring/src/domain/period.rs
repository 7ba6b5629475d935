//! Quarters and years of the municipality's calendar.

use chrono::{Datelike as _, TimeDelta};
use kernel::Timestamp;

/// A quarter of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Quarter {
    pub year: i32,
    /// 1 to 4.
    pub quarter: u8,
}

impl Quarter {
    /// The quarter of an instant in the municipality's time zone (UTC+08:00, without summer time).
    pub(crate) fn of(at: Timestamp) -> Self {
        let day = (at + TimeDelta::hours(8)).date_naive();
        let quarter = u8::try_from(day.month0() / 3 + 1).expect("a year has four quarters");
        Self { year: day.year(), quarter }
    }
}

/// A quarter or a whole year, as callers ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub year: i32,
    /// `None`: the whole year.
    pub quarter: Option<u8>,
}

impl Period {
    /// `None`: no year of 2000 to 9999, or no quarter of 1 to 4 (0 for the whole year).
    pub(crate) fn try_new(year: i32, quarter: i32) -> Option<Self> {
        let quarter = u8::try_from(quarter).ok().filter(|quarter| *quarter <= 4)?;
        let quarter = (quarter != 0).then_some(quarter);
        (2000..=9999).contains(&year).then_some(Self { year, quarter })
    }

    /// One text per period: `2026Q3`, `2026`.
    pub(crate) fn label(self) -> String {
        match self.quarter {
            Some(quarter) => format!("{}Q{quarter}", self.year),
            None => self.year.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_begins_at_midnight_in_the_municipality() {
        let of = |text: &str| Quarter::of(text.parse().unwrap());
        assert_eq!(of("2026-03-31T15:59:59Z"), Quarter { year: 2026, quarter: 1 });
        assert_eq!(of("2026-03-31T16:00:00Z"), Quarter { year: 2026, quarter: 2 });
        assert_eq!(of("2026-12-31T16:00:00Z"), Quarter { year: 2027, quarter: 1 });
        assert_eq!(of("2026-09-30T16:00:00Z"), Quarter { year: 2026, quarter: 4 });
    }

    #[test]
    fn a_period_is_a_year_or_one_of_its_quarters() {
        assert_eq!(Period::try_new(2026, 0).map(Period::label).as_deref(), Some("2026"));
        assert_eq!(Period::try_new(2026, 4).map(Period::label).as_deref(), Some("2026Q4"));
        for (year, quarter) in [(1999, 1), (10_000, 0), (2026, 5), (2026, -1), (0, 0)] {
            assert_eq!(Period::try_new(year, quarter), None, "{year} {quarter}");
        }
    }
}
