//! The form of a file of rules.

use serde::Deserialize;

use super::RuleFileError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) version: i32,
    pub(super) effective_from: String,
    pub(super) rules: Vec<Rule>,
    pub(super) tiers: Vec<Tier>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) occasion: String,
    pub(super) kind: String,
    pub(super) points: i64,
    pub(super) settlement: String,
    pub(super) unit_working_seconds: Option<i64>,
    pub(super) cap_per_quarter: Option<i64>,
    pub(super) cap_per_issue: Option<i64>,
    pub(super) once_per_firm_days: Option<u16>,
    pub(super) zh: String,
    pub(super) en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tier {
    pub(super) code: String,
    pub(super) top_percent: u8,
    pub(super) zh: String,
    pub(super) en: String,
}

pub(super) fn read(text: &str) -> Result<File, RuleFileError> {
    toml::from_str(text).map_err(RuleFileError::Form)
}
