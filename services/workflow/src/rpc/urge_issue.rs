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
    req: pb::UrgeIssueRequest,
) -> Result<pb::UrgeIssueResponse, WorkflowError> {
    let pb::UrgeIssueRequest { issue_id, note, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let note = notes.take_optional(&mut f, ("note", NoteField::UrgeNote), &note, 500);
    let Some(target) = target else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::Urge { note };
    step::take(&call, target, command, notes, &rpc, |issue| pb::UrgeIssueResponse { issue }).await
}
