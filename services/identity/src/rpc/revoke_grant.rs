//! Takes a grant back at once, with the posts that rest on it.

use access::{Facts, Role};
use kernel::GrantId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{Rpc, actor, approve_grant::lock, convert};
use crate::{
    domain::Happened,
    error::IdentityError,
    store::{departments, grants, tenures},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::RevokeGrantRequest,
) -> Result<pb::RevokeGrantResponse, IdentityError> {
    let pb::RevokeGrantRequest { grant_id, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let id = f.parse::<GrantId>("grant_id", &grant_id);
    let (reason, etag) = (f.text("reason", &reason, 1, 200), f.etag(&etag));
    let (Some(id), Some(reason), Some(etag)) = (id, reason, etag) else { return Err(f.refuse().into()) };

    let now = rpc.clock.now();
    let by = call.caller.principal();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let (grant, account) = lock(&mut tx, id).await?;
    if grant.version != etag {
        return Err(Refusal::StaleEtag { etag: grant.version.to_string() }.into());
    }
    let grant = grant.revoke(reason, actor::person(&call)?, now)?;

    let mut batch = Batch::new();
    grants::save(&mut batch, &grant);
    rpc.publish(&mut batch, &call, Happened::grant(&grant, &by, now));
    let of_liaison = grant.role.department.filter(|_| grant.role.role == Role::Liaison && !grant.in_charge);
    for department in departments::lock_held_by(&mut tx, account.id).await? {
        if of_liaison != Some(department.id) {
            continue;
        }
        if let Some((department, turnover)) = department.vacate(account.id) {
            departments::save(&mut batch, &department);
            tenures::turn_over(&mut batch, &department, &turnover, rpc.ids.uuid(now), now);
            rpc.publish(&mut batch, &call, Happened::liaison_set(&department, &by, now));
        }
    }
    let response = pb::RevokeGrantResponse { grant: Some(convert::grant(&grant)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
