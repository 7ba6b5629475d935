//! One at a time counts, and adds to what was counted.

use kernel::Timestamp;
use store::{Error, Tx};
use uuid::Uuid;

/// Waits until nobody else counts for `subject`, and holds the place until the transaction ends.
pub(super) async fn pass(tx: &mut Tx, subject: Uuid, now: Timestamp) -> Result<(), Error> {
    store::execute!(
        tx,
        "wait for one's turn to count",
        "INSERT INTO count_gate (subject, passed_at)
        VALUES ($1, $2)
        ON CONFLICT (subject) DO UPDATE
        SET passed_at = excluded.passed_at",
        subject,
        now
    )
    .map(drop)
}
