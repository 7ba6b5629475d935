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
    req: pb::PlanIssueRequest,
) -> Result<pb::PlanIssueResponse, WorkflowError> {
    let pb::PlanIssueRequest { issue_id, responsible_id, committed_date, note, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let responsible = f.parse("responsible_id", &responsible_id);
    let committed = f.date("committed_date", committed_date);
    let note = notes.take(&mut f, ("note", NoteField::PlanNote), &note, 2_000);
    let (Some(target), Some(responsible), Some(committed), Some(note)) =
        (target, responsible, committed, note)
    else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    directory::require_colleague(&rpc, &call, responsible).await?;
    let command = Command::Plan { responsible, committed, note };
    step::take(&call, target, command, notes, &rpc, |issue| pb::PlanIssueResponse { issue }).await
}
