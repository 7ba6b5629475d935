use kernel::{Version, VisitId};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{RegistryRpc, convert, facts, now_and_today};
use crate::{
    error::RegistryError,
    store::{appointments, enterprises, visits},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::CancelVisitRequest,
) -> Result<pb::CancelVisitResponse, RegistryError> {
    let (id, etag) = parse(req)?;
    let by = call.caller.account_id().ok_or_else(|| call.not_permitted())?;
    let (now, today) = now_and_today(&*rpc.clock);
    let not_found = || RegistryError::VisitNotFound(id);
    let mut tx = rpc.db.begin().await?;
    let before = visits::find(&mut tx, id, &call.scope(), today).await?.ok_or_else(not_found)?;
    // The lock holds off a handover: who is the manager is read again behind it.
    enterprises::lock(&mut tx, before.enterprise).await?;
    let course = appointments::course(&mut tx, before.enterprise).await?;
    if !call.allows(&facts(before.enterprise, &course, today)) {
        return Err(not_found());
    }
    RegistryError::unless_current(before.version, etag)?;
    let after = before.cancel(by, now)?;

    let response = pb::CancelVisitResponse { visit: Some(convert::visit(&after)) };
    let mut batch = Batch::new();
    visits::save(&mut batch, &after, before.version);
    rpc.cause(&call, now).visit_cancelled(&mut batch, &after);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::CancelVisitRequest) -> Result<(VisitId, Version), Refusal> {
    let pb::CancelVisitRequest { visit_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let (id, etag) = (f.parse("visit_id", &visit_id), f.etag(&etag));
    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse()) };
    Ok((id, etag))
}
