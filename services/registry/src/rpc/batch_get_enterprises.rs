use kernel::PageSize;
use proto::registry::v1 as pb;
use rpc::{Call, Fields};

use super::{RegistryRpc, convert, parse};
use crate::{
    config::MAX_BATCH,
    domain::day,
    error::RegistryError,
    store::enterprises::{self, Wanted},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::BatchGetEnterprisesRequest,
) -> Result<pb::BatchGetEnterprisesResponse, RegistryError> {
    let pb::BatchGetEnterprisesRequest { enterprise_ids } = req;
    let mut f = Fields::new();
    if enterprise_ids.is_empty() {
        f.reject("enterprise_ids", "is required");
    }
    let ids = parse::ids(&mut f, "enterprise_ids", &enterprise_ids, MAX_BATCH);
    f.finish()?;
    let wanted = Wanted { ids, ..Wanted::default() };
    let today = day::of(rpc.clock.now());
    let mut tx = rpc.db.snapshot().await?;
    let found = enterprises::list(&mut tx, &wanted, &call.scope(), today, None, PageSize::MAX).await?;
    tx.commit().await?;
    Ok(pb::BatchGetEnterprisesResponse { enterprises: found.iter().map(convert::enterprise).collect() })
}
