//! Alarms that the working calendar ends.

use chrono::NaiveDate;
use kernel::Timestamp;
use store::{Batch, Error, Tx, binds};

/// How often an alarm was raised so far, and whether it was on this day.
pub(crate) async fn raised(tx: &mut Tx, day: NaiveDate) -> Result<(i64, bool), Error> {
    let row = store::row!(
        tx,
        "look for alarms of the calendar",
        (i64, i64),
        "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN day = $1 THEN 1 ELSE 0 END), 0) AS BIGINT)
        FROM calendar_alarm",
        day
    )?;
    Ok(row.map_or((0, false), |(n, today)| (n, 0 < today)))
}

/// Fails with `calendar_alarm_pkey` if one was raised on that day.
pub(crate) fn insert(
    batch: &mut Batch,
    day: NaiveDate,
    calendar_version: &str,
    last_date: NaiveDate,
    at: Timestamp,
) {
    batch.add(
        "raise the alarm of the calendar",
        "INSERT INTO calendar_alarm (day, calendar_version, last_date, raised_at) VALUES ($1, $2, $3, $4)",
        binds![day, calendar_version, last_date, at],
    );
}
