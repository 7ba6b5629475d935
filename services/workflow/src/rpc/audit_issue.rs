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
    req: pb::AuditIssueRequest,
) -> Result<pb::AuditIssueResponse, WorkflowError> {
    let pb::AuditIssueRequest { issue_id, decision, failure_code, note, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let named = ("note", NoteField::AuditNote);
    let command = match f.enumeration::<pb::AuditDecision>("decision", decision) {
        Some(pb::AuditDecision::Passed) => {
            if !failure_code.is_empty() {
                f.reject("failure_code", "must be empty when the issue passes");
            }
            Some(Command::PassAudit { note: notes.take_optional(&mut f, named, &note, 2_000) })
        }
        Some(pb::AuditDecision::Failed) => {
            let code = f.parse("failure_code", &failure_code);
            let note = notes.take(&mut f, named, &note, 2_000);
            code.zip(note).map(|(code, note)| Command::FailAudit { code, note })
        }
        Some(pb::AuditDecision::Unspecified) | None => None,
    };
    let (Some(target), Some(command)) = (target, command) else { return Err(f.refuse().into()) };
    f.finish()?;
    step::take(&call, target, command, notes, &rpc, |issue| pb::AuditIssueResponse { issue }).await
}
