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
    req: pb::InstructIssueRequest,
) -> Result<pb::InstructIssueResponse, WorkflowError> {
    let pb::InstructIssueRequest { issue_id, text, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let text = notes.take(&mut f, ("text", NoteField::Instruction), &text, 2000);
    let (Some(target), Some(text)) = (target, text) else { return Err(f.refuse().into()) };
    f.finish()?;
    let command = Command::Instruct { text };
    step::take(&call, target, command, notes, &rpc, |issue| pb::InstructIssueResponse { issue }).await
}
