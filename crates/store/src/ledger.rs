//! The request ledger: what was answered to a mutation, so that its repeat has no second effect.
//!
//! The row is written in the same transaction as the effect. A repeat fails on [`PRIMARY_KEY`], and is then
//! answered with what [`find`] gives.

use uuid::Uuid;

use kernel::Timestamp;

use crate::{Batch, Error, Tx, binds};

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
