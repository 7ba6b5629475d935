use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{Among, shown, similar_issues, sketch};
use crate::{
    domain::local_date,
    error::WorkflowError,
    rpc::{WorkflowRpc, facts},
    store::issues::{self, Found},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListSimilarIssuesRequest,
) -> Result<pb::ListSimilarIssuesResponse, WorkflowError> {
    let pb::ListSimilarIssuesRequest { issue_id, open_only } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("issue_id", &issue_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let found = issues::find(&mut tx, id, local_date(now)).await?;
    let Found { issue, link: _, manager, texts } = found.ok_or(WorkflowError::IssueNotFound(id))?;
    rpc.admit(&call, id, &facts(&issue, manager))?;
    let sketch =
        sketch(&texts.title, &texts.description, Some(issue.category.clone()), Some(issue.division.clone()));
    let scope = call.scope();
    let among = Among { scope: &scope, now, enterprise: None, other_than: Some(id), open_only };
    let similar = similar_issues(&mut tx, &sketch, among).await?;
    let book = rpc.books.covering(&mut tx, similar.iter().map(|(issue, ..)| issue)).await?;
    tx.commit().await?;
    Ok(pb::ListSimilarIssuesResponse { issues: shown(&rpc, &call, &book, &similar, now)? })
}
