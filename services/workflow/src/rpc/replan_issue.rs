use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, directory, notes::Notes, step};
use crate::{
    domain::{Command, NoteField},
    error::WorkflowError,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ReplanIssueRequest,
) -> Result<pb::ReplanIssueResponse, WorkflowError> {
    let pb::ReplanIssueRequest { issue_id, responsible_id, committed_date, reason, etag, request_id: _ } =
        req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let responsible = f.parse("responsible_id", &responsible_id);
    let committed = f.date("committed_date", committed_date);
    let reason = notes.take(&mut f, ("reason", NoteField::ReplanReason), &reason, 2_000);
    let (Some(target), Some(responsible), Some(committed), Some(reason)) =
        (target, responsible, committed, reason)
    else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    directory::require_colleague(&rpc, &call, responsible).await?;
    let command = Command::Replan { responsible, committed, reason };
    step::take(&call, target, command, notes, &rpc, |issue| pb::ReplanIssueResponse { issue }).await
}
