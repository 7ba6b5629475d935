use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{CaseError, convert};
use crate::{error::WorkflowError, rpc::WorkflowRpc, store::cases};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    _: Call,
    req: pb::GetPublishedCaseRequest,
) -> Result<pb::GetPublishedCaseResponse, WorkflowError> {
    let pb::GetPublishedCaseRequest { case_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("case_id", &case_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let mut tx = rpc.db.snapshot().await?;
    let case = cases::find(&mut tx, id).await?.ok_or(CaseError::NotFound(id))?.case;
    let bodies = cases::texts(&mut tx, [&case]).await?;
    tx.commit().await?;
    // What is not published is hidden from everybody here, whoever calls.
    let shown = convert::published(&case, &bodies).ok_or(CaseError::NotFound(id))?;
    Ok(pb::GetPublishedCaseResponse { case: Some(shown) })
}
