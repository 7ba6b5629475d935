use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{WorkflowRpc, convert, facts, filter, rules};
use crate::{
    domain::local_date,
    error::WorkflowError,
    store::issues::{self, Viewer, next_due},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListIssuesRequest,
) -> Result<pb::ListIssuesResponse, WorkflowError> {
    let pb::ListIssuesRequest { filter, order, page_size, page_token } = req;
    let mut f = Fields::new();
    let filter = filter::parse(&mut f, filter);
    let order = filter::order(&mut f, order);
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let scope = call.scope();
    let bound_to = [format!("{filter:?}"), format!("{order:?}"), scope.fingerprint()];
    let bound_to: Vec<&str> = bound_to.iter().map(String::as_str).collect();
    let after = call.open_page(&rpc.page_key, &bound_to, &page_token)?;
    let after = after.map(|cursor| cursor.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let now = rpc.clock.now();
    let viewer = Viewer { scope: &scope, now, today: local_date(now) };
    let mut tx = rpc.db.snapshot().await?;
    let found = issues::list(&mut tx, &viewer, &filter, order, after.as_ref(), size.limit()).await?;
    let counted = issues::count(&mut tx, &viewer, &filter).await?;
    let book = rpc.books.covering(&mut tx, found.iter().map(|(issue, _)| issue)).await?;
    tx.commit().await?;

    let mut rows = Vec::with_capacity(found.len());
    for (issue, title) in found {
        let rules = rules(&book, &issue)?;
        let beyond = WorkflowError::beyond(&issue.calendar_version);
        let audience = rpc.audience(&call.caller, &facts(&issue, None));
        let shown = convert::listed(&issue, title, rules, now, audience).map_err(&beyond)?;
        let cursor = order.cursor(&issue, next_due(&issue, rules).map_err(&beyond)?);
        rows.push((shown, cursor));
    }
    let page = Page::cut(rows, size, |(_, cursor)| cursor.to_string());
    Ok(pb::ListIssuesResponse {
        issues: page.rows.into_iter().map(|(shown, _)| shown).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &bound_to, page.next.as_deref()),
        total_count: counted.iter().map(|(_, _, count)| count).sum(),
    })
}
