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
    req: pb::RequestWithdrawalRequest,
) -> Result<pb::RequestWithdrawalResponse, WorkflowError> {
    let pb::RequestWithdrawalRequest { issue_id, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let reason = notes.take(&mut f, ("reason", NoteField::WithdrawalReason), &reason, 2000);
    let (Some(target), Some(reason)) = (target, reason) else { return Err(f.refuse().into()) };
    f.finish()?;
    let command = Command::RequestWithdrawal { reason };
    step::take(&call, target, command, notes, &rpc, |issue| pb::RequestWithdrawalResponse { issue }).await
}
