//! Erasing texts. Their digests stay in the trail.

use kernel::{IssueId, NoteId, Timestamp};
use sqlx::FromRow;
use store::{Batch, Error, Tx, binds};
use uuid::Uuid;

use super::{issues::read_fold, search};
use crate::domain::{Event, Issue};

/// The constraint that a second erasure of a text fails on.
pub(crate) const PRIMARY_KEY: &str = "note_erasure_pkey";

/// A text that is to be erased.
pub(crate) struct Doomed {
    pub issue: Issue,
    pub seq: i64,
    /// The one that the trail holds.
    pub digest: trail::Hash,
    /// `None`: it was erased before.
    pub body: Option<String>,
    /// When it was written, and who wrote it, as the request ledger names them.
    pub written_at: Timestamp,
    pub written_by: String,
}

/// That a text was erased.
#[derive(Debug, Clone)]
pub(crate) struct Erasure {
    pub note: NoteId,
    pub issue: IssueId,
    pub seq: i64,
    pub digest: trail::Hash,
    /// A word of the contract.
    pub basis: &'static str,
    pub reference: String,
    /// As `account:019b…`.
    pub by: String,
    pub at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    issue_id: Uuid,
    seq: i64,
    event_id: Uuid,
    body: Option<String>,
    at: Timestamp,
    actor: String,
    payload: String,
    fold: String,
}

/// Finds the text. `None`: there is no such text.
pub(crate) async fn find(tx: &mut Tx, note: NoteId) -> Result<Option<Doomed>, Error> {
    let row = store::row!(
        tx,
        "find the text",
        Row,
        "SELECT note.issue_id, note.seq, event_id, body, at, actor, CAST(payload AS TEXT) AS payload,
            CAST(issue.fold AS TEXT) AS fold
        FROM note
        JOIN issue_event ON issue_event.issue_id = note.issue_id AND issue_event.seq = note.seq
        JOIN issue ON issue.issue_id = note.issue_id
        WHERE note_id = $1",
        note.uuid()
    )?;
    let Some(row) = row else { return Ok(None) };
    let unreadable = || Error::unreadable("issue_event", "payload", &row.event_id);
    let event: Event = serde_json::from_str(&row.payload).map_err(|_| unreadable())?;
    let notes = event.fact.notes();
    let (_, held) = notes.iter().find(|(_, held)| held.note_id == note).ok_or_else(unreadable)?;
    Ok(Some(Doomed {
        issue: read_fold(row.issue_id, &row.fold)?,
        seq: row.seq,
        digest: held.digest,
        body: row.body,
        written_at: row.at,
        written_by: row.actor,
    }))
}

/// Takes the text of the issue and its salt away, with whatever was made of it, and writes down that this was done.
pub(crate) fn erase(batch: &mut Batch, issue: &Issue, erasure: &Erasure) {
    if issue.title.note_id == erasure.note {
        batch.add_one(
            "erase the title",
            "UPDATE issue SET title = '' WHERE issue_id = $1",
            binds![issue.id.uuid()],
        );
    }
    search::index::erase(batch, issue, erasure.note);

    let Erasure { note, issue, seq, digest, basis, reference, by, at } = erasure;
    batch.add(
        "write the erasure down",
        "INSERT INTO note_erasure (note_id, issue_id, seq, digest, basis, reference, erased_by, erased_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        binds![
            note.uuid(),
            issue.uuid(),
            *seq,
            digest.as_bytes().as_slice(),
            *basis,
            reference.as_str(),
            by.as_str(),
            *at
        ],
    );
    batch.add_one(
        "erase the text",
        "UPDATE note SET body = NULL, salt = NULL WHERE note_id = $1",
        binds![note.uuid()],
    );
}
