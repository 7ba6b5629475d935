//! The policy pack: the limits that the lives of issues and orders go by. Data, read from a file and checked before use.

mod check;
mod file;
mod ladder;
mod orders;
mod place;
mod steps;
mod version;

use std::sync::{Arc, LazyLock};

use worktime::Limit;

use super::{ClockId, Code, Difficulty, Dimension, DivisionCode, Level, Rating, Stars};

pub(in crate::domain) use check::Check;
pub use check::{Fault, FormError, PackError};
pub use ladder::{Light, Moment, Notify, RungRule};
pub use orders::OrderPolicy;
pub use version::{PackName, PolicyVersion};

/// A policy pack that is complete and does not contradict itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub version: PolicyVersion,
    pub(super) clocks: [Limit; 13],
    pub(super) reply: ReplyLimits,
    /// Working days that C4 never goes beyond, extensions included.
    pub reply_cap: u32,
    /// From which part of C1 on somebody other than the liaison may sign, in percent.
    pub deputy_after: u32,
    pub questions: Questions,
    pub extensions: Extensions,
    pub escalation: EscalationRule,
    /// How long the firm has to confirm what was raised on its behalf, from the submission.
    pub confirm_window: Limit,
    /// How long the firm may appeal, from the rejection as out of scope.
    pub appeal_window: Limit,
    /// How long the firm may reopen, from the close.
    pub reopen_window: Limit,
    /// So many reopenings go back to the same handler; later ones to the section, to be accepted afresh.
    pub reopenings_to_same_handler: u32,
    /// So often the firm may urge on a working day, at least once.
    pub urges_per_working_day: u32,
    pub satisfied_from: Stars,
    pub strictly_satisfied_from: Stars,
    /// What the firm may rate beside the whole: each dimension at most once, in the order of the file.
    pub rating_dimensions: Vec<RatingDimension>,
    /// In the order of the file.
    pub ladder: Vec<RungRule>,
    /// In the order of the file.
    pub categories: Vec<Category>,
    /// In the order of the file.
    pub audit_failures: Vec<PackWord>,
    /// In the order of the file; one rule for a category and a division.
    pub routes: Vec<Route>,
    pub orders: OrderPolicy,
    /// So many days before its end, 0 included, the calendar in force raises an alarm.
    pub calendar_alarm_days: u32,
}

/// A pack that comes with the suite.
#[derive(Debug)]
pub struct BuiltIn {
    pub text: &'static str,
    pub policy: Arc<Policy>,
}

/// What a section may ask the firm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Questions {
    /// How often.
    pub most: u32,
    /// How long the firm has for each, before work resumes without it.
    pub window: Limit,
}

/// How C4 may be extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extensions {
    /// Working days in all.
    pub most_days: u32,
    /// Working days before the deadline by which it has to be asked for.
    pub ahead: u32,
}

/// When an issue is escalated by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscalationRule {
    /// With the request of so many returns.
    pub returns: u32,
    /// With so many reopenings.
    pub reopens: u32,
    /// To this level of supervision at least.
    pub level: Level,
}

/// Limits of C4 in working days, rising, none above the pack's cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReplyLimits {
    pub(super) consultation: Limit,
    pub(super) normal: Limit,
    pub(super) hard: Limit,
}

/// What an issue may be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub code: Code,
    pub zh: String,
    pub en: String,
    /// What an issue of the category counts as until the liaison says otherwise.
    pub difficulty: Difficulty,
}

/// What the firm may rate beside the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingDimension {
    pub dimension: Dimension,
    pub zh: String,
    pub en: String,
    /// Whether a rating without it is refused.
    pub required: bool,
}

/// A word of the pack, and what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackWord {
    pub code: Code,
    pub zh: String,
    pub en: String,
}

/// Which department takes a category in a division.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub category: Code,
    /// Beginning of a division code, 0 to 12 digits.
    pub division: String,
    /// Code of the department, as identity knows it.
    pub department: String,
}

impl Policy {
    /// The packs that come with the suite, the default one first. One that was in use stays among them.
    pub fn built_in() -> &'static [BuiltIn] {
        static PACKS: LazyLock<Vec<BuiltIn>> = LazyLock::new(|| {
            let texts = [
                include_str!("../../../packs/default.toml"),
                include_str!("../../../packs/shandong-2115.toml"),
                include_str!("../../../packs/strict-2h.toml"),
            ];
            let read = |text| Policy::parse(text).expect("a test parses the embedded packs");
            texts.into_iter().map(|text| BuiltIn { text, policy: Arc::new(read(text)) }).collect()
        });
        &PACKS
    }

    /// The pack that is in force until another is activated.
    pub fn default_pack() -> &'static Self {
        &Self::built_in()[0].policy
    }

    /// Reads a pack, written as TOML, or as JSON of the same form. Fails with place and reason of each fault; a field
    /// that is unknown or missing is one.
    pub fn parse(text: &str) -> Result<Self, PackError> {
        let file = file::read(text).map_err(PackError::Form)?;
        check::policy(file).map_err(|faults| PackError::Faults(check::located(faults, text)))
    }

    /// What is wrong with a text that should be a pack; empty for a pack.
    pub fn faults(text: &str) -> Vec<Fault> {
        match Self::parse(text) {
            Ok(_) => Vec::new(),
            Err(PackError::Faults(faults)) => faults,
            Err(PackError::Form(error)) => vec![error.fault(text)],
        }
    }

    /// How long the clock may run for an issue of this difficulty; only C4 depends on it.
    pub fn limit(&self, clock: ClockId, difficulty: Difficulty) -> Limit {
        let [c0, c1, c2, c3, c5, c6, c7, c8, c9, c10, c11, c12, c13] = self.clocks;
        match clock {
            ClockId::C0 => c0,
            ClockId::C1 => c1,
            ClockId::C2 => c2,
            ClockId::C3 => c3,
            ClockId::C4 => match difficulty {
                Difficulty::Consultation => self.reply.consultation,
                Difficulty::Normal => self.reply.normal,
                Difficulty::Hard => self.reply.hard,
            },
            ClockId::C5 => c5,
            ClockId::C6 => c6,
            ClockId::C7 => c7,
            ClockId::C8 => c8,
            ClockId::C9 => c9,
            ClockId::C10 => c10,
            ClockId::C11 => c11,
            ClockId::C12 => c12,
            ClockId::C13 => c13,
        }
    }

    /// Whether a rating leads to rectification.
    pub fn is_low(&self, rating: &Rating) -> bool {
        rating.stars < self.satisfied_from
    }

    /// `None`: the firm is not asked for stars of that dimension.
    pub fn rating_dimension(&self, dimension: Dimension) -> Option<&RatingDimension> {
        self.rating_dimensions.iter().find(|known| known.dimension == dimension)
    }

    pub fn category(&self, code: &Code) -> Option<&Category> {
        self.categories.iter().find(|category| category.code == *code)
    }

    pub fn audit_failure(&self, code: &Code) -> Option<&PackWord> {
        self.audit_failures.iter().find(|failure| failure.code == *code)
    }

    /// Code of the department that takes the category there: the rule with the longest division that fits.
    /// `None`: no rule fits, so an operator has to assign.
    pub fn route(&self, category: &Code, division: &DivisionCode) -> Option<&str> {
        self.routes
            .iter()
            .filter(|route| route.category == *category && division.as_str().starts_with(&route.division))
            .max_by_key(|route| route.division.len())
            .map(|route| route.department.as_str())
    }
}

#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod tests;
