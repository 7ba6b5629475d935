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
        /// Until when the recipient has to act, or may.
        Until = "until",
        /// How often its return was asked for.
        Returns = "returns",
        /// Of an extension.
        WorkingDays = "working_days",
        /// 1 to 3.
        SupervisionLevel = "supervision_level",
        /// Why it was escalated: a code.
        EscalationCause = "escalation_cause",
        /// What kind of service was ordered: a code of the pack for orders.
        OrderKind = "order_kind",
        /// When the service begins.
        Start = "start",
        /// Level of an excellent case: a code.
        CaseLevel = "case_level",
        /// Version of a working calendar.
        Calendar = "calendar",
        /// The last day that it covers.
        LastDate = "last_date",
        /// How many days are left of it.
        DaysLeft = "days_left",
    }
}

/// What codes are called, by group, code and language.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    outcome: BTreeMap<String, Word>,
    clock: BTreeMap<String, Word>,
    escalation_cause: BTreeMap<String, Word>,
    order_kind: BTreeMap<String, Word>,
    case_level: BTreeMap<String, Word>,
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
            Self::EscalationCause => word(&words.escalation_cause, value, language).to_owned(),
            Self::OrderKind => word(&words.order_kind, value, language).to_owned(),
            Self::CaseLevel => word(&words.case_level, value, language).to_owned(),
            Self::RateUntil | Self::Due | Self::Until | Self::Start => {
                local_time(value).unwrap_or_else(|| value.to_owned())
            }
            Self::IssueNumber
            | Self::Stars
            | Self::CommittedDate
            | Self::Urges
            | Self::Reopens
            | Self::Returns
            | Self::WorkingDays
            | Self::SupervisionLevel
            | Self::Calendar
            | Self::LastDate
            | Self::DaysLeft => value.to_owned(),
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
            Self::Urges | Self::Reopens | Self::Returns => "1",
            Self::Clock => "C4",
            Self::Due | Self::Until => "2026-03-06T09:30:00Z",
            Self::WorkingDays => "5",
            Self::SupervisionLevel => "2",
            Self::EscalationCause => "RETURNS",
            Self::OrderKind => "legal_education",
            Self::Start => "2026-03-12T06:00:00Z",
            Self::CaseLevel => "CITY",
            Self::Calendar => "cn-2026",
            Self::LastDate => "2026-12-31",
            Self::DaysLeft => "30",
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
