//! Gives several accounts at once.

use kernel::AccountId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, actor, convert};
use crate::{error::IdentityError, store::accounts};

const MAX_IDS: usize = 500;

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::BatchGetAccountsRequest,
) -> Result<pb::BatchGetAccountsResponse, IdentityError> {
    let pb::BatchGetAccountsRequest { account_ids } = req;
    let mut f = Fields::new();
    if account_ids.is_empty() || MAX_IDS < account_ids.len() {
        f.reject("account_ids", format!("must hold 1 to {MAX_IDS} ids"));
    }
    let parse = |(n, id): (usize, &String)| f.parse::<AccountId>(&format!("account_ids[{n}]"), id);
    let ids: Vec<_> = account_ids.iter().take(MAX_IDS).enumerate().filter_map(parse).collect();
    f.finish()?;

    let mut tx = rpc.db.snapshot().await?;
    let accounts = accounts::of_ids(&mut tx, &ids).await?;
    tx.commit().await?;
    let accounts =
        accounts.iter().map(|account| convert::account(account, actor::sees_contact(&call, account.id)));
    Ok(pb::BatchGetAccountsResponse { accounts: accounts.collect() })
}
