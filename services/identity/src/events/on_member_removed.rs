//! An account is no longer a member of an enterprise: `ROLE_ENTERPRISE` for it ends.

use access::RoleGrant;
use events::{ConsumeError, Received};
use kernel::{AccountId, EnterpriseId};
use proto::registry::v1::EnterpriseMemberRemoved;
use store::{Batch, Tx};

use super::{BY, FromRegistry, NoSuchAccount, publish};
use crate::{
    domain::Happened,
    store::{accounts, grants},
};

pub(super) async fn handle(
    cx: &FromRegistry,
    tx: &mut Tx,
    batch: &mut Batch,
    event: &Received,
    payload: EnterpriseMemberRemoved,
) -> Result<(), ConsumeError> {
    let EnterpriseMemberRemoved { enterprise_id, member_id: _, account_id } = payload;
    let (account, enterprise): (AccountId, EnterpriseId) = (account_id.parse()?, enterprise_id.parse()?);
    accounts::lock(tx, account).await?.ok_or(NoSuchAccount(account))?;
    let held = grants::active_of(tx, account).await?;
    let Some(grant) = held.iter().find(|grant| grant.role == RoleGrant::enterprise(enterprise)) else {
        return Ok(());
    };
    let now = cx.clock.now();
    let ended = grant.membership_ended(now)?;
    grants::save(batch, &ended);
    publish::append(batch, cx.event_id(), Happened::grant(&ended, BY, now), &event.traceparent);
    Ok(())
}
