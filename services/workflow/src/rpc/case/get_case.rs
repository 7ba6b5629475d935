use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{CaseError, case_facts, convert};
use crate::{error::WorkflowError, rpc::WorkflowRpc, store::cases};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::GetCaseRequest,
) -> Result<pb::GetCaseResponse, WorkflowError> {
    let pb::GetCaseRequest { case_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("case_id", &case_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let mut tx = rpc.db.snapshot().await?;
    let case = cases::find(&mut tx, id).await?.ok_or(CaseError::NotFound(id))?.case;
    if !call.allows(&case_facts(case.department)) {
        return Err(CaseError::NotFound(id).into());
    }
    let bodies = cases::texts(&mut tx, [&case]).await?;
    tx.commit().await?;
    Ok(pb::GetCaseResponse { case: Some(convert::case(&case, &bodies)) })
}
