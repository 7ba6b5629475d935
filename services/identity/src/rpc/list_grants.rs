//! Lists grants.

use access::Role;
use proto::{identity::v1 as pb, options::v1::Role as WireRole};
use rpc::{Call, Fields};

use super::{Rpc, actor, convert};
use crate::{
    error::IdentityError,
    store::grants::{self, Wanted},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::ListGrantsRequest,
) -> Result<pb::ListGrantsResponse, IdentityError> {
    let pb::ListGrantsRequest {
        account_id,
        role,
        department_id,
        section_id,
        enterprise_id,
        state,
        in_charge,
        page_size,
        page_token,
    } = req;
    let mut f = Fields::new();
    let wanted = Wanted {
        owner: actor::owner(&call)?,
        account: f.parse_optional("account_id", &account_id),
        role: f.enumeration_optional::<WireRole>("role", role).and_then(Role::from_wire),
        in_charge,
        enterprise: f.parse_optional("enterprise_id", &enterprise_id),
        department: f.parse_optional("department_id", &department_id),
        section: f.parse_optional("section_id", &section_id),
        state: f.enumeration_optional("state", state).and_then(state_name),
    };
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let (role, state, in_charge) = (role.to_string(), state.to_string(), in_charge.to_string());
    let filter = [&account_id, &role, &department_id, &section_id, &enterprise_id, &state, &in_charge]
        .map(String::as_str);
    let page = rpc.page(&call, &filter, &page_token, size)?;

    let mut tx = rpc.db.snapshot().await?;
    let (rows, total_count) = grants::list(&mut tx, &wanted, page).await?;
    tx.commit().await?;
    let (rows, next_page_token) = rpc.cut(&call, &filter, rows, size, |grant| grant.id.uuid());
    Ok(pb::ListGrantsResponse {
        grants: rows.iter().map(convert::grant).collect(),
        next_page_token,
        total_count,
    })
}

fn state_name(state: pb::GrantState) -> Option<&'static str> {
    match state {
        pb::GrantState::Unspecified => None,
        pb::GrantState::Requested => Some("REQUESTED"),
        pb::GrantState::Active => Some("ACTIVE"),
        pb::GrantState::Rejected => Some("REJECTED"),
        pb::GrantState::Revoked => Some("REVOKED"),
    }
}
