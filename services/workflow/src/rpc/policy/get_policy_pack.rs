use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{convert, found};
use crate::{error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    _: Call,
    req: pb::GetPolicyPackRequest,
) -> Result<pb::GetPolicyPackResponse, WorkflowError> {
    let pb::GetPolicyPackRequest { name, version } = req;
    let mut f = Fields::new();
    let Some(version) = found::version(&mut f, &name, version) else { return Err(f.refuse().into()) };
    f.finish()?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let found = found::pack(&mut tx, &version).await?;
    tx.commit().await?;
    let is_in_force = rpc.books.of_today(now).await?.in_force(now).policy.version == version;
    Ok(pb::GetPolicyPackResponse { pack: Some(convert::pack(&found, is_in_force, true)) })
}
