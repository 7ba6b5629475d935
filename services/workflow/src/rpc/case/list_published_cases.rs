use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{convert, convert::level_from};
use crate::{
    domain::case::{Case, State},
    error::WorkflowError,
    rpc::{WorkflowRpc, filter::values, order::after_from},
    store::cases::{self, CaseFilter},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListPublishedCasesRequest,
) -> Result<pb::ListPublishedCasesResponse, WorkflowError> {
    let pb::ListPublishedCasesRequest { levels, page_size, page_token } = req;
    let mut f = Fields::new();
    let levels = values(&mut f, "levels", &levels, level_from);
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let filter = CaseFilter { states: vec![State::Published], levels };
    let bound_to = [format!("{filter:?}")];
    let bound_to = [bound_to[0].as_str()];
    let after = call.open_page(&rpc.page_key, &bound_to, &page_token)?;
    let after = after.map(|cursor| after_from(&cursor).ok_or(Refusal::PageToken)).transpose()?;

    let mut tx = rpc.db.snapshot().await?;
    let found = cases::published(&mut tx, &filter, after, size.limit()).await?;
    let total_count = cases::count_published(&mut tx, &filter).await?;
    let page = Page::cut(found, size, cursor);
    let bodies = cases::texts(&mut tx, &page.rows).await?;
    tx.commit().await?;
    Ok(pb::ListPublishedCasesResponse {
        cases: page.rows.iter().filter_map(|case| convert::published(case, &bodies)).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &bound_to, page.next.as_deref()),
        total_count,
    })
}

fn cursor(case: &Case) -> String {
    let at = case.published_at().unwrap_or(case.updated_at);
    format!("{}/{}", at.timestamp_micros(), case.id)
}
