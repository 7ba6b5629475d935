use proto::registry::v1 as pb;
use rpc::{Call, Fields};

use super::{RegistryRpc, convert};
use crate::{domain::day, error::RegistryError, store::visits};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::GetVisitRequest,
) -> Result<pb::GetVisitResponse, RegistryError> {
    let pb::GetVisitRequest { visit_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("visit_id", &visit_id) else { return Err(f.refuse().into()) };
    let today = day::of(rpc.clock.now());
    let mut tx = rpc.db.snapshot().await?;
    let found = visits::find(&mut tx, id, &call.scope(), today).await?;
    tx.commit().await?;
    let visit = found.ok_or(RegistryError::VisitNotFound(id))?;
    Ok(pb::GetVisitResponse { visit: Some(convert::visit(&visit)) })
}
