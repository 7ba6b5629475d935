//! Whether a file of rules is complete and agrees with itself.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::{DateTime, DurationRound as _, TimeDelta};
use kernel::Timestamp;

use super::{Kind, Occasion, Rule, RuleId, RuleSet, RuleVersion, Settlement, Tier, file};

/// No rule moves more points at a time, nor has a higher cap.
const MOST: i64 = 1_000_000;

/// Why a file holds no rules.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RuleFileError {
    /// Not TOML, or not of the form: the source names the line, and the unknown or missing field.
    #[error("the rules are not of the form required")]
    Form(#[source] toml::de::Error),
    /// Of the form, but wrong; all faults found, at least one.
    #[error("the rules are wrong: {}", join(.0))]
    Faults(Vec<Fault>),
}

/// One thing wrong with the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where it stands, such as `rules[2].points`; indices from 0.
    pub place: String,
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

fn join(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ")
}

pub(super) fn rules(file: file::File) -> Result<RuleSet, RuleFileError> {
    let file::File { version, effective_from, rules, tiers } = file;
    let mut check = Check::default();
    if version < 1 {
        check.fault("version", "must be at least 1");
    }
    let effective_from = check.instant("effective_from", &effective_from);
    let n_rules = rules.len();
    let rules: Vec<_> = rules.into_iter().enumerate().filter_map(|(n, rule)| check.rule(n, rule)).collect();
    if n_rules == 0 {
        check.fault("rules", "must not be empty");
    }
    let tiers = check.tiers(tiers);
    match effective_from {
        Some(effective_from) if check.faults.is_empty() => {
            Ok(RuleSet { version: RuleVersion(version), effective_from, rules, tiers })
        }
        _ => Err(RuleFileError::Faults(check.faults)),
    }
}

#[derive(Default)]
struct Check {
    faults: Vec<Fault>,
    ids: BTreeSet<RuleId>,
}

impl Check {
    fn fault(&mut self, place: impl Into<String>, problem: impl fmt::Display) {
        self.faults.push(Fault { place: place.into(), problem: problem.to_string() });
    }

    fn parse<T: FromStr<Err: fmt::Display>>(&mut self, place: String, text: &str) -> Option<T> {
        text.parse().map_err(|error| self.fault(place, error)).ok()
    }

    fn instant(&mut self, place: &str, text: &str) -> Option<Timestamp> {
        let at = DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
        // The database keeps whole microseconds.
        let at = at.and_then(|at| at.duration_trunc(TimeDelta::microseconds(1)).ok());
        if at.is_none() {
            self.fault(place, "must be an instant such as \"2026-01-01T00:00:00+08:00\"");
        }
        at
    }

    fn texts(&mut self, place: &str, zh: &str, en: &str) {
        for (language, text) in [("zh", zh), ("en", en)] {
            if text.trim().is_empty() {
                self.fault(format!("{place}.{language}"), "must not be empty");
            }
        }
    }

    fn at_least_one(&mut self, place: String, number: Option<i64>) {
        if number.is_some_and(|number| !(1..=MOST).contains(&number)) {
            self.fault(place, format!("must be 1 to {MOST}"));
        }
    }

    fn rule(&mut self, n: usize, rule: file::Rule) -> Option<Rule> {
        let file::Rule {
            id,
            occasion,
            kind,
            points,
            settlement,
            unit_working_seconds,
            cap_per_quarter,
            cap_per_issue,
            once_per_firm_days,
            zh,
            en,
        } = rule;
        let place = |field: &str| format!("rules[{n}].{field}");
        let id = self.parse::<RuleId>(place("id"), &id);
        if let Some(id) = &id
            && !self.ids.insert(id.clone())
        {
            self.fault(place("id"), format!("{:?} stands twice", id.as_str()));
        }
        let occasion = self.parse::<Occasion>(place("occasion"), &occasion);
        let kind = self.parse::<Kind>(place("kind"), &kind);
        let settlement = self.parse::<Settlement>(place("settlement"), &settlement);
        if points == 0 || points.checked_abs().is_none_or(|points| MOST < points) {
            self.fault(place("points"), format!("must be 1 to {MOST} or -{MOST} to -1"));
        }
        self.at_least_one(place("unit_working_seconds"), unit_working_seconds);
        self.at_least_one(place("cap_per_quarter"), cap_per_quarter);
        self.at_least_one(place("cap_per_issue"), cap_per_issue);
        self.at_least_one(place("once_per_firm_days"), once_per_firm_days.map(i64::from));
        self.texts(&format!("rules[{n}]"), &zh, &en);
        let (id, occasion, kind, settlement) = (id?, occasion?, kind?, settlement?);

        if occasion.is_of_visits() {
            if kind != Kind::Manager {
                self.fault(place("kind"), "must be MANAGER for visits");
            }
            if settlement != Settlement::Final {
                self.fault(place("settlement"), "must be FINAL for visits, which nobody audits");
            }
            if cap_per_issue.is_some() {
                self.fault(place("cap_per_issue"), "is not for visits");
            }
        } else if once_per_firm_days.is_some() {
            self.fault(place("once_per_firm_days"), "is for visits alone");
        }
        match (occasion == Occasion::ReplyOverdue, unit_working_seconds) {
            (true, None) => self.fault(place("unit_working_seconds"), "is required for REPLY_OVERDUE"),
            (false, Some(_)) => self.fault(place("unit_working_seconds"), "is for REPLY_OVERDUE alone"),
            (true, Some(_)) if cap_per_issue.is_none() => {
                self.fault(place("cap_per_issue"), "is required for REPLY_OVERDUE");
            }
            (true | false, _) => (),
        }
        Some(Rule {
            id,
            occasion,
            kind,
            points,
            settlement,
            unit_working_seconds,
            cap_per_quarter,
            cap_per_issue,
            once_per_firm_days,
            zh,
            en,
        })
    }

    fn tiers(&mut self, tiers: Vec<file::Tier>) -> Vec<Tier> {
        let (mut codes, mut above) = (BTreeSet::new(), 0);
        for (n, tier) in tiers.iter().enumerate() {
            let place = |field: &str| format!("tiers[{n}].{field}");
            if tier.code.trim().is_empty() {
                self.fault(place("code"), "must not be empty");
            }
            if !codes.insert(tier.code.as_str()) {
                self.fault(place("code"), format!("{:?} stands twice", tier.code));
            }
            if tier.top_percent <= above || 100 < tier.top_percent {
                self.fault(place("top_percent"), "must be more than the one before it, and at most 100");
            }
            above = tier.top_percent;
            self.texts(&format!("tiers[{n}]"), &tier.zh, &tier.en);
        }
        if above != 100 {
            self.fault("tiers", "must end with one whose top_percent is 100");
        }
        let tier = |file::Tier { code, top_percent, zh, en }| Tier { code, top_percent, zh, en };
        tiers.into_iter().map(tier).collect()
    }
}
