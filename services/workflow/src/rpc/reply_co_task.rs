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
    req: pb::ReplyCoTaskRequest,
) -> Result<pb::ReplyCoTaskResponse, WorkflowError> {
    let pb::ReplyCoTaskRequest { issue_id, task, text, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let task = u32::try_from(task).ok().filter(|number| 0 < *number);
    if task.is_none() {
        f.reject("task", "must be at least 1");
    }
    let text = notes.take(&mut f, ("text", NoteField::CoTaskReply), &text, 4000);
    let (Some(target), Some(task), Some(text)) = (target, task, text) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::ReplyCoTask { task, text };
    step::take(&call, target, command, notes, &rpc, |issue| pb::ReplyCoTaskResponse { issue }).await
}
