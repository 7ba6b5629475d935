use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{DraftRpc, admit};
use crate::{error::WorkflowError, store::drafts};

pub(super) async fn handle(
    rpc: DraftRpc,
    call: Call,
    req: pb::DiscardDraftRequest,
) -> Result<pb::DiscardDraftResponse, WorkflowError> {
    let pb::DiscardDraftRequest { draft_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let (Some(id), Some(etag)) = (f.parse("draft_id", &draft_id), f.etag(&etag)) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let now = rpc.workflow.clock.now();
    let mut tx = rpc.workflow.db.begin().await?;
    let draft = drafts::lock(&mut tx, id).await?.ok_or(WorkflowError::DraftNotFound(id))?.draft;
    admit(&rpc.workflow, &call, &draft)?;
    if draft.version != etag {
        return Err(Refusal::StaleEtag { etag: draft.version.to_string() }.into());
    }
    let response = pb::DiscardDraftResponse {};
    let mut batch = Batch::new();
    drafts::discard(&mut batch, &draft, now, now + rpc.keep_removed);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
