use kernel::{Version, VisitId};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{RegistryRpc, convert, now_and_today};
use crate::{error::RegistryError, store::visits};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::ConfirmVisitRequest,
) -> Result<pb::ConfirmVisitResponse, RegistryError> {
    let (id, etag) = parse(req)?;
    let by = call.caller.account_id().ok_or_else(|| call.not_permitted())?;
    let (now, today) = now_and_today(&*rpc.clock);
    let mut tx = rpc.db.begin().await?;
    let found = visits::find(&mut tx, id, &call.scope(), today).await?;
    let before = found.ok_or(RegistryError::VisitNotFound(id))?;
    RegistryError::unless_current(before.version, etag)?;
    let (after, answer) = before.confirm(by, now)?;

    let response = pb::ConfirmVisitResponse { visit: Some(convert::visit(&after)) };
    let mut batch = Batch::new();
    visits::save(&mut batch, &after, before.version);
    rpc.cause(&call, now).visit_confirmed(&mut batch, &after, answer);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::ConfirmVisitRequest) -> Result<(VisitId, Version), Refusal> {
    let pb::ConfirmVisitRequest { visit_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let (id, etag) = (f.parse("visit_id", &visit_id), f.etag(&etag));
    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse()) };
    Ok((id, etag))
}
