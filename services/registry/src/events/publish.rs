//! Events, put into the outbox in the transaction of what they tell of.

use events::Outgoing;
use kernel::{EventId, IdGen, Timestamp, Version};
use prost::{Message, Name};
use proto::registry::v1 as pb;
use rpc::parse::date;
use store::Batch;

use crate::{
    domain::{
        appointment::Appointment,
        enterprise::Enterprise,
        member::Member,
        visit::{Answer, Visit},
    },
    rpc::convert,
};

/// What all events of one call have in common.
pub(crate) struct Cause<'a> {
    pub ids: &'a dyn IdGen,
    pub at: Timestamp,
    /// W3C trace context of the call.
    pub traceparent: String,
}

impl Cause<'_> {
    fn append<M: Message + Name>(&self, batch: &mut Batch, subject: String, version: Version, payload: &M) {
        let event = Outgoing {
            event_id: EventId::new(self.ids.uuid(self.at)),
            subject,
            subject_version: version,
            time: self.at,
            traceparent: &self.traceparent,
        };
        events::append(batch, event, payload);
    }

    pub(crate) fn enterprise_created(&self, batch: &mut Batch, enterprise: &Enterprise) {
        let payload = pb::EnterpriseCreated {
            enterprise_id: enterprise.id.to_string(),
            industry_code: enterprise.details.industry.to_string(),
            division_code: enterprise.details.division.to_string(),
        };
        self.append(batch, enterprise_subject(enterprise), enterprise.version, &payload);
    }

    pub(crate) fn enterprise_updated(&self, batch: &mut Batch, enterprise: &Enterprise, changed: &[&str]) {
        let payload = pb::EnterpriseUpdated {
            enterprise_id: enterprise.id.to_string(),
            changed_fields: changed.iter().map(ToString::to_string).collect(),
        };
        self.append(batch, enterprise_subject(enterprise), enterprise.version, &payload);
    }

    pub(crate) fn enterprise_retired(&self, batch: &mut Batch, enterprise: &Enterprise) {
        let payload = pb::EnterpriseRetired { enterprise_id: enterprise.id.to_string() };
        self.append(batch, enterprise_subject(enterprise), enterprise.version, &payload);
    }

    /// `enterprise` as it is after the event.
    pub(crate) fn member_added(&self, batch: &mut Batch, enterprise: &Enterprise, member: &Member) {
        let payload = pb::EnterpriseMemberAdded {
            enterprise_id: member.enterprise.to_string(),
            member_id: member.id.to_string(),
            account_id: member.account.to_string(),
        };
        self.append(batch, enterprise_subject(enterprise), enterprise.version, &payload);
    }

    /// `enterprise` as it is after the event.
    pub(crate) fn member_removed(&self, batch: &mut Batch, enterprise: &Enterprise, member: &Member) {
        let payload = pb::EnterpriseMemberRemoved {
            enterprise_id: member.enterprise.to_string(),
            member_id: member.id.to_string(),
            account_id: member.account.to_string(),
        };
        self.append(batch, enterprise_subject(enterprise), enterprise.version, &payload);
    }

    pub(crate) fn manager_appointed(&self, batch: &mut Batch, appointment: &Appointment) {
        let payload = pb::ManagerAppointed {
            appointment_id: appointment.id.to_string(),
            enterprise_id: appointment.enterprise.to_string(),
            manager_id: appointment.manager.to_string(),
            from_date: Some(date(appointment.from)),
            end_date: appointment.end.map(|end| date(end.date)),
        };
        self.append(batch, appointment_subject(appointment), appointment.version, &payload);
    }

    /// Says nothing of an appointment without an end.
    pub(crate) fn appointment_ended(&self, batch: &mut Batch, appointment: &Appointment) {
        let Some(end) = appointment.end else { return };
        let payload = pb::AppointmentEnded {
            appointment_id: appointment.id.to_string(),
            enterprise_id: appointment.enterprise.to_string(),
            manager_id: appointment.manager.to_string(),
            from_date: Some(date(appointment.from)),
            end_date: Some(date(end.date)),
            reason: convert::end_reason(end.reason).into(),
        };
        self.append(batch, appointment_subject(appointment), appointment.version, &payload);
    }

    pub(crate) fn visit_recorded(&self, batch: &mut Batch, visit: &Visit) {
        let payload = pb::VisitRecorded {
            visit_id: visit.id.to_string(),
            enterprise_id: visit.enterprise.to_string(),
            manager_id: visit.manager.to_string(),
            visit_date: Some(date(visit.report.date)),
            kind: convert::visit_kind(visit.report.kind).into(),
            officials: visit.report.officials.get().into(),
            issue_ids: convert::texts(&visit.report.issues),
        };
        self.append(batch, visit_subject(visit), visit.version, &payload);
    }

    pub(crate) fn visit_confirmed(&self, batch: &mut Batch, visit: &Visit, answer: Answer) {
        let payload = pb::VisitConfirmed {
            visit_id: visit.id.to_string(),
            enterprise_id: visit.enterprise.to_string(),
            manager_id: visit.manager.to_string(),
            visit_date: Some(date(visit.report.date)),
            issue_ids: convert::texts(&visit.report.issues),
            confirmed_by_id: answer.by.to_string(),
        };
        self.append(batch, visit_subject(visit), visit.version, &payload);
    }

    pub(crate) fn visit_disputed(&self, batch: &mut Batch, visit: &Visit, answer: Answer) {
        let payload = pb::VisitDisputed {
            visit_id: visit.id.to_string(),
            enterprise_id: visit.enterprise.to_string(),
            manager_id: visit.manager.to_string(),
            visit_date: Some(date(visit.report.date)),
            disputed_by_id: answer.by.to_string(),
        };
        self.append(batch, visit_subject(visit), visit.version, &payload);
    }

    pub(crate) fn visit_cancelled(&self, batch: &mut Batch, visit: &Visit) {
        let payload = pb::VisitCancelled {
            visit_id: visit.id.to_string(),
            enterprise_id: visit.enterprise.to_string(),
            manager_id: visit.manager.to_string(),
            visit_date: Some(date(visit.report.date)),
        };
        self.append(batch, visit_subject(visit), visit.version, &payload);
    }
}

fn enterprise_subject(enterprise: &Enterprise) -> String {
    format!("enterprise/{}", enterprise.id)
}

fn appointment_subject(appointment: &Appointment) -> String {
    format!("appointment/{}", appointment.id)
}

fn visit_subject(visit: &Visit) -> String {
    format!("visit/{}", visit.id)
}
