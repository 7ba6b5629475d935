//! How often passwords were tried.

use kernel::Timestamp;
use store::{Batch, Error, Tx, binds};

use crate::domain::TryLimit;

/// Counts a try. `Err` inside: it is one too many, and the last counted one was then.
pub(crate) async fn count(
    tx: &mut Tx,
    digest: &[u8],
    limit: TryLimit,
    now: Timestamp,
) -> Result<Result<(), Timestamp>, Error> {
    // One statement, so that tries at the same time wait for each other's count.
    let sql = "INSERT INTO sign_in_try (login_digest, n_tries, last_try_at)
        VALUES ($1, 1, $2)
        ON CONFLICT (login_digest) DO UPDATE
        SET n_tries = CASE WHEN sign_in_try.last_try_at <= $3 THEN 1 ELSE sign_in_try.n_tries + 1 END,
            last_try_at = $2
        WHERE sign_in_try.last_try_at <= $3 OR sign_in_try.n_tries < $4
        RETURNING n_tries";
    let forgotten = limit.forgotten_until(now);
    let counted =
        store::row!(tx, "count the try", (i64,), sql, digest, now, forgotten, i64::from(limit.max_tries))?;
    if counted.is_some() {
        return Ok(Ok(()));
    }
    let sql = "SELECT last_try_at FROM sign_in_try WHERE login_digest = $1";
    Ok(Err(store::scalar!(tx, "get the last try", Timestamp, sql, digest)?))
}

/// Forgets the tries of whoever got in.
pub(crate) fn forget(batch: &mut Batch, digest: &[u8]) {
    let sql = "DELETE FROM sign_in_try WHERE login_digest = $1";
    batch.add("forget the tries", sql, binds![digest]);
}

/// Forgets counts that count no longer.
pub(crate) fn forget_old(batch: &mut Batch, limit: TryLimit, now: Timestamp) {
    let sql = "DELETE FROM sign_in_try WHERE last_try_at <= $1";
    batch.add("forget old tries", sql, binds![limit.forgotten_until(now)]);
}
