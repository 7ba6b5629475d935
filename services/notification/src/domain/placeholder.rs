//! What stands in braces in a template, and how its value reads in a language.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

use super::notice::{Language, coded_enum};

/// The municipality's time, UTC+08:00, in seconds.
pub(crate) const LOCAL_OFFSET: i32 = 8 * 3_600;

/// Values by placeholder, in a form that belongs to no language: instants as RFC 3339, days as ISO 8601, codes.
pub(crate) type Values = BTreeMap<Placeholder, String>;

coded_enum! {
    /// What may stand in braces.
    Placeholder {
        /// Number of the issue.
        IssueNumber = "issue_number",
        /// What came of the issue: a code.
        Outcome = "outcome",
        /// A rating, 1 to 5.
        Stars = "stars",
        /// The day for which a solution is planned.
        CommittedDate = "committed_date",
        /// Until when the firm may rate.
        RateUntil = "rate_until",
        /// How often it was urged.
        Urges = "urges",
        /// How often it was reopened.
        Reopens = "reopens",
        /// A clock of the issue: a code, with a round after a dot.
        Clock = "clock",
        /// When that clock is due.
        Due = "due",
    }
}

/// What codes are called, by group, code and language.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    outcome: BTreeMap<String, Word>,
    clock: BTreeMap<String, Word>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    #[serde(rename = "zh-CN")]
    chinese: String,
    en: String,
}

impl Word {
    fn of(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.chinese,
            Language::English => &self.en,
        }
    }
}

impl Placeholder {
    /// How a value reads; one that cannot be read as what it should be stands for itself.
    pub(crate) fn shown(self, value: &str, language: Language, words: &Words) -> String {
        match self {
            Self::Outcome => word(&words.outcome, value, language).to_owned(),
            Self::Clock => match value.split_once('.') {
                Some((clock, round)) => format!("{} {round}", word(&words.clock, clock, language)),
                None => word(&words.clock, value, language).to_owned(),
            },
            Self::RateUntil | Self::Due => local_time(value).unwrap_or_else(|| value.to_owned()),
            Self::IssueNumber | Self::Stars | Self::CommittedDate | Self::Urges | Self::Reopens => {
                value.to_owned()
            }
        }
    }

    /// A value to try a template with.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::IssueNumber => "2026-000123",
            Self::Outcome => "RESOLVED",
            Self::Stars => "4",
            Self::CommittedDate => "2026-06-30",
            Self::RateUntil => "2026-03-09T09:30:00Z",
            Self::Urges | Self::Reopens => "1",
            Self::Clock => "C4",
            Self::Due => "2026-03-06T09:30:00Z",
        }
    }
}

fn word<'a>(words: &'a BTreeMap<String, Word>, code: &'a str, language: Language) -> &'a str {
    words.get(code).map_or(code, |word| word.of(language))
}

fn local_time(value: &str) -> Option<String> {
    let offset = FixedOffset::east_opt(LOCAL_OFFSET)?;
    let at = DateTime::parse_from_rfc3339(value).ok()?;
    Some(at.with_timezone(&offset).format("%Y-%m-%d %H:%M").to_string())
}
