//! Lets a disabled account sign in again.

use access::Facts;
use kernel::AccountId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{Rpc, actor, convert};
use crate::{
    domain::{Event, Happened},
    error::IdentityError,
    store::accounts,
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::EnableAccountRequest,
) -> Result<pb::EnableAccountResponse, IdentityError> {
    let pb::EnableAccountRequest { account_id, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let id = f.parse::<AccountId>("account_id", &account_id);
    let (reason, etag) = (f.text("reason", &reason, 1, 200), f.etag(&etag));
    let (Some(id), Some(reason), Some(etag)) = (id, reason, etag) else { return Err(f.refuse().into()) };

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let account = accounts::lock(&mut tx, id).await?.ok_or(IdentityError::AccountNotFound(id))?;
    if account.version != etag {
        return Err(Refusal::StaleEtag { etag: account.version.to_string() }.into());
    }
    let account = account.enable(actor::person(&call)?)?;

    let mut batch = Batch::new();
    accounts::save_state(&mut batch, &account, &reason);
    let enabled = Event::AccountEnabled(id);
    rpc.publish(&mut batch, &call, Happened::account(&account, enabled, &call.caller.principal(), now));
    let response = pb::EnableAccountResponse { account: Some(convert::account(&account, false)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
