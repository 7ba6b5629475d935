//! Refuses a requested grant.

use access::Facts;
use kernel::GrantId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{Rpc, actor, approve_grant::lock, convert};
use crate::{domain::Happened, error::IdentityError, store::grants};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::RejectGrantRequest,
) -> Result<pb::RejectGrantResponse, IdentityError> {
    let pb::RejectGrantRequest { grant_id, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let id = f.parse::<GrantId>("grant_id", &grant_id);
    let (reason, etag) = (f.text("reason", &reason, 1, 200), f.etag(&etag));
    let (Some(id), Some(reason), Some(etag)) = (id, reason, etag) else { return Err(f.refuse().into()) };

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let (grant, _account) = lock(&mut tx, id).await?;
    if grant.version != etag {
        return Err(Refusal::StaleEtag { etag: grant.version.to_string() }.into());
    }
    let grant = grant.reject(reason, actor::person(&call)?, now)?;

    let mut batch = Batch::new();
    grants::save(&mut batch, &grant);
    rpc.publish(&mut batch, &call, Happened::grant(&grant, &call.caller.principal(), now));
    let response = pb::RejectGrantResponse { grant: Some(convert::grant(&grant)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
