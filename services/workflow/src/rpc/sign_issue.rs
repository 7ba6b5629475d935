use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, convert, directory, notes::Notes, step};
use crate::{domain::Command, error::WorkflowError};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::SignIssueRequest,
) -> Result<pb::SignIssueResponse, WorkflowError> {
    let pb::SignIssueRequest { issue_id, difficulty, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    let difficulty = f.enumeration_optional("difficulty", difficulty).and_then(convert::difficulty_from);
    let Some(target) = target else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let desks = directory::own_desks(&rpc, &call).await?;
    let target = step::Target { desks: &desks, ..target };
    let command = Command::Sign { difficulty };
    step::take(&call, target, command, notes, &rpc, |issue| pb::SignIssueResponse { issue }).await
}
