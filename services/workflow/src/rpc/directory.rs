//! What the registry and identity are asked, before a transaction opens.

use std::collections::BTreeSet;

use access::{Caller, Role};
use kernel::{AccountId, DepartmentId, EnterpriseId, SectionId};
use proto::{
    identity::v1::{
        self as identity, grant_service_client::GrantServiceClient,
        organization_service_client::OrganizationServiceClient,
    },
    registry::v1::{
        self as registry, appointment_service_client::AppointmentServiceClient,
        enterprise_service_client::EnterpriseServiceClient,
    },
};
use rpc::{Call, Outbound, Refusal};
use tonic::{Code, Status};

use super::WorkflowRpc;
use crate::{
    domain::{Desk, Issue, State},
    error::WorkflowError,
};

/// Refuses an enterprise that does not exist or is not served any more.
pub(super) async fn require_enterprise(
    rpc: &WorkflowRpc,
    call: &Call,
    enterprise: EnterpriseId,
) -> Result<(), WorkflowError> {
    let client = EnterpriseServiceClient::new(rpc.peers.for_call("registry", call));
    let answer = rpc
        .peers
        .retrying(|| {
            let mut client = client.clone();
            let request = registry::GetEnterpriseRequest { enterprise_id: enterprise.to_string() };
            async move { client.get_enterprise(request).await }
        })
        .await;
    let state = match answer {
        Ok(answer) => answer.into_inner().enterprise.map(|enterprise| enterprise.state()),
        Err(status) if status.code() == Code::NotFound => None,
        Err(status) => return Err(failed("registry", "tell of an enterprise", status)),
    };
    match state {
        Some(registry::EnterpriseState::Active) => Ok(()),
        _ => Err(WorkflowError::EnterpriseNotFound(enterprise)),
    }
}

/// The manager of the enterprise today.
pub(super) async fn manager(
    rpc: &WorkflowRpc,
    call: &Call,
    enterprise: EnterpriseId,
) -> Result<Option<AccountId>, WorkflowError> {
    let client = AppointmentServiceClient::new(rpc.peers.for_call("registry", call));
    let answer = rpc
        .peers
        .retrying(|| {
            let mut client = client.clone();
            let enterprise_id = enterprise.to_string();
            let request = registry::GetManagerRequest { enterprise_id, as_of_date: None };
            async move { client.get_manager(request).await }
        })
        .await;
    let doing = "tell of a manager";
    match answer {
        Ok(answer) => answer
            .into_inner()
            .appointment
            .map(|appointment| id("registry", doing, &appointment.manager_id))
            .transpose(),
        Err(status) if status.code() == Code::NotFound => Err(WorkflowError::EnterpriseNotFound(enterprise)),
        Err(status) => Err(failed("registry", doing, status)),
    }
}

/// The desk of a department that routing names. `None`: there is none, or nobody could sign there.
pub(super) async fn desk_by_code(
    rpc: &WorkflowRpc,
    call: &Call,
    code: &str,
) -> Result<Option<Desk>, WorkflowError> {
    let request = identity::GetDepartmentRequest { department_id: String::new(), code: code.to_owned() };
    match department(rpc, call, request).await? {
        Some(department) => desk_of(&department),
        None => Ok(None),
    }
}

/// The desk of a department that somebody names.
pub(super) async fn desk(rpc: &WorkflowRpc, call: &Call, id: DepartmentId) -> Result<Desk, WorkflowError> {
    let request = identity::GetDepartmentRequest { department_id: id.to_string(), code: String::new() };
    let department = department(rpc, call, request).await?.ok_or(WorkflowError::DepartmentNotFound(id))?;
    desk_of(&department)?.ok_or(WorkflowError::DepartmentWithoutLiaison(id))
}

/// The desk of the department as it is now, if the issue waits for a signature there. `None`: it does not, or nobody
/// is on duty.
pub(super) async fn desk_of_now(
    rpc: &WorkflowRpc,
    call: &Call,
    issue: &Issue,
) -> Result<Option<Desk>, WorkflowError> {
    let waits = issue.state() == State::Submitted;
    let Some(id) = issue.department().filter(|_| waits) else { return Ok(None) };
    let request = identity::GetDepartmentRequest { department_id: id.to_string(), code: String::new() };
    match department(rpc, call, request).await? {
        Some(department) => desk_of(&department),
        None => Ok(None),
    }
}

/// The desks of the caller's departments as they are now: whoever signs, signs at one of them.
pub(super) async fn own_desks(rpc: &WorkflowRpc, call: &Call) -> Result<Vec<Desk>, WorkflowError> {
    let grants = call.caller.roles().iter().filter(|grant| grant.role == Role::Liaison);
    let mut desks = Vec::new();
    for id in grants.filter_map(|grant| grant.department) {
        let request = identity::GetDepartmentRequest { department_id: id.to_string(), code: String::new() };
        if let Some(department) = department(rpc, call, request).await? {
            desks.extend(desk_of(&department)?);
        }
    }
    Ok(desks)
}

async fn department(
    rpc: &WorkflowRpc,
    call: &Call,
    request: identity::GetDepartmentRequest,
) -> Result<Option<identity::Department>, WorkflowError> {
    let client = organizations(rpc, call);
    let answer = rpc
        .peers
        .retrying(|| {
            let (mut client, request) = (client.clone(), request.clone());
            async move { client.get_department(request).await }
        })
        .await;
    match answer {
        Ok(answer) => Ok(answer.into_inner().department),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(failed("identity", "tell of a department", status)),
    }
}

/// The deputy stands in where there is no liaison.
fn desk_of(department: &identity::Department) -> Result<Option<Desk>, WorkflowError> {
    let doing = "tell of a department";
    let posts = [&department.liaison_account_id, &department.deputy_account_id];
    let Some(liaison) = posts.into_iter().find(|account| !account.is_empty()) else { return Ok(None) };
    Ok(Some(Desk {
        department: id("identity", doing, &department.department_id)?,
        liaison: id("identity", doing, liaison)?,
    }))
}

/// The department that a section belongs to.
pub(super) async fn department_of(
    rpc: &WorkflowRpc,
    call: &Call,
    section: SectionId,
) -> Result<DepartmentId, WorkflowError> {
    let client = organizations(rpc, call);
    let answer = rpc
        .peers
        .retrying(|| {
            let mut client = client.clone();
            let request = identity::GetSectionRequest { section_id: section.to_string() };
            async move { client.get_section(request).await }
        })
        .await;
    let doing = "tell of a section";
    match answer {
        Ok(answer) => {
            let found = answer.into_inner().section.ok_or(WorkflowError::SectionNotFound(section))?;
            id("identity", doing, &found.department_id)
        }
        Err(status) if status.code() == Code::NotFound => Err(WorkflowError::SectionNotFound(section)),
        Err(status) => Err(failed("identity", doing, status)),
    }
}

/// Refuses whoever does not work for a department of the caller's.
pub(super) async fn require_colleague(
    rpc: &WorkflowRpc,
    call: &Call,
    account: AccountId,
) -> Result<(), WorkflowError> {
    let Caller::Person(person) = &call.caller else { return Err(call.not_permitted().into()) };
    let departments: BTreeSet<_> = person
        .roles
        .iter()
        .filter(|grant| grant.role == Role::SectionHandler)
        .filter_map(|grant| grant.department)
        .collect();
    for department in departments {
        let request = identity::ListGrantsRequest {
            account_id: account.to_string(),
            department_id: department.to_string(),
            state: identity::GrantState::Active.into(),
            page_size: 1,
            ..Default::default()
        };
        let ask =
            || async { GrantServiceClient::new(rpc.peers.to("identity")).list_grants(request.clone()).await };
        let answer = rpc.peers.retrying(ask).await;
        let answer =
            answer.map_err(|status| failed("identity", "tell who works for a department", status))?;
        if !answer.into_inner().grants.is_empty() {
            return Ok(());
        }
    }
    Err(WorkflowError::ResponsibleUnsuitable(account))
}

/// Refuses a department that does not exist.
pub(super) async fn require_department(
    rpc: &WorkflowRpc,
    call: &Call,
    id: DepartmentId,
) -> Result<(), WorkflowError> {
    let request = identity::GetDepartmentRequest { department_id: id.to_string(), code: String::new() };
    department(rpc, call, request).await?.map(|_| ()).ok_or(WorkflowError::DepartmentNotFound(id))
}

fn organizations(rpc: &WorkflowRpc, call: &Call) -> OrganizationServiceClient<Outbound> {
    OrganizationServiceClient::new(rpc.peers.for_call("identity", call))
}

fn id<T: std::str::FromStr>(
    service: &'static str,
    doing: &'static str,
    text: &str,
) -> Result<T, WorkflowError> {
    text.parse().map_err(|_| failed(service, doing, Status::data_loss("an id cannot be read")))
}

fn failed(service: &'static str, doing: &'static str, source: Status) -> WorkflowError {
    Refusal::Peer { service, doing, source: Box::new(source) }.into()
}
