use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{DraftRpc, shown};
use crate::{error::WorkflowError, store::drafts};

pub(super) async fn handle(
    rpc: DraftRpc,
    call: Call,
    req: pb::ListDraftsRequest,
) -> Result<pb::ListDraftsResponse, WorkflowError> {
    let pb::ListDraftsRequest { enterprise_id, page_size, page_token } = req;
    let mut f = Fields::new();
    let enterprise = f.parse_optional("enterprise_id", &enterprise_id);
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let page_key = &rpc.workflow.page_key;
    let scope = call.scope();
    let fingerprint = scope.fingerprint();
    let bound_to = [enterprise_id.as_str(), fingerprint.as_str()];
    let before = call.open_page(page_key, &bound_to, &page_token)?;
    let before = before.map(|cursor| cursor.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let mut tx = rpc.workflow.db.snapshot().await?;
    let found = drafts::list(&mut tx, &scope, enterprise, before, size.limit()).await?;
    let total_count = drafts::count(&mut tx, &scope, enterprise).await?;
    tx.commit().await?;
    let page = Page::cut(found, size, |found| found.draft.id.to_string());
    Ok(pb::ListDraftsResponse {
        drafts: page.rows.iter().map(|found| shown(found, rpc.limits)).collect(),
        next_page_token: call.seal_page(page_key, &bound_to, page.next.as_deref()),
        total_count,
    })
}
