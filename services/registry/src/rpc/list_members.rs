use kernel::{MemberId, Page};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{RegistryRpc, convert};
use crate::{
    domain::day,
    error::RegistryError,
    store::{enterprises, members},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::ListMembersRequest,
) -> Result<pb::ListMembersResponse, RegistryError> {
    let pb::ListMembersRequest { enterprise_id, include_removed, page_size, page_token } = req;
    let mut f = Fields::new();
    let (id, size) = (f.parse("enterprise_id", &enterprise_id), f.page_size(page_size));
    let (Some(id), Some(size)) = (id, size) else { return Err(f.refuse().into()) };
    let filter = [enterprise_id.as_str(), if include_removed { "all" } else { "current" }];
    let after = call.open_page(&rpc.page_key, &filter, &page_token)?;
    let after: Option<MemberId> = after.map(|id| id.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let today = day::of(rpc.clock.now());
    let mut tx = rpc.db.snapshot().await?;
    enterprises::find(&mut tx, id, &call.scope(), today)
        .await?
        .ok_or(RegistryError::EnterpriseNotFound(id))?;
    let rows = members::list(&mut tx, id, include_removed, after, size).await?;
    let total_count = members::count(&mut tx, id, include_removed).await?;
    tx.commit().await?;
    let page = Page::cut(rows, size, |member| member.id.to_string());
    Ok(pb::ListMembersResponse {
        members: page.rows.iter().map(convert::member).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &filter, page.next.as_deref()),
        total_count,
    })
}
