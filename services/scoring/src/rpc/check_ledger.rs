//! Adds up the whole ledger.

use proto::scoring::v1 as pb;
use rpc::{Call, parse::timestamp};

use super::Rpc;
use crate::{error::ScoringError, store::balances};

pub(super) async fn handle(
    rpc: Rpc,
    _: Call,
    req: pb::CheckLedgerRequest,
) -> Result<pb::CheckLedgerResponse, ScoringError> {
    let pb::CheckLedgerRequest {} = req;
    let mut tx = rpc.db.snapshot().await?;
    let check = balances::check(&mut tx).await?;
    tx.commit().await?;
    let balances::Check { sum, unbalanced_postings, wrong_balances, n_entries, n_postings } = check;
    Ok(pb::CheckLedgerResponse {
        sum,
        unbalanced_postings,
        wrong_balances,
        entries: n_entries,
        postings: n_postings,
        as_of_time: Some(timestamp(rpc.clock.now())),
    })
}
