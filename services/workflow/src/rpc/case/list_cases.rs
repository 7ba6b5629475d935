use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::convert;
use crate::{
    error::WorkflowError,
    rpc::{WorkflowRpc, filter::values, order::after_from},
    store::cases::{self, CaseFilter},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListCasesRequest,
) -> Result<pb::ListCasesResponse, WorkflowError> {
    let pb::ListCasesRequest { states, levels, page_size, page_token } = req;
    let mut f = Fields::new();
    let filter = CaseFilter {
        states: values(&mut f, "states", &states, convert::state_from),
        levels: values(&mut f, "levels", &levels, convert::level_from),
    };
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let scope = call.scope();
    let bound_to = [format!("{filter:?}"), scope.fingerprint()];
    let bound_to: Vec<&str> = bound_to.iter().map(String::as_str).collect();
    let after = call.open_page(&rpc.page_key, &bound_to, &page_token)?;
    let after = after.map(|cursor| after_from(&cursor).ok_or(Refusal::PageToken)).transpose()?;

    let mut tx = rpc.db.snapshot().await?;
    let found = cases::list(&mut tx, &scope, &filter, after, size.limit()).await?;
    let total_count = cases::count(&mut tx, &scope, &filter).await?;
    let page = Page::cut(found, size, |case| format!("{}/{}", case.updated_at.timestamp_micros(), case.id));
    let bodies = cases::texts(&mut tx, &page.rows).await?;
    tx.commit().await?;

    Ok(pb::ListCasesResponse {
        cases: page.rows.iter().map(|case| convert::case(case, &bodies)).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &bound_to, page.next.as_deref()),
        total_count,
    })
}
