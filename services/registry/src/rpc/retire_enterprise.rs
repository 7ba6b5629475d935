use access::Facts;
use kernel::{EnterpriseId, Version};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{RegistryRpc, convert, now_and_today};
use crate::{
    domain::appointment::EndReason,
    error::RegistryError,
    store::{appointments, enterprises, members},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::RetireEnterpriseRequest,
) -> Result<pb::RetireEnterpriseResponse, RegistryError> {
    let (id, etag) = parse(req)?;
    call.require(&Facts { enterprise: Some(id), ..Facts::default() })?;
    let (now, today) = now_and_today(&*rpc.clock);
    let mut tx = rpc.db.begin().await?;
    let before = enterprises::lock(&mut tx, id).await?.ok_or(RegistryError::EnterpriseNotFound(id))?;
    RegistryError::unless_current(before.version, etag)?;
    let members = members::current(&mut tx, id).await?;
    let course = appointments::course(&mut tx, id).await?;
    let after = before.retire(members.len(), now)?;

    let response = pb::RetireEnterpriseResponse { enterprise: Some(convert::enterprise(&after)) };
    let mut batch = Batch::new();
    let cause = rpc.cause(&call, now);
    for (appointment, ended) in course.end_all(EndReason::EnterpriseRetired, today, now) {
        appointments::save(&mut batch, &ended, appointment.version);
        cause.appointment_ended(&mut batch, &ended);
    }
    let mut enterprise = before.clone();
    for member in members {
        let removed = member.remove(now)?;
        enterprise = enterprise.touch(now);
        members::save(&mut batch, &removed, member.version);
        cause.member_removed(&mut batch, &enterprise, &removed);
    }
    enterprises::save(&mut batch, &after, before.version);
    cause.enterprise_retired(&mut batch, &after);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::RetireEnterpriseRequest) -> Result<(EnterpriseId, Version), Refusal> {
    let pb::RetireEnterpriseRequest { enterprise_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let (id, etag) = (f.parse("enterprise_id", &enterprise_id), f.etag(&etag));
    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse()) };
    Ok((id, etag))
}
