use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, convert, facts, rules};
use crate::{
    domain::local_date,
    error::WorkflowError,
    store::issues::{self, Found},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::GetIssueRequest,
) -> Result<pb::GetIssueResponse, WorkflowError> {
    let pb::GetIssueRequest { issue_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("issue_id", &issue_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let found = issues::find(&mut tx, id, local_date(now)).await?;
    let book = rpc.books.covering(&mut tx, found.as_ref().map(|found| &found.issue)).await?;
    tx.commit().await?;
    let Found { issue, link: _, manager, texts } = found.ok_or(WorkflowError::IssueNotFound(id))?;
    let facts = facts(&issue, manager);
    rpc.admit(&call, id, &facts)?;
    let rules = rules(&book, &issue)?;
    let audience = rpc.audience(&call.caller, &facts);
    let shown = convert::whole(&issue, texts, rules, now, audience)
        .map_err(WorkflowError::beyond(&issue.calendar_version))?;
    Ok(pb::GetIssueResponse { issue: Some(shown) })
}
