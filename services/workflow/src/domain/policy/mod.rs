//! The policy pack: the limits that the lifecycle goes by. Data, read from a file and checked before use.

mod check;
mod file;
mod ladder;

use std::sync::LazyLock;

use worktime::Limit;

use super::{ClockId, Code, Difficulty, DivisionCode, Rating, Stars};

pub use check::{Fault, PackError};
pub use ladder::{Light, Moment, Notify, RungRule};

/// A policy pack that is complete and does not contradict itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub version: PolicyVersion,
    pub(super) clocks: [Limit; 8],
    pub(super) reply: ReplyLimits,
    /// How long the firm has to confirm what was raised on its behalf, from the submission.
    pub confirm_window: Limit,
    /// How long the firm may reopen, from the close.
    pub reopen_window: Limit,
    /// So many reopenings go back to the same handler; later ones to the section, to be accepted afresh.
    pub reopenings_to_same_handler: u32,
    pub satisfied_from: Stars,
    pub strictly_satisfied_from: Stars,
    /// In the order of the file.
    pub ladder: Vec<RungRule>,
    /// In the order of the file.
    pub categories: Vec<Category>,
    /// In the order of the file.
    pub audit_failures: Vec<AuditFailure>,
    /// In the order of the file; one rule for a category and a division.
    pub routes: Vec<Route>,
}

/// Which pack: 1 or more, and higher for a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct PolicyVersion(pub u32);

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

/// Why an audit may fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFailure {
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
    /// The pack that comes with the suite.
    pub fn default_pack() -> &'static Self {
        static DEFAULT: LazyLock<Policy> = LazyLock::new(|| {
            Policy::parse(include_str!("../../../packs/default.toml"))
                .expect("a test parses the embedded pack")
        });
        &DEFAULT
    }

    /// Reads a pack. Fails with place and reason of each fault; a field that is unknown or missing is one.
    pub fn parse(text: &str) -> Result<Self, PackError> {
        check::policy(file::read(text)?)
    }

    /// How long the clock may run for an issue of this difficulty; only C4 depends on it.
    pub fn limit(&self, clock: ClockId, difficulty: Difficulty) -> Limit {
        let [c0, c1, c2, c3, c5, c6, c7, c8] = self.clocks;
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
        }
    }

    /// Whether a rating leads to rectification.
    pub fn is_low(&self, rating: &Rating) -> bool {
        rating.stars < self.satisfied_from
    }

    pub fn category(&self, code: &Code) -> Option<&Category> {
        self.categories.iter().find(|category| category.code == *code)
    }

    pub fn audit_failure(&self, code: &Code) -> Option<&AuditFailure> {
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
mod tests;
