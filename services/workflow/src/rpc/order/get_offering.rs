use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{OrderError, convert};
use crate::{error::WorkflowError, rpc::WorkflowRpc, store::offerings};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    _: Call,
    req: pb::GetOfferingRequest,
) -> Result<pb::GetOfferingResponse, WorkflowError> {
    let pb::GetOfferingRequest { offering_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("offering_id", &offering_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let mut tx = rpc.db.snapshot().await?;
    let found = offerings::find(&mut tx, id).await?;
    tx.commit().await?;
    // What is offered is offered to everybody: whoever may call sees it.
    let offering = found.ok_or(OrderError::OfferingNotFound(id))?;
    Ok(pb::GetOfferingResponse { offering: Some(convert::offering(&offering)) })
}
