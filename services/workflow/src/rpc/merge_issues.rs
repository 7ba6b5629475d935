use std::collections::BTreeSet;

use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{
    WorkflowRpc,
    notes::Notes,
    step::{self, Moved, Target},
};
use crate::{
    domain::{Action, Command, Refused},
    error::WorkflowError,
};

/// Issues merged in one call.
const MOST: usize = 20;

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::MergeIssuesRequest,
) -> Result<pb::MergeIssuesResponse, WorkflowError> {
    let pb::MergeIssuesRequest { issue_id, merged, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let notes = Notes::new(&rpc);
    let target = step::target(&mut f, &issue_id, &etag);
    if merged.is_empty() || MOST < merged.len() {
        f.reject("merged", format!("must name 1 to {MOST} issues"));
    }
    let mut children: Vec<Target<'_>> =
        merged.iter().filter_map(|one| step::target(&mut f, &one.issue_id, &one.etag)).collect();
    let Some(target) = target else { return Err(f.refuse().into()) };
    f.finish()?;
    children.sort_by_key(|child| child.issue);
    let ids: BTreeSet<_> = children.iter().map(|child| child.issue).collect();
    if ids.len() < children.len() || ids.contains(&target.issue) {
        return Err(WorkflowError::Refused(Refused::MergeIntoItself));
    }

    // In the order of a step with a merged issue, the merged ones first, so that nobody waits in a circle.
    let mut tx = rpc.db.begin().await?;
    let mut found = Vec::with_capacity(children.len());
    for child in &children {
        let issue = step::lock(&mut tx, child.issue, notes.now).await?;
        step::admit(&rpc, &call, &issue, child.etag, &[])?;
        found.push(issue);
    }
    let parent = step::lock(&mut tx, target.issue, notes.now).await?;
    step::admit(&rpc, &call, &parent, target.etag, &[])?;
    let from = parent.issue.state();
    let desk = parent.issue.desk().ok_or(Refused::NotAllowed { from, action: Action::Absorb })?;

    let all = found.iter().chain([&parent]).map(|found| &found.issue);
    let book = rpc.books.covering(&mut tx, all).await?;
    let by = rpc.actor(&call, &parent.issue, parent.manager)?;
    let mut into: Option<Moved<'_>> = None;
    let mut parent = Some(parent);
    for child in &children {
        let command = Command::Absorb { child: child.issue };
        match (&mut into, parent.take()) {
            (None, Some(parent)) => into = Some(Moved::by(&rpc, &book, parent, command, &notes, &by)?),
            (Some(into), _) => into.then(&rpc, command, &notes, &by)?,
            (None, None) => {}
        }
    }
    let mut moved: Vec<Moved<'_>> = into.into_iter().collect();
    for issue in found {
        let by = rpc.actor(&call, &issue.issue, issue.manager)?;
        let command = Command::Merge { into: target.issue, desk };
        moved.push(Moved::by(&rpc, &book, issue, command, &notes, &by)?);
    }
    step::finish(&call, tx, &moved, &notes, &rpc, |issue| pb::MergeIssuesResponse { issue }).await
}
