//! Gives one account.

use access::Facts;
use kernel::AccountId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, actor, convert};
use crate::{error::IdentityError, store::accounts};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::GetAccountRequest,
) -> Result<pb::GetAccountResponse, IdentityError> {
    let pb::GetAccountRequest { account_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse::<AccountId>("account_id", &account_id) else { return Err(f.refuse().into()) };

    let mut tx = rpc.db.snapshot().await?;
    let account = accounts::find(&mut tx, id).await?;
    tx.commit().await?;
    let facts = Facts { owner: Some(id), ..Facts::default() };
    let account = account.filter(|_| call.allows(&facts)).ok_or(IdentityError::AccountNotFound(id))?;
    let unmasked = actor::sees_contact(&call, id);
    Ok(pb::GetAccountResponse { account: Some(convert::account(&account, unmasked)) })
}
