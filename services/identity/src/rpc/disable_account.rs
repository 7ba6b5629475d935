//! Bars an account from signing in, ends its sessions, and vacates its posts.

use access::Facts;
use kernel::AccountId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{Rpc, actor, convert};
use crate::{
    domain::{Event, Happened, SessionEnd},
    error::IdentityError,
    store::{accounts, departments, tenures},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::DisableAccountRequest,
) -> Result<pb::DisableAccountResponse, IdentityError> {
    let pb::DisableAccountRequest { account_id, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let id = f.parse::<AccountId>("account_id", &account_id);
    let (reason, etag) = (f.text("reason", &reason, 1, 200), f.etag(&etag));
    let (Some(id), Some(reason), Some(etag)) = (id, reason, etag) else { return Err(f.refuse().into()) };

    let now = rpc.clock.now();
    let by = call.caller.principal();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let account = accounts::lock(&mut tx, id).await?.ok_or(IdentityError::AccountNotFound(id))?;
    if account.version != etag {
        return Err(Refusal::StaleEtag { etag: account.version.to_string() }.into());
    }
    let account = account.disable(actor::person(&call)?)?;

    let mut batch = Batch::new();
    accounts::save_state(&mut batch, &account, &reason);
    rpc.publish(&mut batch, &call, Happened::account(&account, Event::AccountDisabled(id), &by, now));
    rpc.end_sessions_of(&mut tx, &mut batch, &call, id, SessionEnd::AccountDisabled, &by).await?;
    for department in departments::lock_held_by(&mut tx, id).await? {
        if let Some((department, turnover)) = department.vacate(id) {
            departments::save(&mut batch, &department);
            tenures::turn_over(&mut batch, &department, &turnover, rpc.ids.uuid(now), now);
            rpc.publish(&mut batch, &call, Happened::liaison_set(&department, &by, now));
        }
    }
    let response = pb::DisableAccountResponse { account: Some(convert::account(&account, false)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
