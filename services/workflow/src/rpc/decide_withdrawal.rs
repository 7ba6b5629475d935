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
    req: pb::DecideWithdrawalRequest,
) -> Result<pb::DecideWithdrawalResponse, WorkflowError> {
    let pb::DecideWithdrawalRequest { issue_id, decision, channel, note, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let channel = f.enumeration("channel", channel).and_then(convert::channel_from);
    let note = notes.take(&mut f, ("note", NoteField::WithdrawalCheck), &note, 2000);
    let command = match f.enumeration::<pb::WithdrawalDecision>("decision", decision) {
        Some(pb::WithdrawalDecision::Confirmed) => {
            channel.zip(note).map(|(channel, note)| Command::ConfirmWithdrawal { channel, note })
        }
        Some(pb::WithdrawalDecision::Denied) => {
            channel.zip(note).map(|(channel, note)| Command::DenyWithdrawal { channel, note })
        }
        Some(pb::WithdrawalDecision::Unspecified) | None => None,
    };
    let (Some(target), Some(command)) = (target, command) else { return Err(f.refuse().into()) };
    f.finish()?;
    step::take(&call, target, command, notes, &rpc, |issue| pb::DecideWithdrawalResponse { issue }).await
}
