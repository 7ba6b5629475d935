//! What an occurrence earns or costs whom.

use chrono::NaiveDate;
use kernel::{AccountId, EnterpriseId, EntryId, Version};
use uuid::Uuid;

use super::{Kind, Occurrence, PostingId, Quarter, Rule, RuleId, RuleSet, RuleVersion, Settlement, State};

/// Points that an occurrence is worth to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub rule: RuleId,
    pub rule_version: RuleVersion,
    pub account: AccountId,
    pub kind: Kind,
    /// Never 0.
    pub amount: i64,
    pub settlement: Settlement,
    /// The clock whose lateness is charged; empty otherwise.
    pub clock: String,
}

/// An entry that the ledger has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub id: EntryId,
    pub rule: RuleId,
    pub account: AccountId,
    pub kind: Kind,
    pub amount: i64,
    pub settlement: Settlement,
    pub subject: Uuid,
    pub enterprise: EnterpriseId,
    pub clock: String,
    pub on_day: Option<NaiveDate>,
    pub quarter: Quarter,
    /// Of its event.
    pub version: Version,
    pub state: State,
    pub last_posting: PostingId,
}

/// The rules that the occurrence may fall under, and whom each would pay.
pub(crate) fn candidates<'a>(occurrence: &Occurrence, rules: &'a RuleSet) -> Vec<(&'a Rule, AccountId)> {
    let what = &occurrence.what;
    rules
        .rules
        .iter()
        .filter(|rule| what.occasions.contains(&rule.occasion))
        .filter_map(|rule| what.parties.of_kind(rule.kind).map(|account| (rule, account)))
        .filter(|(rule, account)| {
            // Nobody earns by their own judgement; what it costs them stands.
            !(rule.occasion.is_judgement() && 0 < rule.points && what.actor == Some(*account))
        })
        .collect()
}

/// What the occurrence earns or costs whom. `recorded` holds the entries of its subject, and those of the candidates
/// that their caps look at. What a cap leaves nothing of gives no entry.
///
/// Caps look at what the ledger holds, so which of several deeds meets a full cap depends on the order in which they
/// were heard of; their sum does not, as long as a rule pays the same each time. Which of two visits within the days of
/// `once_per_firm_days` pays is decided by that order alone.
pub(crate) fn entries_for(occurrence: &Occurrence, rules: &RuleSet, recorded: &[Recorded]) -> Vec<Draft> {
    candidates(occurrence, rules)
        .into_iter()
        .filter_map(|(rule, account)| {
            let counted: Vec<_> = recorded
                .iter()
                .filter(|entry| entry.rule == rule.id && entry.state != State::Voided)
                .collect();
            let amount = amount(occurrence, rule, account, &counted)?;
            let clock = match (&occurrence.what.lateness, rule.unit_working_seconds) {
                (Some(lateness), Some(_)) => lateness.clock.clone(),
                _ => String::new(),
            };
            Some(Draft {
                rule: rule.id.clone(),
                rule_version: rules.version,
                account,
                kind: rule.kind,
                amount,
                settlement: rule.settlement,
                clock,
            })
        })
        .collect()
}

fn amount(occurrence: &Occurrence, rule: &Rule, account: AccountId, counted: &[&Recorded]) -> Option<i64> {
    let what = &occurrence.what;
    let (subject, quarter) = (what.subject.uuid(), Quarter::of(occurrence.at));
    let mut worth = rule.points.saturating_abs();
    if let Some(unit) = rule.unit_working_seconds {
        let lateness = what.lateness.as_ref()?;
        worth = worth.saturating_mul(started(lateness.working_seconds, unit));
        // A clock that stopped twice was charged for its first part before.
        worth -= sum(counted, |entry| entry.subject == subject && entry.clock == lateness.clock);
    }
    if let Some(cap) = rule.cap_per_quarter {
        worth = worth.min(cap - sum(counted, |entry| entry.account == account && entry.quarter == quarter));
    }
    if let Some(cap) = rule.cap_per_issue {
        worth = worth.min(cap - sum(counted, |entry| entry.subject == subject));
    }
    if let Some(days) = rule.once_per_firm_days {
        let on_day = what.on_day?;
        let paid_before = counted.iter().any(|entry| {
            let apart = entry.on_day.map(|day| on_day.signed_duration_since(day).num_days().abs());
            let near = apart.is_some_and(|apart| apart < i64::from(days));
            near && entry.account == account && entry.enterprise == what.enterprise
        });
        if paid_before {
            return None;
        }
    }
    (0 < worth).then_some(worth * rule.points.signum())
}

/// Units begun.
fn started(seconds: i64, unit: i64) -> i64 {
    if seconds <= 0 { 0 } else { (seconds - 1) / unit + 1 }
}

fn sum(entries: &[&Recorded], counts: impl Fn(&Recorded) -> bool) -> i64 {
    entries.iter().filter(|entry| counts(entry)).map(|entry| entry.amount.saturating_abs()).sum()
}

#[cfg(test)]
mod tests;
