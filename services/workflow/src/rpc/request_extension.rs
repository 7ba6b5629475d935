use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, notes::Notes, step};
use crate::{
    domain::{Command, NoteField},
    error::WorkflowError,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::RequestExtensionRequest,
) -> Result<pb::RequestExtensionResponse, WorkflowError> {
    let pb::RequestExtensionRequest { issue_id, working_days, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let working_days = u32::try_from(working_days).ok().filter(|number| 0 < *number);
    if working_days.is_none() {
        f.reject("working_days", "must be at least 1");
    }
    let reason = notes.take(&mut f, ("reason", NoteField::ExtensionReason), &reason, 2000);
    let (Some(target), Some(working_days), Some(reason)) = (target, working_days, reason) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::RequestExtension { working_days, reason };
    step::take(&call, target, command, notes, &rpc, |issue| pb::RequestExtensionResponse { issue }).await
}
