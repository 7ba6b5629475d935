//! An account became a member of an enterprise: it gets `ROLE_ENTERPRISE` for it.

use access::RoleGrant;
use events::{ConsumeError, Received};
use kernel::{AccountId, EnterpriseId, GrantId};
use proto::registry::v1::EnterpriseMemberAdded;
use store::{Batch, Tx};

use super::{BY, FromRegistry, NoSuchAccount, publish};
use crate::{
    domain::{Grant, Happened},
    store::{accounts, grants},
};

pub(super) async fn handle(
    cx: &FromRegistry,
    tx: &mut Tx,
    batch: &mut Batch,
    event: &Received,
    payload: EnterpriseMemberAdded,
) -> Result<(), ConsumeError> {
    let EnterpriseMemberAdded { enterprise_id, member_id: _, account_id } = payload;
    let (account, enterprise): (AccountId, EnterpriseId) = (account_id.parse()?, enterprise_id.parse()?);
    accounts::lock(tx, account).await?.ok_or(NoSuchAccount(account))?;
    let held = grants::active_of(tx, account).await?;
    if held.iter().any(|grant| grant.role == RoleGrant::enterprise(enterprise)) {
        return Ok(());
    }
    let now = cx.clock.now();
    let grant = Grant::of_member(GrantId::new(cx.ids.uuid(now)), account, enterprise, now);
    grants::insert(batch, &grant);
    publish::append(batch, cx.event_id(), Happened::grant(&grant, BY, now), &event.traceparent);
    Ok(())
}
