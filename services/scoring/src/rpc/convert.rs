//! Between the contract and the domain.

use proto::scoring::v1 as pb;
use rpc::{Fields, parse::timestamp};

use crate::{
    domain::{Kind, Period, Rule, RuleSet, RuleVersion, Settlement, State},
    store::entries::{About, Entry, ShownPosting},
};

/// The period, where one is given.
pub(super) fn period(f: &mut Fields, period: Option<pb::Period>) -> Option<Period> {
    let pb::Period { year, quarter } = period?;
    let found = Period::try_new(year, quarter);
    if found.is_none() {
        f.reject("period", "must be a year of 2000 to 9999 and a quarter of 1 to 4, or 0 for the whole year");
    }
    found
}

/// A version that rules can have; 0 for the present one.
pub(super) fn version(f: &mut Fields, version: i32) -> Option<RuleVersion> {
    if version < 0 {
        f.reject("version", "must not be negative");
    }
    (0 < version).then_some(RuleVersion(version))
}

pub(super) fn kind_of_wire(kind: pb::BeneficiaryKind) -> Option<Kind> {
    match kind {
        pb::BeneficiaryKind::Unspecified => None,
        pb::BeneficiaryKind::Manager => Some(Kind::Manager),
        pb::BeneficiaryKind::Liaison => Some(Kind::Liaison),
        pb::BeneficiaryKind::SectionHandler => Some(Kind::SectionHandler),
    }
}

fn kind(kind: Kind) -> pb::BeneficiaryKind {
    match kind {
        Kind::Manager => pb::BeneficiaryKind::Manager,
        Kind::Liaison => pb::BeneficiaryKind::Liaison,
        Kind::SectionHandler => pb::BeneficiaryKind::SectionHandler,
    }
}

pub(super) fn state_of_wire(state: pb::EntryState) -> Option<State> {
    match state {
        pb::EntryState::Unspecified => None,
        pb::EntryState::Pending => Some(State::Pending),
        pb::EntryState::Posted => Some(State::Posted),
        pb::EntryState::Voided => Some(State::Voided),
    }
}

fn state(state: State) -> pb::EntryState {
    match state {
        State::Pending => pb::EntryState::Pending,
        State::Posted => pb::EntryState::Posted,
        State::Voided => pb::EntryState::Voided,
    }
}

pub(super) fn entry(entry: Entry, postings: Vec<ShownPosting>) -> pb::Entry {
    let (issue_id, issue_number, visit_id) = match entry.about {
        About::Issue { id, number } => (id.to_string(), number, String::new()),
        About::Visit(id) => (String::new(), String::new(), id.to_string()),
    };
    pb::Entry {
        entry_id: entry.id.to_string(),
        account_id: entry.account.to_string(),
        kind: kind(entry.kind).into(),
        rule_id: entry.rule.to_string(),
        rule_version: entry.rule_version.0,
        amount: entry.amount,
        state: state(entry.state).into(),
        effective_time: Some(timestamp(entry.effective_at)),
        record_time: Some(timestamp(entry.recorded_at)),
        source: Some(pb::EntrySource {
            event_id: entry.event.to_string(),
            event_type: entry.event_type,
            issue_id,
            issue_number,
            visit_id,
        }),
        postings: postings.into_iter().map(posting).collect(),
    }
}

fn posting(posting: ShownPosting) -> pb::Posting {
    let ShownPosting { id, state: became, amount, reverses, event, recorded_at } = posting;
    pb::Posting {
        posting_id: id.to_string(),
        state: state(became).into(),
        amount,
        reverses_posting_id: reverses.map(|id| id.to_string()).unwrap_or_default(),
        event_id: event.to_string(),
        record_time: Some(timestamp(recorded_at)),
    }
}

pub(super) fn rule(set: &RuleSet, rule: &Rule) -> pb::Rule {
    let settlement = match rule.settlement {
        Settlement::Final => pb::Settlement::Final,
        Settlement::AtAudit => pb::Settlement::AtAudit,
    };
    pb::Rule {
        rule_id: rule.id.to_string(),
        version: set.version.0,
        text_zh: rule.zh.clone(),
        text_en: rule.en.clone(),
        occasion: rule.occasion.name().to_owned(),
        kind: kind(rule.kind).into(),
        points: rule.points,
        settlement: settlement.into(),
        unit_working_seconds: rule.unit_working_seconds,
        cap_per_quarter: rule.cap_per_quarter,
        cap_per_issue: rule.cap_per_issue,
        once_per_firm_days: rule.once_per_firm_days.map(i32::from),
        effective_time: Some(timestamp(set.effective_from)),
    }
}
