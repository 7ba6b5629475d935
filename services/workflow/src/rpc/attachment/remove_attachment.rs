use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{
    AttachmentError, AttachmentRpc,
    sight::{self, Hold},
};
use crate::{error::WorkflowError, store::attachments};

pub(super) async fn handle(
    rpc: AttachmentRpc,
    call: Call,
    req: pb::RemoveAttachmentRequest,
) -> Result<pb::RemoveAttachmentResponse, WorkflowError> {
    let pb::RemoveAttachmentRequest { attachment_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let (Some(id), Some(etag)) = (f.parse("attachment_id", &attachment_id), f.etag(&etag)) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let now = rpc.workflow.clock.now();
    let mut tx = rpc.workflow.db.begin().await?;
    let file = sight::admit(&rpc.workflow, &call, &mut tx, id, Hold::Yes).await?;
    if sight::account(&call.caller) != Some(file.uploader) {
        return Err(call.not_permitted().into());
    }
    if file.version != etag {
        return Err(Refusal::StaleEtag { etag: file.version.to_string() }.into());
    }
    if file.is_referred {
        return Err(AttachmentError::Referred(id).into());
    }
    let response = pb::RemoveAttachmentResponse {};
    let mut batch = Batch::new();
    attachments::remove(&mut batch, &file, now, now + rpc.room.keep_removed);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
