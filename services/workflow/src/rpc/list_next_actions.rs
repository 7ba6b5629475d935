use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{WorkflowRpc, convert, directory, facts, rules, step};
use crate::{
    domain::{State, local_date, next_actions},
    error::WorkflowError,
    store::issues::{self, Found},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListNextActionsRequest,
) -> Result<pb::ListNextActionsResponse, WorkflowError> {
    let pb::ListNextActionsRequest { issue_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("issue_id", &issue_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let found = issues::find(&mut tx, id, local_date(now)).await?;
    let book = rpc.books.covering(&mut tx, found.as_ref().map(|found| &found.issue)).await?;
    let Found { issue, link: _, manager, texts: _ } = found.ok_or(WorkflowError::IssueNotFound(id))?;
    let facts = facts(&issue, manager);
    rpc.admit(&call, id, &facts)?;
    let mut by = rpc.actor(&call, &issue, manager)?;
    if issue.state() == State::PendingAudit {
        by.tied_by_merged = step::tie_of_merged(&rpc, &call, &mut tx, &issue, now).await?;
    }
    tx.commit().await?;
    let issue = match directory::desk_of_now(&rpc, &call, &issue).await? {
        Some(desk) => issue.at_desk_of_now(desk),
        None => issue,
    };
    let actions = next_actions(&issue, rules(&book, &issue)?, now, &by)
        .map_err(WorkflowError::refused(issue.id, &issue.calendar_version))?;
    Ok(pb::ListNextActionsResponse {
        actions: actions.into_iter().map(|action| convert::action(action).into()).collect(),
        etag: issue.etag.to_string(),
    })
}
