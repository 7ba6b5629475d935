use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, convert, notes::Notes, step};
use crate::{
    domain::{Command, NoteField},
    error::WorkflowError,
};

/// Files that a reply may refer to.
const MAX_EVIDENCE: usize = 20;

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ReplyIssueRequest,
) -> Result<pb::ReplyIssueResponse, WorkflowError> {
    let pb::ReplyIssueRequest {
        issue_id,
        outcome,
        text,
        legal_basis,
        etag,
        request_id: _,
        override_note,
        evidence_ids,
    } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let outcome = f.enumeration("outcome", outcome).and_then(convert::outcome_from);
    let text = notes.take(&mut f, ("text", NoteField::ReplyText), &text, 4_000);
    let legal_basis =
        notes.take_optional(&mut f, ("legal_basis", NoteField::LegalBasis), &legal_basis, 2_000);
    let override_note =
        notes.take_optional(&mut f, ("override_note", NoteField::OverrideNote), &override_note, 2_000);
    if MAX_EVIDENCE < evidence_ids.len() {
        f.reject("evidence_ids", format!("must name at most {MAX_EVIDENCE} files"));
    }
    let evidence: Vec<_> = evidence_ids.iter().filter_map(|id| f.parse("evidence_ids", id)).collect();
    let (Some(target), Some(outcome), Some(text)) = (target, outcome, text) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = |evidence| Command::Reply { outcome, text, legal_basis, override_note, evidence };
    let answer = |issue| pb::ReplyIssueResponse { issue };
    step::take_with_files(&call, target, (&evidence, command), notes, &rpc, answer).await
}
