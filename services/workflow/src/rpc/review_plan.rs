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
    req: pb::ReviewPlanRequest,
) -> Result<pb::ReviewPlanResponse, WorkflowError> {
    let pb::ReviewPlanRequest { issue_id, note, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let note = notes.take(&mut f, ("note", NoteField::PlanReview), &note, 2000);
    let (Some(target), Some(note)) = (target, note) else { return Err(f.refuse().into()) };
    f.finish()?;
    let command = Command::ReviewPlan { note };
    step::take(&call, target, command, notes, &rpc, |issue| pb::ReviewPlanResponse { issue }).await
}
