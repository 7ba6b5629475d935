use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, convert, notes::Notes, step};
use crate::{
    domain::{Command, NoteField},
    error::WorkflowError,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ReplyIssueRequest,
) -> Result<pb::ReplyIssueResponse, WorkflowError> {
    let pb::ReplyIssueRequest { issue_id, outcome, text, legal_basis, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let outcome = f.enumeration("outcome", outcome).and_then(convert::outcome_from);
    let text = notes.take(&mut f, ("text", NoteField::ReplyText), &text, 4_000);
    let legal_basis =
        notes.take_optional(&mut f, ("legal_basis", NoteField::LegalBasis), &legal_basis, 2_000);
    let (Some(target), Some(outcome), Some(text)) = (target, outcome, text) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::Reply { outcome, text, legal_basis };
    step::take(&call, target, command, notes, &rpc, |issue| pb::ReplyIssueResponse { issue }).await
}
