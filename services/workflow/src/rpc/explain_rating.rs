use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, notes::Notes, step};
use crate::{
    domain::{Command, NoteField, Outcome},
    error::WorkflowError,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ExplainRatingRequest,
) -> Result<pb::ExplainRatingResponse, WorkflowError> {
    let pb::ExplainRatingRequest { issue_id, text, legal_basis, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let text = notes.take(&mut f, ("text", NoteField::ReplyText), &text, 4000);
    let legal_basis = notes.take(&mut f, ("legal_basis", NoteField::LegalBasis), &legal_basis, 2000);
    let (Some(target), Some(text), Some(legal_basis)) = (target, text, legal_basis) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::Reply {
        outcome: Outcome::Explained,
        text,
        legal_basis: Some(legal_basis),
        override_note: None,
        evidence: Vec::new(),
    };
    step::take(&call, target, command, notes, &rpc, |issue| pb::ExplainRatingResponse { issue }).await
}
