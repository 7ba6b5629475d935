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
    req: pb::AskFirmRequest,
) -> Result<pb::AskFirmResponse, WorkflowError> {
    let pb::AskFirmRequest { issue_id, question, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let question = notes.take(&mut f, ("question", NoteField::Question), &question, 2000);
    let (Some(target), Some(question)) = (target, question) else { return Err(f.refuse().into()) };
    f.finish()?;
    let command = Command::AskFirm { question };
    step::take(&call, target, command, notes, &rpc, |issue| pb::AskFirmResponse { issue }).await
}
