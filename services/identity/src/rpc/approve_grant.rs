//! Puts a requested grant in force.

use access::Facts;
use kernel::GrantId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::{Batch, Tx};

use super::{Rpc, actor, convert};
use crate::{
    domain::{Account, Grant, Happened},
    error::IdentityError,
    store::{accounts, grants},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::ApproveGrantRequest,
) -> Result<pb::ApproveGrantResponse, IdentityError> {
    let pb::ApproveGrantRequest { grant_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let (id, etag) = (f.parse::<GrantId>("grant_id", &grant_id), f.etag(&etag));
    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse().into()) };

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let (grant, account) = lock(&mut tx, id).await?;
    if grant.version != etag {
        return Err(Refusal::StaleEtag { etag: grant.version.to_string() }.into());
    }
    let held: Vec<_> =
        grants::active_of(&mut tx, account.id).await?.iter().map(|held| held.role.role).collect();
    let grant = grant.approve(&account, &held, actor::person(&call)?, now)?;

    let mut batch = Batch::new();
    grants::save(&mut batch, &grant);
    rpc.publish(&mut batch, &call, Happened::grant(&grant, &call.caller.principal(), now));
    let response = pb::ApproveGrantResponse { grant: Some(convert::grant(&grant)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

/// A grant and its account, which is locked: grants change under that lock alone.
pub(super) async fn lock(tx: &mut Tx, id: GrantId) -> Result<(Grant, Account), IdentityError> {
    let not_found = || IdentityError::GrantNotFound(id);
    let found = grants::find(tx, id).await?.ok_or_else(not_found)?;
    let account = accounts::lock(tx, found.account).await?.ok_or_else(not_found)?;
    let grant = grants::find(tx, id).await?.ok_or_else(not_found)?;
    Ok((grant, account))
}
