//! What has to be done in the store of files: bytes that no file owns any more, and those that none ever owned.

use chrono::TimeDelta;
use kernel::{AttachmentId, Timestamp};
use store::{Batch, Error, Tx, binds};
use uuid::Uuid;

/// Notes that bytes will be written under a key. Until [`owned`] they are nobody's.
pub(crate) fn pending(batch: &mut Batch, key: &str, now: Timestamp) {
    batch.add(
        "note the key of a file",
        "INSERT INTO pending_blob (blob_key, since) VALUES ($1, $2)",
        binds![key, now],
    );
}

/// The bytes have an owner now; fails with a conflict when they were swept before.
pub(crate) fn owned(batch: &mut Batch, key: &str, since: Timestamp) {
    batch.add_one(
        "take over the key of a file",
        "DELETE FROM pending_blob WHERE blob_key = $1 AND since = $2",
        binds![key, since],
    );
}

/// Claims keys that are nobody's since `before`; until `now` is as long ago nobody else claims them.
pub(crate) async fn claim_pending(
    tx: &mut Tx,
    before: Timestamp,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let sql = format!(
        "UPDATE pending_blob
        SET since = $2
        WHERE blob_key IN (
            SELECT blob_key FROM pending_blob WHERE since <= $1 ORDER BY since LIMIT $3{}
        )
        RETURNING blob_key",
        tx.for_update_skip_locked()
    );
    let rows = store::rows!(tx, "claim what nobody owns", (String,), sql, before, now, limit)?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Nothing is under the key any more.
pub(crate) fn swept(batch: &mut Batch, key: &str, claimed_at: Timestamp) {
    batch.add(
        "forget the key of a file",
        "DELETE FROM pending_blob WHERE blob_key = $1 AND since = $2",
        binds![key, claimed_at],
    );
}

/// Bytes that are to be deleted.
#[derive(Debug, Clone)]
pub(crate) struct Erasure {
    pub attachment: AttachmentId,
    pub blob_key: String,
}

/// Claims files whose bytes are to go; nobody else claims them for the time of `lease`.
pub(crate) async fn claim_erasures(
    tx: &mut Tx,
    now: Timestamp,
    lease: TimeDelta,
    limit: i64,
) -> Result<Vec<Erasure>, Error> {
    let sql = format!(
        "UPDATE attachment
        SET erase_at = $2
        WHERE attachment_id IN (
            SELECT attachment_id FROM attachment WHERE erase_at <= $1 ORDER BY erase_at LIMIT $3{}
        )
        RETURNING attachment_id, blob_key",
        tx.for_update_skip_locked()
    );
    let rows = store::rows!(tx, "claim what is to be deleted", (Uuid, String), sql, now, now + lease, limit)?;
    Ok(rows
        .into_iter()
        .map(|(id, blob_key)| Erasure { attachment: AttachmentId::new(id), blob_key })
        .collect())
}

/// The bytes are gone.
pub(crate) fn erased(batch: &mut Batch, erasure: &Erasure, now: Timestamp) {
    batch.add(
        "note that a file was deleted",
        "UPDATE attachment SET erase_at = NULL, erased_at = COALESCE(erased_at, $2) WHERE attachment_id = $1",
        binds![erasure.attachment.uuid(), now],
    );
}
