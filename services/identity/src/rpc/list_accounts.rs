//! Lists accounts.

use proto::{identity::v1 as pb, options::v1::Role as WireRole};
use rpc::{Call, Fields};

use super::{Rpc, actor, convert};
use crate::{
    domain::AccountState,
    error::IdentityError,
    store::accounts::{self, Wanted},
};
use access::Role;

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::ListAccountsRequest,
) -> Result<pb::ListAccountsResponse, IdentityError> {
    let pb::ListAccountsRequest { state, name_prefix, role, department_id, page_size, page_token } = req;
    let filter = [state.to_string(), name_prefix.clone(), role.to_string(), department_id.clone()];
    let filter = filter.each_ref().map(String::as_str);
    let mut f = Fields::new();
    let wanted = Wanted {
        owner: actor::owner(&call)?,
        state: f.enumeration_optional("state", state).and_then(account_state),
        name_prefix: f.text("name_prefix", &name_prefix, 0, 64).filter(|prefix| !prefix.is_empty()),
        role: f.enumeration_optional::<WireRole>("role", role).and_then(Role::from_wire),
        department: f.parse_optional("department_id", &department_id),
    };
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let page = rpc.page(&call, &filter, &page_token, size)?;

    let mut tx = rpc.db.snapshot().await?;
    let (rows, total_count) = accounts::list(&mut tx, &wanted, page).await?;
    tx.commit().await?;
    let (rows, next_page_token) = rpc.cut(&call, &filter, rows, size, |account| account.id.uuid());
    let accounts = rows.iter().map(|account| convert::account(account, false)).collect();
    Ok(pb::ListAccountsResponse { accounts, next_page_token, total_count })
}

fn account_state(state: pb::AccountState) -> Option<AccountState> {
    match state {
        pb::AccountState::Unspecified => None,
        pb::AccountState::Active => Some(AccountState::Active),
        pb::AccountState::Disabled => Some(AccountState::Disabled),
    }
}
