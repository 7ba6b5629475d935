//! The request ledger: what was answered to a mutation, so that its repeat has no second effect.
//!
//! The row is written in the same transaction as the effect. A repeat fails on [`PRIMARY_KEY`], and is then
//! answered with what [`find`] gives.

use uuid::Uuid;

use kernel::Timestamp;

use crate::{Batch, Engine, Error, Tx, binds};

/// The constraint that a repeated request fails on.
pub const PRIMARY_KEY: &str = "request_ledger_pkey";

/// One answered request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Who called; another caller's request of the same id is another request.
    pub principal: String,
    /// `/package.Service/Method`.
    pub method: String,
    pub request_id: Uuid,
    pub payload_hash: Vec<u8>,
    /// The encoded response message.
    pub response: Vec<u8>,
    pub at: Timestamp,
}

/// What was stored for a request.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Stored {
    pub payload_hash: Vec<u8>,
    pub response: Vec<u8>,
}

/// Adds the row to a unit of work.
pub fn append(batch: &mut Batch, row: &LedgerRow) {
    let LedgerRow { principal, method, request_id, payload_hash, response, at } = row;
    batch.add(
        "remember the request",
        "INSERT INTO request_ledger (principal, method, request_id, payload_hash, response, at)
        VALUES ($1, $2, $3, $4, $5, $6)",
        binds![principal, method, *request_id, payload_hash.as_slice(), response.as_slice(), *at],
    );
}

/// The answer to an earlier request.
pub async fn find(
    tx: &mut Tx,
    principal: &str,
    method: &str,
    request_id: Uuid,
) -> Result<Option<Stored>, Error> {
    crate::row!(
        tx,
        "look up the request",
        Stored,
        "SELECT payload_hash, response
        FROM request_ledger
        WHERE principal = $1 AND method = $2 AND request_id = $3",
        principal,
        method,
        request_id
    )
}

/// Empties the answers since `since` that hold both texts, and what `principal` asked and was answered at `since` itself.
/// A repeat of such a request is a reuse of its id from then on: nothing happens twice, and nothing is told any more.
/// Gives the number of answers. It reads every answer since `since`.
pub async fn forget(
    tx: &mut Tx,
    (text, beside): (&str, &str),
    since: Timestamp,
    principal: &str,
) -> Result<u64, Error> {
    // The one function for this that each engine has.
    let holds = match tx.engine() {
        Engine::Sqlite => "instr(response, $1) > 0 AND instr(response, $6) > 0",
        Engine::Postgres => "position($1 IN response) > 0 AND position($6 IN response) > 0",
    };
    let sql = format!(
        "UPDATE request_ledger SET payload_hash = $2, response = $2
        WHERE at >= $3 AND (({holds}) OR (at = $3 AND (principal = $4 OR principal LIKE $5)))"
    );
    let nothing: &[u8] = &[];
    crate::execute!(
        tx,
        "forget answers",
        sql,
        text.as_bytes(),
        nothing,
        since,
        principal,
        format!("% for {principal}"),
        beside.as_bytes()
    )
}
