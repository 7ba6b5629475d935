use kernel::{Version, VisitId};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{RegistryRpc, convert, now_and_today};
use crate::{domain::text::DisputeReason, error::RegistryError, store::visits};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::DisputeVisitRequest,
) -> Result<pb::DisputeVisitResponse, RegistryError> {
    let (id, reason, etag) = parse(req)?;
    let by = call.caller.account_id().ok_or_else(|| call.not_permitted())?;
    let (now, today) = now_and_today(&*rpc.clock);
    let mut tx = rpc.db.begin().await?;
    let found = visits::find(&mut tx, id, &call.scope(), today).await?;
    let before = found.ok_or(RegistryError::VisitNotFound(id))?;
    RegistryError::unless_current(before.version, etag)?;
    let (after, answer) = before.dispute(reason, by, now)?;

    let response = pb::DisputeVisitResponse { visit: Some(convert::visit(&after)) };
    let mut batch = Batch::new();
    visits::save(&mut batch, &after, before.version);
    rpc.cause(&call, now).visit_disputed(&mut batch, &after, answer);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::DisputeVisitRequest) -> Result<(VisitId, DisputeReason, Version), Refusal> {
    let pb::DisputeVisitRequest { visit_id, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let id = f.parse("visit_id", &visit_id);
    let reason = f.parse("reason", &reason);
    let etag = f.etag(&etag);
    let (Some(id), Some(reason), Some(etag)) = (id, reason, etag) else { return Err(f.refuse()) };
    Ok((id, reason, etag))
}
