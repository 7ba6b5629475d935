use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{
    AttachmentRpc, convert,
    sight::{self, Hold},
};
use crate::error::WorkflowError;

pub(super) async fn handle(
    rpc: AttachmentRpc,
    call: Call,
    req: pb::GetAttachmentRequest,
) -> Result<pb::GetAttachmentResponse, WorkflowError> {
    let pb::GetAttachmentRequest { attachment_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("attachment_id", &attachment_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let mut tx = rpc.workflow.db.snapshot().await?;
    let file = sight::admit(&rpc.workflow, &call, &mut tx, id, Hold::No).await?;
    tx.commit().await?;
    Ok(pb::GetAttachmentResponse { attachment: Some(convert::attachment(&file)) })
}
