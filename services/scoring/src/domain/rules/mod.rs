//! The rules of points: data, read from a file and checked before use.

mod check;
mod file;

use std::{fmt, str::FromStr};

use kernel::Timestamp;

use super::{Kind, Occasion, Settlement};

pub(crate) use check::RuleFileError;

/// A version of the rules that is complete and does not contradict itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleSet {
    pub version: RuleVersion,
    /// In force for events from then on.
    pub effective_from: Timestamp,
    /// In the order of the file.
    pub rules: Vec<Rule>,
    /// Best first; the last takes all who are left.
    pub tiers: Vec<Tier>,
}

/// Which version of the rules: 1 or more, and higher for newer ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RuleVersion(pub i32);

/// Id of a rule within its version: 1 to 60 of a-z, 0-9 and `_`, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RuleId(String);

/// A text that is no id of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 60 of a-z, 0-9 and _, a letter first")]
pub(crate) struct InvalidRuleId;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub id: RuleId,
    pub occasion: Occasion,
    pub kind: Kind,
    /// Never 0; for each unit where `unit_working_seconds` is set.
    pub points: i64,
    pub settlement: Settlement,
    /// Working time that makes a unit of lateness, in seconds, at least 1.
    pub unit_working_seconds: Option<i64>,
    /// Points, regardless of their sign, at least 1.
    pub cap_per_quarter: Option<i64>,
    /// Points, regardless of their sign, at least 1.
    pub cap_per_issue: Option<i64>,
    /// At least 1.
    pub once_per_firm_days: Option<u16>,
    pub zh: String,
    pub en: String,
}

/// A part of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tier {
    pub code: String,
    /// 1 to 100: takes the ranks up to this share of the board.
    pub top_percent: u8,
    pub zh: String,
    pub en: String,
}

/// The file of the rules that come with the suite.
pub(crate) const STARTER: &str = include_str!("../../../rules/starter.toml");

impl RuleSet {
    /// The rules that come with the suite.
    #[cfg(test)]
    pub(crate) fn starter() -> &'static Self {
        static RULES: std::sync::LazyLock<RuleSet> =
            std::sync::LazyLock::new(|| RuleSet::parse(STARTER).unwrap());
        &RULES
    }

    /// Reads a file. Fails with place and reason of each fault; a field that is unknown or missing is one.
    pub(crate) fn parse(text: &str) -> Result<Self, RuleFileError> {
        check::rules(file::read(text)?)
    }

    pub(crate) fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == *id)
    }
}

impl RuleId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RuleId {
    type Err = InvalidRuleId;

    fn from_str(text: &str) -> Result<Self, InvalidRuleId> {
        let fits = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if fits && begins && text.len() <= 60 { Ok(Self(text.to_owned())) } else { Err(InvalidRuleId) }
    }
}

impl fmt::Display for RuleVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Versions that do not make one book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RuleBookError {
    #[error("there are no rules at all")]
    Empty,
    #[error(
        "version {0} of the rules stands twice, with different content; a version in use is never edited"
    )]
    Edited(RuleVersion),
    #[error("version {0} of the rules comes into force no later than the one before it")]
    NotLater(RuleVersion),
}

/// All versions of the rules that were ever in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleBook(Vec<RuleSet>);

impl RuleBook {
    /// The same version may be given twice if both say the same.
    pub(crate) fn try_new(mut sets: Vec<RuleSet>) -> Result<Self, RuleBookError> {
        sets.sort_by_key(|set| set.version);
        sets.dedup();
        for pair in sets.windows(2) {
            if pair[0].version == pair[1].version {
                return Err(RuleBookError::Edited(pair[1].version));
            }
            if pair[1].effective_from <= pair[0].effective_from {
                return Err(RuleBookError::NotLater(pair[1].version));
            }
        }
        if sets.is_empty() { Err(RuleBookError::Empty) } else { Ok(Self(sets)) }
    }

    /// The version in force for events of that instant; `None` before there were any.
    pub(crate) fn in_force(&self, at: Timestamp) -> Option<&RuleSet> {
        self.0.iter().rev().find(|set| set.effective_from <= at)
    }

    pub(crate) fn version(&self, version: RuleVersion) -> Option<&RuleSet> {
        self.0.iter().find(|set| set.version == version)
    }

    /// The version in force then, or the first before it is.
    pub(crate) fn present(&self, now: Timestamp) -> &RuleSet {
        self.in_force(now).unwrap_or(&self.0[0])
    }
}

#[cfg(test)]
mod tests;
