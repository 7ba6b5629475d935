use proto::registry::v1 as pb;
use rpc::{Call, Fields};

use super::{RegistryRpc, convert};
use crate::{domain::day, error::RegistryError, store::enterprises};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::GetEnterpriseRequest,
) -> Result<pb::GetEnterpriseResponse, RegistryError> {
    let pb::GetEnterpriseRequest { enterprise_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("enterprise_id", &enterprise_id) else { return Err(f.refuse().into()) };
    let today = day::of(rpc.clock.now());
    let mut tx = rpc.db.snapshot().await?;
    let found = enterprises::find(&mut tx, id, &call.scope(), today).await?;
    tx.commit().await?;
    let enterprise = found.ok_or(RegistryError::EnterpriseNotFound(id))?;
    Ok(pb::GetEnterpriseResponse { enterprise: Some(convert::enterprise(&enterprise)) })
}
