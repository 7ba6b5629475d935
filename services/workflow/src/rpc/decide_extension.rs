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
    req: pb::DecideExtensionRequest,
) -> Result<pb::DecideExtensionResponse, WorkflowError> {
    let pb::DecideExtensionRequest { issue_id, decision, note, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let command = match f.enumeration::<pb::ExtensionDecision>("decision", decision) {
        Some(pb::ExtensionDecision::Granted) => {
            let note = notes.take_optional(&mut f, ("note", NoteField::ExtensionNote), &note, 2_000);
            Some(Command::GrantExtension { note })
        }
        Some(pb::ExtensionDecision::Denied) => {
            let reason = notes.take(&mut f, ("note", NoteField::ExtensionNote), &note, 2_000);
            reason.map(|reason| Command::DenyExtension { reason })
        }
        Some(pb::ExtensionDecision::Unspecified) | None => None,
    };
    let (Some(target), Some(command)) = (target, command) else { return Err(f.refuse().into()) };
    f.finish()?;
    step::take(&call, target, command, notes, &rpc, |issue| pb::DecideExtensionResponse { issue }).await
}
