//! Times and lengths of time as the files write them.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use kernel::Timestamp;
use serde::Deserialize;
use worktime::ZONE;

/// A moment in the municipality, as "2026-03-04 09:30"; seconds may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Moment(pub Timestamp);

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let local = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S")
            .or_else(|_| NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M"));
        let local = local.map_err(|_| format!("{text:?} is no moment such as \"2026-03-04 09:30\""))?;
        Ok(Self((local - ZONE).and_utc()))
    }
}

impl From<prost_types::Timestamp> for Moment {
    fn from(time: prost_types::Timestamp) -> Self {
        let nanos = u32::try_from(time.nanos).unwrap_or_default();
        Self(DateTime::from_timestamp(time.seconds, nanos).unwrap_or_default())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.0.with_timezone(&ZONE);
        let form = if self.0.timestamp_micros() % 60_000_000 == 0 {
            "%Y-%m-%d %H:%M"
        } else {
            "%Y-%m-%d %H:%M:%S%.f"
        };
        local.format(form).fmt(f)
    }
}

/// A length of time by the wall clock, as "1d 2h 30m": parts that are nothing are left out, and nothing at all is "0m".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(pub TimeDelta);

impl Span {
    pub fn seconds(seconds: i64) -> Self {
        Self(TimeDelta::seconds(seconds))
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let part = |word: &str| {
            let (number, unit) = word.split_at_checked(word.len().checked_sub(1)?)?;
            let number: i64 = number.parse().ok()?;
            match unit {
                "d" => Some(TimeDelta::days(number)),
                "h" => Some(TimeDelta::hours(number)),
                "m" => Some(TimeDelta::minutes(number)),
                "s" => Some(TimeDelta::seconds(number)),
                _ => None,
            }
        };
        let sum = text.split(' ').map(part).sum::<Option<TimeDelta>>();
        sum.map(Self).ok_or_else(|| format!("{text:?} is no length of time such as \"1d 2h 30m\""))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.num_minutes();
        let parts = [
            (minutes / 1_440, "d"),
            (minutes / 60 % 24, "h"),
            (minutes % 60, "m"),
            (self.0.num_seconds() % 60, "s"),
        ];
        let mut words: Vec<String> =
            parts.iter().filter(|part| part.0 != 0).map(|(number, unit)| format!("{number}{unit}")).collect();
        if words.is_empty() {
            words.push("0m".to_owned());
        }
        f.write_str(&words.join(" "))
    }
}

/// How long an issue stood in a state, as `IN_PROGRESS 1d 2h`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Stretch {
    pub state: String,
    pub span: Span,
}

impl TryFrom<String> for Stretch {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (state, span) =
            text.split_once(' ').ok_or_else(|| format!("{text:?} is no state with a length"))?;
        Ok(Self { state: state.to_owned(), span: span.to_owned().try_into()? })
    }
}

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.state, self.span)
    }
}

#[test]
fn moments_and_lengths_are_written_as_they_are_read() {
    for text in ["2026-03-04 09:30", "2026-03-04 09:30:05"] {
        assert_eq!(Moment::try_from(text.to_owned()).unwrap().to_string(), text);
    }
    for text in ["1d 2h 30m", "0m", "45m", "7s"] {
        assert_eq!(Span::try_from(text.to_owned()).unwrap().to_string(), text);
    }
    for wrong in ["", "2", "2w", "h", "1d, 2h"] {
        Span::try_from(wrong.to_owned()).unwrap_err();
    }
    Moment::try_from("2026-03-04".to_owned()).unwrap_err();
}
