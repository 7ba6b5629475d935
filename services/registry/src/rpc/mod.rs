//! The RPCs, one file each.

use std::sync::Arc;

use access::Facts;
use chrono::NaiveDate;
use kernel::{Clock, EnterpriseId, IdGen, PageKey, Timestamp};
use proto::registry::v1::{
    self as pb, appointment_service_server::AppointmentService, enterprise_service_server::EnterpriseService,
    visit_service_server::VisitService,
};
use rpc::{Call, Peers};
use store::Db;

use crate::{
    domain::{appointment::Course, day},
    events::publish::Cause,
};

pub(crate) mod convert;

mod accounts;
mod add_member;
mod appoint;
mod batch_get_enterprises;
mod cancel_visit;
mod confirm_visit;
mod create_enterprise;
mod dispute_visit;
mod end_appointment;
mod get_enterprise;
mod get_manager;
mod get_visit;
mod get_visit_figures;
mod hand_over;
mod list_appointments;
mod list_coverage;
mod list_enterprises;
mod list_members;
mod list_visits;
mod parse;
mod record_visit;
mod remove_member;
mod retire_enterprise;
mod update_enterprise;

/// What every RPC of the registry stands on.
#[derive(Debug, Clone)]
pub(crate) struct RegistryRpc {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub page_key: PageKey,
    pub peers: Peers,
}

impl rpc::Service for RegistryRpc {
    fn db(&self) -> &Db {
        &self.db
    }
}

impl RegistryRpc {
    /// What the events of a call say of it.
    fn cause(&self, call: &Call, at: Timestamp) -> Cause<'_> {
        Cause { ids: &*self.ids, at, traceparent: call.trace.to_string() }
    }
}

/// What matters to access of anything that belongs to an enterprise; the course tells who manages it now.
fn facts(enterprise: EnterpriseId, course: &Course, today: NaiveDate) -> Facts {
    let manager = course.on(today).map(|appointment| appointment.manager);
    Facts { enterprise: Some(enterprise), manager, ..Facts::default() }
}

/// The present instant, and the day on which it falls.
fn now_and_today(clock: &dyn Clock) -> (Timestamp, NaiveDate) {
    let now = clock.now();
    (now, day::of(now))
}

rpc::service! {
    impl EnterpriseService, for RegistryRpc;
    mutation {
        create_enterprise(pb::CreateEnterpriseRequest) -> pb::CreateEnterpriseResponse = create_enterprise::handle;
        update_enterprise(pb::UpdateEnterpriseRequest) -> pb::UpdateEnterpriseResponse = update_enterprise::handle;
        retire_enterprise(pb::RetireEnterpriseRequest) -> pb::RetireEnterpriseResponse = retire_enterprise::handle;
        add_member(pb::AddMemberRequest) -> pb::AddMemberResponse = add_member::handle;
        remove_member(pb::RemoveMemberRequest) -> pb::RemoveMemberResponse = remove_member::handle;
    }
    query {
        get_enterprise(pb::GetEnterpriseRequest) -> pb::GetEnterpriseResponse = get_enterprise::handle;
        batch_get_enterprises(pb::BatchGetEnterprisesRequest) -> pb::BatchGetEnterprisesResponse
            = batch_get_enterprises::handle;
        list_enterprises(pb::ListEnterprisesRequest) -> pb::ListEnterprisesResponse = list_enterprises::handle;
        list_members(pb::ListMembersRequest) -> pb::ListMembersResponse = list_members::handle;
    }
}

rpc::service! {
    impl AppointmentService, for RegistryRpc;
    mutation {
        appoint(pb::AppointRequest) -> pb::AppointResponse = appoint::handle;
        end_appointment(pb::EndAppointmentRequest) -> pb::EndAppointmentResponse = end_appointment::handle;
        hand_over(pb::HandOverRequest) -> pb::HandOverResponse = hand_over::handle;
    }
    query {
        get_manager(pb::GetManagerRequest) -> pb::GetManagerResponse = get_manager::handle;
        list_appointments(pb::ListAppointmentsRequest) -> pb::ListAppointmentsResponse = list_appointments::handle;
    }
}

rpc::service! {
    impl VisitService, for RegistryRpc;
    mutation {
        record_visit(pb::RecordVisitRequest) -> pb::RecordVisitResponse = record_visit::handle;
        confirm_visit(pb::ConfirmVisitRequest) -> pb::ConfirmVisitResponse = confirm_visit::handle;
        dispute_visit(pb::DisputeVisitRequest) -> pb::DisputeVisitResponse = dispute_visit::handle;
        cancel_visit(pb::CancelVisitRequest) -> pb::CancelVisitResponse = cancel_visit::handle;
    }
    query {
        get_visit(pb::GetVisitRequest) -> pb::GetVisitResponse = get_visit::handle;
        list_visits(pb::ListVisitsRequest) -> pb::ListVisitsResponse = list_visits::handle;
        get_visit_figures(pb::GetVisitFiguresRequest) -> pb::GetVisitFiguresResponse = get_visit_figures::handle;
        list_coverage(pb::ListCoverageRequest) -> pb::ListCoverageResponse = list_coverage::handle;
    }
}
