//! The outbox: events wait here for their readers, written in the transaction of what they tell of.
//!
//! Sequence order is not commit order. A reader of PostgreSQL goes by (transaction id, sequence) and only up to the
//! oldest transaction still open: whatever appears later lies behind that horizon, so nothing is passed over.
//! SQLite has one writer, and its sequence is its commit order. Transaction ids mean nothing in another cluster:
//! a logical copy (`pg_dump`) of an outbox cannot be read on from old positions, a physical one can.

use std::{collections::HashMap, fmt, str::FromStr};

use uuid::Uuid;

use kernel::Timestamp;

use crate::{Batch, Engine, Error, Filter, Select, Tx, binds};

/// Where a reader stands: after the event that this is the position of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// PostgreSQL's transaction id; 0 on SQLite.
    xid: u64,
    seq: u64,
}

impl Position {
    /// Before the first event.
    pub const START: Self = Self { xid: 0, seq: 0 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.xid, self.seq)
    }
}

/// Text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position of an event feed")]
pub struct InvalidPosition;

impl FromStr for Position {
    type Err = InvalidPosition;

    /// Takes only what `Display` gives: one position has one spelling.
    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (xid, seq) = text.split_once('.').ok_or(InvalidPosition)?;
        let number = |text: &str| text.parse::<u64>().ok().filter(|number| i64::try_from(*number).is_ok());
        let position =
            Self { xid: number(xid).ok_or(InvalidPosition)?, seq: number(seq).ok_or(InvalidPosition)? };
        if position.to_string() == text { Ok(position) } else { Err(InvalidPosition) }
    }
}

/// One event, as it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    pub event_id: Uuid,
    /// The payload's full message name.
    pub r#type: String,
    /// The aggregate, as in `issue/<id>`.
    pub subject: String,
    /// The aggregate's version after the event.
    pub subject_version: i64,
    pub time: Timestamp,
    /// W3C trace context of the call that caused it; may be empty.
    pub traceparent: String,
    /// The encoded payload.
    pub data: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Read {
    xid: i64,
    seq: i64,
    event_id: Uuid,
    r#type: String,
    subject: String,
    subject_version: i64,
    time: Timestamp,
    traceparent: String,
    data: Vec<u8>,
}

/// Adds an event to a unit of work. The events of one batch keep the order in which they were added.
pub fn append(batch: &mut Batch, row: OutboxRow) {
    let OutboxRow { event_id, r#type, subject, subject_version, time, traceparent, data } = row;
    batch.add_outbox(
        "append to the outbox",
        "INSERT INTO outbox (event_id, type, subject, subject_version, time, traceparent, data)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
        binds![event_id, r#type, subject, subject_version, time, traceparent, data],
    );
}

/// The next events after a position, at most `limit`, in commit order.
pub async fn read_after(
    tx: &mut Tx,
    after: &Position,
    limit: u32,
) -> Result<Vec<(Position, OutboxRow)>, Error> {
    let doing = "read the outbox";
    let rows = match tx.engine() {
        Engine::Sqlite => crate::rows!(
            tx,
            doing,
            Read,
            "SELECT 0 AS xid, seq, event_id, type, subject, subject_version, time, traceparent, data
            FROM outbox
            WHERE seq > $1
            ORDER BY seq
            LIMIT $2",
            after.seq.cast_signed(),
            limit
        ),
        Engine::Postgres => crate::rows!(
            tx,
            doing,
            Read,
            "SELECT CAST(CAST(xid AS TEXT) AS BIGINT) AS xid, seq, event_id, type, subject, subject_version, time,
                traceparent, data
            FROM outbox
            WHERE (xid, seq) > (CAST($1 AS xid8), $2) AND xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY outbox.xid, outbox.seq
            LIMIT $3",
            after.xid.to_string(),
            after.seq.cast_signed(),
            limit
        ),
    }?;
    Ok(rows.into_iter().map(Read::positioned).collect())
}

/// Where these events stand; those that the outbox does not have are left out.
pub async fn positions_of(tx: &mut Tx, event_ids: &[Uuid]) -> Result<HashMap<Uuid, Position>, Error> {
    let sql = match tx.engine() {
        Engine::Sqlite => "SELECT event_id, CAST(0 AS BIGINT), seq FROM outbox",
        Engine::Postgres => "SELECT event_id, CAST(CAST(xid AS TEXT) AS BIGINT), seq FROM outbox",
    };
    let rows = Select::new(sql)
        .filter_by(Filter::in_list("event_id", event_ids.iter().copied()))
        .rows::<(Uuid, i64, i64)>(tx, "find events in the outbox")
        .await?;
    let at = |(event_id, xid, seq): (Uuid, i64, i64)| {
        (event_id, Position { xid: xid.cast_unsigned(), seq: seq.cast_unsigned() })
    };
    Ok(rows.into_iter().map(at).collect())
}

/// The position of the newest event there is. While another transaction is open, [`read_after`] may not give it yet.
pub async fn last(tx: &mut Tx) -> Result<Position, Error> {
    let doing = "find the outbox's last event";
    let row = match tx.engine() {
        Engine::Sqlite => {
            let sql = "SELECT CAST(0 AS BIGINT), seq FROM outbox ORDER BY seq DESC LIMIT 1";
            crate::row!(tx, doing, (i64, i64), sql)
        }
        Engine::Postgres => crate::row!(
            tx,
            doing,
            (i64, i64),
            "SELECT CAST(CAST(xid AS TEXT) AS BIGINT), seq
            FROM outbox
            ORDER BY outbox.xid DESC, outbox.seq DESC
            LIMIT 1"
        ),
    }?;
    Ok(row.map_or(Position::START, |(xid, seq)| Position {
        xid: xid.cast_unsigned(),
        seq: seq.cast_unsigned(),
    }))
}

/// The position of the newest event that [`read_after`] would give: where a reader begins who wants no history.
pub async fn head(tx: &mut Tx) -> Result<Position, Error> {
    let doing = "find the outbox's head";
    let row = match tx.engine() {
        Engine::Sqlite => {
            let sql = "SELECT CAST(0 AS BIGINT), seq FROM outbox ORDER BY seq DESC LIMIT 1";
            crate::row!(tx, doing, (i64, i64), sql)
        }
        Engine::Postgres => crate::row!(
            tx,
            doing,
            (i64, i64),
            "SELECT CAST(CAST(xid AS TEXT) AS BIGINT), seq
            FROM outbox
            WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY outbox.xid DESC, outbox.seq DESC
            LIMIT 1"
        ),
    }?;
    Ok(row.map_or(Position::START, |(xid, seq)| Position {
        xid: xid.cast_unsigned(),
        seq: seq.cast_unsigned(),
    }))
}

/// Whether nothing that follows the position was pruned, and the position was ever reached: whether a reader who
/// stands there can read on without a gap.
pub async fn follows_on(tx: &mut Tx, from: &Position) -> Result<bool, Error> {
    let doing = "find out whether the outbox reaches back";
    let (xid, seq) = (from.xid.to_string(), from.seq.cast_signed());
    if *from == Position::START {
        return crate::scalar!(tx, doing, bool, "SELECT COALESCE(MIN(seq), 1) <= 1 FROM outbox");
    }
    let reaches_back = match tx.engine() {
        Engine::Sqlite => {
            crate::scalar!(tx, doing, bool, "SELECT EXISTS (SELECT 1 FROM outbox WHERE seq <= $1)", seq)
        }
        Engine::Postgres => crate::scalar!(
            tx,
            doing,
            bool,
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE (xid, seq) <= (CAST($1 AS xid8), $2))",
            xid,
            seq
        ),
    }?;
    Ok(reaches_back && *from <= last(tx).await?)
}

impl Read {
    fn positioned(self) -> (Position, OutboxRow) {
        let Self { xid, seq, event_id, r#type, subject, subject_version, time, traceparent, data } = self;
        let position = Position { xid: xid.cast_unsigned(), seq: seq.cast_unsigned() };
        (position, OutboxRow { event_id, r#type, subject, subject_version, time, traceparent, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_has_one_spelling() {
        for text in ["0.0", "0.17", "733.9", "9223372036854775807.9223372036854775807"] {
            assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        }
        for text in
            ["", "1", ".", "1.", ".1", "01.1", "1.+1", "-1.1", "1.1.1", " 1.1", "1.9223372036854775808"]
        {
            assert_eq!(text.parse::<Position>(), Err(InvalidPosition), "{text}");
        }
    }

    #[test]
    fn positions_go_by_transaction_first() {
        let position = |text: &str| text.parse::<Position>().unwrap();
        assert!(position("9.100") < position("10.1"));
        assert!(position("10.9") < position("10.10"));
        assert!(Position::START < position("0.1"));
    }
}
