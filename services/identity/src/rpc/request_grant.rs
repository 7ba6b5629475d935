//! Asks for a role for somebody else.

use access::{Facts, Role, RoleGrant};
use kernel::{AccountId, DepartmentId, GrantId, SectionId};
use proto::{identity::v1 as pb, options::v1::Role as WireRole};
use rpc::{Call, Fields};
use store::{Batch, Tx};

use super::{Rpc, actor, convert};
use crate::{
    domain::{Ask, Grant, Happened, Refused},
    error::IdentityError,
    store::{accounts, departments, grants, sections},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::RequestGrantRequest,
) -> Result<pb::RequestGrantResponse, IdentityError> {
    let (id, ask) = parse(req)?;

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let account = accounts::lock(&mut tx, id).await?.ok_or(IdentityError::AccountNotFound(id))?;
    require_target(&mut tx, &ask.role).await?;
    let held: Vec<_> = grants::live_of(&mut tx, id).await?.iter().map(|grant| grant.role.role).collect();
    let role = ask.role.role;
    let grant =
        Grant::request(rpc.new_id(now, GrantId::new), ask, &account, &held, actor::person(&call)?, now)?;

    let mut batch = Batch::new();
    grants::insert(&mut batch, &grant);
    rpc.publish(&mut batch, &call, Happened::grant(&grant, &call.caller.principal(), now));
    let response = pb::RequestGrantResponse { grant: Some(convert::grant(&grant)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some("role_grant_live_key") => IdentityError::GrantExists { account: id, role },
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::RequestGrantRequest) -> Result<(AccountId, Ask), IdentityError> {
    let pb::RequestGrantRequest {
        account_id,
        role,
        department_id,
        section_id,
        reason,
        in_charge,
        request_id: _,
    } = req;
    let mut f = Fields::new();
    let id = f.parse("account_id", &account_id);
    let role = f.enumeration::<WireRole>("role", role).and_then(Role::from_wire);
    let department: Option<DepartmentId> = f.parse_optional("department_id", &department_id);
    let section: Option<SectionId> = f.parse_optional("section_id", &section_id);
    let reason = f.text("reason", &reason, 1, 200);
    let (Some(id), Some(role), Some(reason)) = (id, role, reason) else { return Err(f.refuse().into()) };
    if role == Role::Enterprise {
        f.finish()?;
        return Err(Refused::RoleByMembership.into());
    }
    let role = RoleGrant { department, section, ..RoleGrant::of(role) };
    if !role.is_well_formed() {
        let (wants_department, wants_section) =
            (matches!(role.role, Role::Liaison | Role::SectionHandler), role.role == Role::SectionHandler);
        if wants_department != department.is_some() {
            f.reject(
                "department_id",
                if wants_department { "is required" } else { "must be empty for this role" },
            );
        }
        if wants_section != section.is_some() {
            f.reject("section_id", if wants_section { "is required" } else { "must be empty for this role" });
        }
    }
    if in_charge && role.department.is_none() {
        f.reject("in_charge", "must be false for this role");
    }
    f.finish()?;
    Ok((id, Ask { role, in_charge, reason }))
}

/// That there are such a department and such a section in it.
async fn require_target(tx: &mut Tx, role: &RoleGrant) -> Result<(), IdentityError> {
    let Some(department) = role.department else { return Ok(()) };
    departments::find(tx, department).await?.ok_or(IdentityError::DepartmentNotFound(department))?;
    let Some(section) = role.section else { return Ok(()) };
    let found = sections::find(tx, section).await?.filter(|found| found.department == department);
    found.map(drop).ok_or(IdentityError::SectionNotFound(section))
}
