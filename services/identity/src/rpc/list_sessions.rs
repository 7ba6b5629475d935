//! Lists sessions that have not run out.

use kernel::AccountId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, actor, convert};
use crate::{
    error::IdentityError,
    store::sessions::{self, Wanted},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::ListSessionsRequest,
) -> Result<pb::ListSessionsResponse, IdentityError> {
    let pb::ListSessionsRequest { account_id, page_size, page_token } = req;
    let mut f = Fields::new();
    let account: Option<AccountId> = f.parse_optional("account_id", &account_id);
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let wanted = Wanted { owner: actor::owner(&call)?, account };
    let filter = [account_id.as_str()];
    let page = rpc.page(&call, &filter, &page_token, size)?;

    let mut tx = rpc.db.snapshot().await?;
    let (rows, total_count) = sessions::list(&mut tx, wanted, page, rpc.clock.now()).await?;
    tx.commit().await?;
    let (rows, next_page_token) = rpc.cut(&call, &filter, rows, size, |session| session.id.uuid());
    let sessions = rows.into_iter().map(convert::session).collect();
    Ok(pb::ListSessionsResponse { sessions, next_page_token, total_count })
}
