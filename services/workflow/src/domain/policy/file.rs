//! The form of a pack's file.

use serde::Deserialize;

use super::PackError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) version: u32,
    pub(super) clocks: Clocks,
    pub(super) reply: Reply,
    pub(super) windows: Windows,
    pub(super) reopening: Reopening,
    pub(super) rating: Rating,
    pub(super) ladder: Vec<LadderStep>,
    pub(super) audit_failures: Vec<AuditFailure>,
    pub(super) categories: Vec<Category>,
    pub(super) routes: Vec<Route>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
pub(super) struct Clocks {
    pub(super) c0: String,
    pub(super) c1: String,
    pub(super) c2: String,
    pub(super) c3: String,
    pub(super) c5: String,
    pub(super) c6: String,
    pub(super) c7: String,
    pub(super) c8: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    pub(super) consultation: String,
    pub(super) normal: String,
    pub(super) hard: String,
    pub(super) cap: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Windows {
    pub(super) confirm: String,
    pub(super) reopen: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reopening {
    pub(super) same_handler: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rating {
    pub(super) satisfied_from: u8,
    pub(super) strictly_satisfied_from: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LadderStep {
    pub(super) rung: String,
    pub(super) clocks: Vec<String>,
    pub(super) at: String,
    pub(super) light: Option<String>,
    pub(super) notify: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditFailure {
    pub(super) code: String,
    pub(super) zh: String,
    pub(super) en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Category {
    pub(super) code: String,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) difficulty: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) category: String,
    pub(super) division: String,
    pub(super) department: String,
}

pub(super) fn read(text: &str) -> Result<File, PackError> {
    toml::from_str(text).map_err(PackError::Form)
}
