use access::Facts;
use kernel::{EnterpriseId, MemberId, Version};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{RegistryRpc, convert};
use crate::{
    error::RegistryError,
    store::{enterprises, members},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::RemoveMemberRequest,
) -> Result<pb::RemoveMemberResponse, RegistryError> {
    let (enterprise, id, etag) = parse(req)?;
    call.require(&Facts { enterprise: Some(enterprise), ..Facts::default() })?;
    let now = rpc.clock.now();
    let not_found = || RegistryError::MemberNotFound(id);
    let mut tx = rpc.db.begin().await?;
    let before = enterprises::lock(&mut tx, enterprise).await?.ok_or_else(not_found)?;
    let member = members::find(&mut tx, enterprise, id).await?.ok_or_else(not_found)?;
    let removed = member.remove(now)?;
    RegistryError::unless_current(member.version, etag)?;
    let after = before.touch(now);

    let response = pb::RemoveMemberResponse { member: Some(convert::member(&removed)) };
    let mut batch = Batch::new();
    members::save(&mut batch, &removed, member.version);
    enterprises::save(&mut batch, &after, before.version);
    rpc.cause(&call, now).member_removed(&mut batch, &after, &removed);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::RemoveMemberRequest) -> Result<(EnterpriseId, MemberId, Version), Refusal> {
    let pb::RemoveMemberRequest { enterprise_id, member_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let enterprise = f.parse("enterprise_id", &enterprise_id);
    let member = f.parse("member_id", &member_id);
    let etag = f.etag(&etag);
    let (Some(enterprise), Some(member), Some(etag)) = (enterprise, member, etag) else {
        return Err(f.refuse());
    };
    Ok((enterprise, member, etag))
}
