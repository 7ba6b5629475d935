//! Rungs of the escalation ladder, as the pack states them.

use std::{fmt, str::FromStr};

use super::{ClockId, Code};
use crate::domain::named::named;

named! {
    /// How urgent an issue or an order is.
    Light {
        /// Nothing runs.
        Off = "OFF",
        Green = "GREEN",
        Yellow = "YELLOW",
        Red = "RED",
    }
}

named! {
    /// Who is told when a rung is reached.
    Notify {
        /// Whoever has to act.
        Holder = "HOLDER",
        Liaison = "LIAISON",
        /// Everybody in the section in charge.
        Section = "SECTION",
        /// The head of the section in charge; everybody in it while nobody is.
        SectionHead = "SECTION_HEAD",
        /// Everybody in the section that a task is for; only with the clock of tasks.
        CoSection = "CO_SECTION",
        Department = "DEPARTMENT",
        /// The leader of the department; its liaisons while nobody is.
        DepartmentLeader = "DEPARTMENT_LEADER",
        Manager = "MANAGER",
        Operator = "OPERATOR",
        Firm = "FIRM",
    }
}

/// A rung of the ladder of some clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RungRule<I = ClockId> {
    pub code: Code,
    pub clocks: Vec<I>,
    pub at: Moment,
    /// The light that the clock shows from then on: yellow or red. `None` changes nothing.
    pub light: Option<Light>,
    pub notify: Vec<Notify>,
}

/// A moment in the course of a clock. Written "50 percent", "1 working day before", "due", "5 working days after".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// So much of the working time from start to due has passed, 1 to 99.
    Percent(u32),
    /// So many working days before it is due, at least 1.
    Before(u32),
    Due,
    /// So many working days after it was due, at least 1.
    After(u32),
}

/// A text that is no moment of a clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not \"due\", nor like \"50 percent\", \"1 working day before\" or \"5 working days after\""
)]
pub struct InvalidMoment(pub String);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = |n: u32| if n == 1 { "day" } else { "days" };
        match *self {
            Self::Percent(percent) => write!(f, "{percent} percent"),
            Self::Before(n) => write!(f, "{n} working {} before", days(n)),
            Self::Due => f.write_str("due"),
            Self::After(n) => write!(f, "{n} working {} after", days(n)),
        }
    }
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        let invalid = || InvalidMoment(text.to_owned());
        let moment = if text == "due" {
            Self::Due
        } else {
            let (number, unit) = text.split_once(' ').ok_or_else(invalid)?;
            let n = number.parse().map_err(|_| invalid())?;
            match unit {
                "percent" if (1..=99).contains(&n) => Self::Percent(n),
                "working day before" | "working days before" if 0 < n => Self::Before(n),
                "working day after" | "working days after" if 0 < n => Self::After(n),
                _ => return Err(invalid()),
            }
        };
        // One spelling for one moment.
        if moment.to_string() == text { Ok(moment) } else { Err(invalid()) }
    }
}
