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
    req: pb::RequestReturnRequest,
) -> Result<pb::RequestReturnResponse, WorkflowError> {
    let pb::RequestReturnRequest { issue_id, reason, new_fact, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let reason = notes.take(&mut f, ("reason", NoteField::ReturnReason), &reason, 2000);
    let new_fact = notes.take_optional(&mut f, ("new_fact", NoteField::NewFact), &new_fact, 2000);
    let (Some(target), Some(reason)) = (target, reason) else { return Err(f.refuse().into()) };
    f.finish()?;
    let command = Command::RequestReturn { reason, new_fact };
    step::take(&call, target, command, notes, &rpc, |issue| pb::RequestReturnResponse { issue }).await
}
