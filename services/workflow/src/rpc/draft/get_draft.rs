use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{DraftRpc, admit, shown};
use crate::{error::WorkflowError, store::drafts};

pub(super) async fn handle(
    rpc: DraftRpc,
    call: Call,
    req: pb::GetDraftRequest,
) -> Result<pb::GetDraftResponse, WorkflowError> {
    let pb::GetDraftRequest { draft_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("draft_id", &draft_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let mut tx = rpc.workflow.db.snapshot().await?;
    let found = drafts::find(&mut tx, id).await?;
    tx.commit().await?;
    let found = found.ok_or(WorkflowError::DraftNotFound(id))?;
    admit(&rpc.workflow, &call, &found.draft)?;
    Ok(pb::GetDraftResponse { draft: Some(shown(&found, rpc.limits)) })
}
