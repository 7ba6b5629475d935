//! How long something may take.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A time limit. The two units do not convert into each other: hours run from the instant they are given,
/// days from the end of that day.
///
/// Written "2 working hours", "1 working day"; that form is also how it is serialised, and the only one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Limit {
    /// Elapsed working time.
    WorkingHours(u32),
    /// Ends as the office closes on that working day after the day of the start.
    WorkingDays(u32),
}

/// A text that is not a limit of at least 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a limit such as \"2 working hours\" or \"1 working day\"")]
pub struct InvalidLimit(pub String);

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, unit) = match self {
            Self::WorkingHours(n) => (n, "hour"),
            Self::WorkingDays(n) => (n, "day"),
        };
        let plural = if *n == 1 { "" } else { "s" };
        write!(f, "{n} working {unit}{plural}")
    }
}

impl FromStr for Limit {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        let invalid = || InvalidLimit(text.to_owned());
        let (number, unit) = text.split_once(' ').ok_or_else(invalid)?;
        let n = number.parse().ok().filter(|n| 0 < *n).ok_or_else(invalid)?;
        let limit = match unit {
            "working hour" | "working hours" => Self::WorkingHours(n),
            "working day" | "working days" => Self::WorkingDays(n),
            _ => return Err(invalid()),
        };
        // One spelling for one limit, so that comparing two files as text is comparing what they mean.
        if limit.to_string() == text { Ok(limit) } else { Err(invalid()) }
    }
}

impl TryFrom<String> for Limit {
    type Error = InvalidLimit;

    fn try_from(text: String) -> Result<Self, InvalidLimit> {
        text.parse()
    }
}

impl From<Limit> for String {
    fn from(limit: Limit) -> Self {
        limit.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_reads_back_as_it_was_written() {
        for limit in [
            Limit::WorkingHours(1),
            Limit::WorkingHours(2),
            Limit::WorkingDays(1),
            Limit::WorkingDays(15),
            Limit::WorkingDays(u32::MAX),
        ] {
            let json = serde_json::to_string(&limit).unwrap();
            assert_eq!(json, format!("\"{limit}\""));
            assert_eq!(serde_json::from_str::<Limit>(&json).unwrap(), limit);
        }
    }

    #[test]
    fn only_the_written_form_is_read() {
        for text in [
            "",
            "2",
            "working hours",
            "0 working hours",
            "-1 working days",
            "+2 working hours",
            "02 working hours",
            "2  working hours",
            " 2 working hours",
            "2 working hours ",
            "1 working hours",
            "2 working day",
            "2 hours",
            "2 Working Hours",
            "1.5 working hours",
            "4294967296 working days",
        ] {
            assert_eq!(text.parse::<Limit>(), Err(InvalidLimit(text.to_owned())), "{text:?}");
        }
    }
}
