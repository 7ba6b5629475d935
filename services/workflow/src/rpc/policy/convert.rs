//! Between packs, calendars and activations and the contract.

use chrono::NaiveDate;
use kernel::{AccountId, Timestamp};
use proto::workflow::v1 as pb;
use rpc::parse::{date, timestamp};
use worktime::CalendarError;

use super::found::{FoundCalendar, FoundPack};
use crate::{
    domain::{
        Activation, ActivationStep, ClockId, Difficulty, Fault, Policy, Rules, Standing, StepKind, Subject,
        days_left, order,
    },
    rpc::convert,
};

/// Who stored something, and when; `None` for what comes with the suite.
pub(super) type Origin = Option<(AccountId, Timestamp)>;

pub(super) fn pack(found: &FoundPack, is_in_force: bool, shows_text: bool) -> pb::PolicyPack {
    let FoundPack { policy, text, origin } = found;
    pb::PolicyPack {
        name: policy.version.pack.to_string(),
        version: number(policy.version.number),
        built_in: origin.is_none(),
        in_force: is_in_force,
        create_time: origin.map(|(_, at)| timestamp(at)),
        created_by_id: by(*origin),
        limits: limits(policy),
        categories: policy.categories.iter().map(|category| category.code.to_string()).collect(),
        rung_count: number(policy.ladder.len() + policy.orders.ladder.len()),
        route_count: number(policy.routes.len()),
        text: if shows_text { text.clone() } else { String::new() },
    }
}

fn limits(policy: &Policy) -> Vec<pb::PackLimit> {
    let limit = |clock: ClockId, difficulty: Option<Difficulty>| pb::PackLimit {
        clock: clock.to_string(),
        difficulty: difficulty.map_or(pb::Difficulty::Unspecified, convert::difficulty).into(),
        limit: policy.limit(clock, difficulty.unwrap_or(Difficulty::Normal)).to_string(),
    };
    // The delivery is due on the day that was agreed upon.
    let orders = order::ClockId::ALL.iter().filter(|clock| **clock != order::ClockId::O3);
    let orders = orders.map(|clock| pb::PackLimit {
        clock: clock.to_string(),
        difficulty: pb::Difficulty::Unspecified.into(),
        limit: policy.orders.limit(*clock).to_string(),
    });
    ClockId::ALL
        .iter()
        .flat_map(|clock| match clock {
            ClockId::C4 => {
                Difficulty::ALL.iter().map(|difficulty| limit(*clock, Some(*difficulty))).collect()
            }
            _ => vec![limit(*clock, None)],
        })
        .chain(orders)
        .collect()
}

pub(super) fn calendar(
    found: &FoundCalendar,
    in_force: Rules<'_>,
    now: Timestamp,
    shows_text: bool,
) -> pb::WorkingCalendar {
    let FoundCalendar { calendar, text, origin } = found;
    let is_in_force = calendar.version() == in_force.calendar.version();
    pb::WorkingCalendar {
        calendar_version: calendar.version().to_owned(),
        built_in: origin.is_none(),
        in_force: is_in_force,
        first_date: NaiveDate::from_ymd_opt(calendar.first_year(), 1, 1).map(date),
        last_date: Some(date(calendar.last_day())),
        last_announced_date: Some(date(calendar.last_announced_day())),
        days_left: number(days_left(calendar, now)),
        ends_soon: is_in_force && in_force.calendar_ends_soon(now),
        create_time: origin.map(|(_, at)| timestamp(at)),
        created_by_id: by(*origin),
        text: if shows_text { text.clone() } else { String::new() },
    }
}

pub(super) fn activation(activation: &Activation, now: Timestamp) -> pb::Activation {
    let Activation { id, subject, from, steps } = activation;
    let (kind, pack, calendar_version) = match subject {
        Subject::Pack(version) => (pb::ActivationKind::Pack, Some(version), String::new()),
        Subject::Calendar(version) => (pb::ActivationKind::Calendar, None, version.clone()),
    };
    pb::Activation {
        activation_id: id.to_string(),
        kind: kind.into(),
        pack_name: pack.map(|version| version.pack.to_string()).unwrap_or_default(),
        pack_version: pack.map(|version| number(version.number)).unwrap_or_default(),
        calendar_version,
        from_date: Some(date(*from)),
        state: standing(activation.standing(now)).into(),
        steps: steps.iter().map(step).collect(),
        etag: activation.version().to_string(),
    }
}

fn step(step: &ActivationStep) -> pb::ActivationStep {
    let kind = match step.kind {
        StepKind::Proposed => pb::ActivationStepKind::Proposed,
        StepKind::Approved => pb::ActivationStepKind::Approved,
        StepKind::Cancelled => pb::ActivationStepKind::Cancelled,
    };
    pb::ActivationStep { kind: kind.into(), time: Some(timestamp(step.at)), account_id: step.by.to_string() }
}

const fn standing(standing: Standing) -> pb::ActivationState {
    match standing {
        Standing::Proposed => pb::ActivationState::Proposed,
        Standing::Approved => pb::ActivationState::Approved,
        Standing::Effective => pb::ActivationState::Effective,
        Standing::Cancelled => pb::ActivationState::Cancelled,
        Standing::Lapsed => pb::ActivationState::Lapsed,
    }
}

pub(super) fn fault(fault: Fault) -> pb::PolicyFault {
    let Fault { place, line, problem, zh } = fault;
    pb::PolicyFault { place, line: number(line.unwrap_or_default()), reason_zh: zh, reason_en: problem }
}

/// What is wrong with a text that should be a calendar.
pub(super) fn calendar_faults(error: &CalendarError) -> Vec<Fault> {
    match error {
        CalendarError::Form(error) => {
            let problem = error.to_string();
            let line = Some(error.line()).filter(|line| 0 < *line);
            vec![Fault { place: String::new(), line, zh: format!("格式不正确：{problem}"), problem }]
        }
        CalendarError::Faults(faults) => faults
            .iter()
            .map(|fault| Fault {
                place: fault.place.clone(),
                line: None,
                problem: fault.problem.clone(),
                zh: fault.zh.clone(),
            })
            .collect(),
    }
}

fn by(origin: Origin) -> String {
    origin.map(|(account, _)| account.to_string()).unwrap_or_default()
}

pub(super) fn number(n: impl TryInto<i32>) -> i32 {
    n.try_into().unwrap_or(i32::MAX)
}
