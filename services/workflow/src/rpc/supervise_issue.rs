use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, notes::Notes, step};
use crate::{
    domain::{Command, Level, NoteField},
    error::WorkflowError,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::SuperviseIssueRequest,
) -> Result<pb::SuperviseIssueResponse, WorkflowError> {
    let pb::SuperviseIssueRequest { issue_id, level, note, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let level = Level::try_from(level).map_err(|err| f.reject("level", err.to_string())).ok();
    let note = notes.take(&mut f, ("note", NoteField::SupervisionNote), &note, 2000);
    let (Some(target), Some(level), Some(note)) = (target, level, note) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::Supervise { level, note };
    step::take(&call, target, command, notes, &rpc, |issue| pb::SuperviseIssueResponse { issue }).await
}
