//! Tells the points of an account.

use access::Facts;
use kernel::AccountId;
use proto::scoring::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, convert};
use crate::{error::ScoringError, store::balances};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::GetBalanceRequest,
) -> Result<pb::GetBalanceResponse, ScoringError> {
    let pb::GetBalanceRequest { account_id, period } = req;
    let mut f = Fields::new();
    let asked: Option<AccountId> = f.parse_optional("account_id", &account_id);
    let period = convert::period(&mut f, period);
    f.finish()?;
    let Some(account) = asked.or(call.caller.account_id()) else { return Err(call.not_permitted().into()) };

    // Whoever sees only their own points is told the same of every other account, whether it has any or not.
    if !call.allows(&Facts { owner: Some(account), ..Facts::default() }) {
        return Err(ScoringError::AccountNotFound(account));
    }
    let mut tx = rpc.db.snapshot().await?;
    let balance = balances::of_account(&mut tx, account, period).await?;
    tx.commit().await?;
    let balance = pb::Balance {
        account_id: account.to_string(),
        pending: balance.pending,
        posted: balance.posted,
        voided: balance.voided,
    };
    Ok(pb::GetBalanceResponse { balance: Some(balance) })
}
