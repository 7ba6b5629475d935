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
    req: pb::RecordInterimMeasureRequest,
) -> Result<pb::RecordInterimMeasureResponse, WorkflowError> {
    let pb::RecordInterimMeasureRequest { issue_id, measure, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let measure = notes.take(&mut f, ("measure", NoteField::InterimMeasure), &measure, 2_000);
    let (Some(target), Some(measure)) = (target, measure) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::RecordInterimMeasure { measure };
    step::take(&call, target, command, notes, &rpc, |issue| pb::RecordInterimMeasureResponse { issue }).await
}
