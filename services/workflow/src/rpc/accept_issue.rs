use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, notes::Notes, step};
use crate::{domain::Command, error::WorkflowError};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::AcceptIssueRequest,
) -> Result<pb::AcceptIssueResponse, WorkflowError> {
    let pb::AcceptIssueRequest { issue_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let Some(target) = target else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::Accept;
    step::take(&call, target, command, notes, &rpc, |issue| pb::AcceptIssueResponse { issue }).await
}
