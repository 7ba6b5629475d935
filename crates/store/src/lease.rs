//! Leases: of several replicas, one holds each at a time, as long as their clocks agree to within the time that a
//! holder leaves between its last renewal and the lease's end.

use chrono::TimeDelta;

use kernel::Timestamp;

use crate::{Db, Error};

/// Takes a lease that is free, has run out, or is the holder's own already. `true`: held until `now + ttl`.
pub async fn acquire(
    db: &Db,
    name: &str,
    holder: &str,
    now: Timestamp,
    ttl: TimeDelta,
) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let n_rows = crate::execute!(
        &mut tx,
        "acquire a lease",
        "INSERT INTO lease (name, holder, expires_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE
        SET holder = excluded.holder, expires_at = excluded.expires_at
        WHERE lease.holder = excluded.holder OR lease.expires_at <= $4",
        name,
        holder,
        now + ttl,
        now
    )?;
    tx.commit().await?;
    Ok(n_rows == 1)
}

/// Prolongs a lease that is still held. `false`: it was lost, and may be another's.
pub async fn renew(db: &Db, name: &str, holder: &str, now: Timestamp, ttl: TimeDelta) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let n_rows = crate::execute!(
        &mut tx,
        "renew a lease",
        "UPDATE lease SET expires_at = $3 WHERE name = $1 AND holder = $2 AND expires_at > $4",
        name,
        holder,
        now + ttl,
        now
    )?;
    tx.commit().await?;
    Ok(n_rows == 1)
}

/// Gives a lease back before its time; one that is another's stays as it is.
pub async fn release(db: &Db, name: &str, holder: &str) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    crate::execute!(
        &mut tx,
        "release a lease",
        "DELETE FROM lease WHERE name = $1 AND holder = $2",
        name,
        holder
    )?;
    tx.commit().await
}
