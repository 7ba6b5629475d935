//! The form of a pack's file.

use serde::Deserialize;

use super::FormError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) clocks: Clocks,
    pub(super) reply: Reply,
    pub(super) deputy: Deputy,
    pub(super) questions: Questions,
    pub(super) extensions: Extensions,
    pub(super) escalation: Escalation,
    pub(super) windows: Windows,
    pub(super) reopening: Reopening,
    pub(super) urging: Urging,
    pub(super) rating: Rating,
    pub(super) ladder: Vec<LadderStep>,
    pub(super) audit_failures: Vec<Word>,
    pub(super) categories: Vec<Category>,
    pub(super) routes: Vec<Route>,
    pub(super) orders: Orders,
    pub(super) calendar: Calendar,
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
    pub(super) c9: String,
    pub(super) c10: String,
    pub(super) c11: String,
    pub(super) c12: String,
    pub(super) c13: String,
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
pub(super) struct Deputy {
    pub(super) after: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Questions {
    pub(super) most: u32,
    pub(super) window: String,
    pub(super) total: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Extensions {
    pub(super) most: String,
    pub(super) ahead: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Escalation {
    pub(super) returns: u32,
    pub(super) reopens: u32,
    pub(super) level: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Windows {
    pub(super) confirm: String,
    pub(super) appeal: String,
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
    pub(super) dimensions: Vec<RatingDimension>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RatingDimension {
    pub(super) code: String,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) required: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Urging {
    pub(super) per_working_day: u32,
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
pub(super) struct Word {
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Orders {
    pub(super) clocks: OrderClocks,
    pub(super) kinds: Vec<Word>,
    pub(super) ladder: Vec<LadderStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
pub(super) struct OrderClocks {
    pub(super) o1: String,
    pub(super) o2: String,
    pub(super) o4: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Calendar {
    pub(super) alarm_days: u32,
}

/// JSON begins with a brace, TOML never does.
pub(super) fn read(text: &str) -> Result<File, FormError> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(FormError::Json)
    } else {
        toml::from_str(text).map_err(FormError::Toml)
    }
}
