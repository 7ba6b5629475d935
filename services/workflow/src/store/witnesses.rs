//! How far each address has come that heads are sent to.

use kernel::Timestamp;
use sqlx::FromRow;
use store::{Error, Tx};

/// Where an address stands.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Standing {
    /// Entries covered by the last head that it took.
    pub size: i64,
    /// Tries since then that failed.
    pub n_failed: i64,
    pub last_error: Option<String>,
    pub next_try_at: Timestamp,
}

/// `None`: nothing was ever sent there.
pub(crate) async fn standing(tx: &mut Tx, witness: &str) -> Result<Option<Standing>, Error> {
    store::row!(
        tx,
        "look where a witness stands",
        Standing,
        "SELECT size, n_failed, last_error, next_try_at FROM trail_witness WHERE witness = $1",
        witness
    )
}

/// Writes where it stands now. A replica that has come further meanwhile is not set back.
pub(crate) async fn save(tx: &mut Tx, witness: &str, now: &Standing) -> Result<(), Error> {
    let Standing { size, n_failed, last_error, next_try_at } = now;
    store::execute!(
        tx,
        "write where a witness stands",
        "INSERT INTO trail_witness (witness, size, n_failed, last_error, next_try_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (witness) DO UPDATE
        SET size = excluded.size, n_failed = excluded.n_failed, last_error = excluded.last_error,
            next_try_at = excluded.next_try_at
        WHERE trail_witness.size <= excluded.size",
        witness,
        *size,
        *n_failed,
        last_error.as_deref(),
        *next_try_at
    )?;
    Ok(())
}
