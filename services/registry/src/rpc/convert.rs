//! From the domain to the contract.

use proto::registry::v1 as pb;
use rpc::parse::{date, timestamp};

use crate::{
    domain::{
        appointment::{Appointment, EndReason},
        enterprise::{Details, Enterprise},
        member::Member,
        scale::Scale,
        visit::{Report, Step, Visit, VisitKind, VisitState},
    },
    store::coverage::Covered,
};

pub(super) fn enterprise(enterprise: &Enterprise) -> pb::Enterprise {
    let Enterprise { id, uscc, details, created_at, updated_at, retired_at, version } = enterprise;
    let Details { name, industry, division, address, indicators } = details;
    let state = match retired_at {
        None => pb::EnterpriseState::Active,
        Some(_) => pb::EnterpriseState::Retired,
    };
    pb::Enterprise {
        enterprise_id: id.to_string(),
        uscc: uscc.to_string(),
        name: name.as_str().to_owned(),
        industry_code: industry.to_string(),
        division_code: division.to_string(),
        address: address.as_str().to_owned(),
        employees: indicators.employees,
        revenue_yuan: indicators.revenue_yuan,
        assets_yuan: indicators.assets_yuan,
        scale: scale(enterprise.scale()).into(),
        state: state.into(),
        create_time: Some(timestamp(*created_at)),
        update_time: Some(timestamp(*updated_at)),
        retire_time: retired_at.map(timestamp),
        etag: version.to_string(),
    }
}

fn scale(scale: Option<Scale>) -> pb::EnterpriseScale {
    match scale {
        Some(Scale::Large) => pb::EnterpriseScale::Large,
        Some(Scale::Medium) => pb::EnterpriseScale::Medium,
        Some(Scale::Small) => pb::EnterpriseScale::Small,
        Some(Scale::Micro) => pb::EnterpriseScale::Micro,
        None => pb::EnterpriseScale::Unknown,
    }
}

pub(super) fn member(member: &Member) -> pb::EnterpriseMember {
    let Member { id, enterprise, account, title, added_at, removed_at, version } = member;
    pb::EnterpriseMember {
        member_id: id.to_string(),
        enterprise_id: enterprise.to_string(),
        account_id: account.to_string(),
        title: title.as_str().to_owned(),
        add_time: Some(timestamp(*added_at)),
        remove_time: removed_at.map(timestamp),
        etag: version.to_string(),
    }
}

pub(super) fn appointment(appointment: &Appointment) -> pb::Appointment {
    let Appointment { id, enterprise, manager, from, end, place: _, created_at, updated_at, version } =
        appointment;
    pb::Appointment {
        appointment_id: id.to_string(),
        enterprise_id: enterprise.to_string(),
        manager_id: manager.to_string(),
        from_date: Some(date(*from)),
        end_date: end.map(|end| date(end.date)),
        end_reason: end.map(|end| end_reason(end.reason).into()),
        create_time: Some(timestamp(*created_at)),
        update_time: Some(timestamp(*updated_at)),
        etag: version.to_string(),
    }
}

pub(crate) fn end_reason(reason: EndReason) -> pb::AppointmentEndReason {
    match reason {
        EndReason::Ended => pb::AppointmentEndReason::Ended,
        EndReason::HandedOver => pb::AppointmentEndReason::HandedOver,
        EndReason::EnterpriseRetired => pb::AppointmentEndReason::EnterpriseRetired,
    }
}

pub(super) fn visit(visit: &Visit) -> pb::Visit {
    let Visit {
        id,
        enterprise,
        manager,
        appointment,
        report,
        state,
        dispute,
        answer,
        created_at,
        updated_at,
        version,
    } = visit;
    let Report { date: day, kind, officials, findings, issues } = report;
    pb::Visit {
        visit_id: id.to_string(),
        enterprise_id: enterprise.to_string(),
        manager_id: manager.to_string(),
        appointment_id: appointment.to_string(),
        visit_date: Some(date(*day)),
        kind: visit_kind(*kind).into(),
        officials: officials.get().into(),
        findings: findings.as_str().to_owned(),
        issue_ids: texts(issues),
        state: visit_state(*state).into(),
        dispute_reason: dispute.as_ref().map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
        answered_by_id: answer.map(|answer| answer.by.to_string()).unwrap_or_default(),
        answer_time: answer.map(|answer| timestamp(answer.at)),
        create_time: Some(timestamp(*created_at)),
        update_time: Some(timestamp(*updated_at)),
        etag: version.to_string(),
    }
}

pub(crate) fn visit_kind(kind: VisitKind) -> pb::VisitKind {
    match kind {
        VisitKind::OnSite => pb::VisitKind::OnSite,
        VisitKind::Remote => pb::VisitKind::Remote,
        VisitKind::Meeting => pb::VisitKind::Meeting,
    }
}

fn visit_state(state: VisitState) -> pb::VisitState {
    match state {
        VisitState::Recorded => pb::VisitState::Recorded,
        VisitState::Confirmed => pb::VisitState::Confirmed,
        VisitState::Disputed => pb::VisitState::Disputed,
        VisitState::Cancelled => pb::VisitState::Cancelled,
    }
}

/// The state in the metadata of a refusal.
pub(crate) fn state_name(state: VisitState) -> &'static str {
    visit_state(state).as_str_name().trim_start_matches("VISIT_STATE_")
}

/// The step in the metadata of a refusal.
pub(crate) fn step_name(step: Step) -> &'static str {
    match step {
        Step::Confirm => "CONFIRM",
        Step::Dispute => "DISPUTE",
        Step::Cancel => "CANCEL",
    }
}

pub(super) fn covered(covered: &Covered) -> pb::EnterpriseCoverage {
    let Covered { enterprise, manager, n_visits, last_visit_date } = covered;
    pb::EnterpriseCoverage {
        enterprise_id: enterprise.to_string(),
        manager_id: manager.to_string(),
        confirmed_visits: *n_visits,
        last_visit_date: last_visit_date.map(date),
    }
}

pub(crate) fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
