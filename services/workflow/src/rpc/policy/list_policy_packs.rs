use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{
    convert,
    found::{self, FoundPack},
};
use crate::{domain::PolicyVersion, error::WorkflowError, rpc::WorkflowRpc, store::packs};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListPolicyPacksRequest,
) -> Result<pb::ListPolicyPacksResponse, WorkflowError> {
    let pb::ListPolicyPacksRequest { page_size, page_token } = req;
    let mut f = Fields::new();
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let after = call.open_page(&rpc.page_key, &[], &page_token)?;
    let after: Option<PolicyVersion> =
        after.map(|cursor| cursor.parse()).transpose().map_err(|_| Refusal::PageToken)?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let stored = packs::list_packs(&mut tx, after.as_ref(), size.limit()).await?;
    tx.commit().await?;
    let mut rows = stored.into_iter().map(found::read_pack).collect::<Result<Vec<FoundPack>, _>>()?;
    let of_the_page = |pack: &FoundPack| after.as_ref().is_none_or(|after| *after < pack.policy.version);
    rows.extend(found::built_in_packs().into_iter().filter(of_the_page));
    rows.sort_by(|a, b| a.policy.version.cmp(&b.policy.version));
    let page = Page::cut(rows, size, |found| found.policy.version.to_string());
    let book = rpc.books.of_today(now).await?;
    let in_force = &book.in_force(now).policy.version;
    let shown = |found: &FoundPack| convert::pack(found, found.policy.version == *in_force, false);
    Ok(pb::ListPolicyPacksResponse {
        packs: page.rows.iter().map(shown).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &[], page.next.as_deref()),
    })
}
