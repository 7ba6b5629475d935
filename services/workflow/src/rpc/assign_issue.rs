use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, directory, notes::Notes, step};
use crate::{domain::Command, error::WorkflowError};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::AssignIssueRequest,
) -> Result<pb::AssignIssueResponse, WorkflowError> {
    let pb::AssignIssueRequest { issue_id, department_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let department = f.parse("department_id", &department_id);
    let (Some(target), Some(department)) = (target, department) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let desk = directory::desk(&rpc, &call, department).await?;
    let command = Command::Assign { desk };
    step::take(&call, target, command, notes, &rpc, |issue| pb::AssignIssueResponse { issue }).await
}
