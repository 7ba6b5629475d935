//! Erasing texts. Their digests stay in the trail.

use kernel::{IssueId, NoteId, Timestamp};
use sqlx::FromRow;
use store::{Batch, Error, Tx, binds};
use uuid::Uuid;

use super::{
    chained::{Chain, Chains, Subject},
    search,
};
use crate::domain::{Event, NoteField, NoteRef, case, order};

/// The constraint that a second erasure of a text fails on.
pub(crate) const PRIMARY_KEY: &str = "note_erasure_pkey";

/// A text that is to be erased.
pub(crate) struct Doomed {
    /// The chain that holds its digest, and the place there.
    pub chain: Chain,
    pub seq: i64,
    /// What it is in its event.
    field: String,
    /// The one that the trail holds.
    pub digest: trail::Hash,
    /// `None`: it was erased before.
    pub body: Option<String>,
    /// When it was written, and who wrote it, as the request ledger names them.
    pub written_at: Timestamp,
    pub written_by: String,
    /// The issues that show it as their reply: its own, and those that were merged into it.
    pub replied: Vec<IssueId>,
}

/// That a text was erased.
#[derive(Debug, Clone)]
pub(crate) struct Erasure {
    pub note: NoteId,
    pub chain: Chain,
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
    subject_id: Uuid,
    seq: i64,
    event_id: Uuid,
    field: String,
    body: Option<String>,
    at: Timestamp,
    actor: String,
    payload: String,
}

/// Finds the text, whatever it belongs to. `None`: there is no such text.
pub(crate) async fn find(tx: &mut Tx, note: NoteId) -> Result<Option<Doomed>, Error> {
    for subject in Subject::ALL {
        let Chains { id, events, notes, .. } = subject.chains();
        let sql = format!(
            "SELECT {notes}.{id} AS subject_id, {notes}.seq AS seq, event_id, field, body, at, actor,
                CAST(payload AS TEXT) AS payload
            FROM {notes}
            JOIN {events} ON {events}.{id} = {notes}.{id} AND {events}.seq = {notes}.seq
            WHERE note_id = $1"
        );
        let Some(row) = store::row!(tx, "find the text", Row, sql, note.uuid())? else { continue };
        let Row { subject_id, seq, event_id, field, body, at, actor, payload } = row;
        let unreadable = || Error::unreadable(events, "payload", &event_id);
        let held = texts(subject, &payload).ok_or_else(unreadable)?;
        let held = held.into_iter().find(|held| held.note_id == note).ok_or_else(unreadable)?;
        return Ok(Some(Doomed {
            chain: Chain { subject, id: subject_id },
            seq,
            field,
            digest: held.digest,
            body,
            written_at: at,
            written_by: actor,
            replied: search::index::replied_with(tx, note).await?,
        }));
    }
    Ok(None)
}

/// The texts that an event refers to. `None`: it cannot be read.
fn texts(subject: Subject, payload: &str) -> Option<Vec<NoteRef>> {
    fn refs<F>(texts: Vec<(F, NoteRef)>) -> Vec<NoteRef> {
        texts.into_iter().map(|(_, text)| text).collect()
    }
    Some(match subject {
        Subject::Issue => refs(serde_json::from_str::<Event>(payload).ok()?.fact.notes()),
        Subject::Order => refs(serde_json::from_str::<order::Event>(payload).ok()?.fact.texts()),
        Subject::Case => refs(serde_json::from_str::<case::Event>(payload).ok()?.fact.texts()),
    })
}

/// Takes the text and its salt away, with whatever was made of it, and writes down that this was done.
pub(crate) fn erase(batch: &mut Batch, doomed: &Doomed, erasure: &Erasure) {
    if let Some(issue) = doomed.chain.issue() {
        if doomed.field == NoteField::Title.name() {
            batch.add_one(
                "erase the title",
                "UPDATE issue SET title = '' WHERE issue_id = $1",
                binds![issue.uuid()],
            );
        }
        search::index::erase(batch, issue, &doomed.field, &doomed.replied);
    }

    let Erasure { note, chain, seq, digest, basis, reference, by, at } = erasure;
    batch.add(
        "write the erasure down",
        "INSERT INTO note_erasure (note_id, subject, subject_id, seq, digest, basis, reference, erased_by, erased_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        binds![
            note.uuid(),
            chain.subject.name(),
            chain.id,
            *seq,
            digest.as_bytes().as_slice(),
            *basis,
            reference.as_str(),
            by.as_str(),
            *at
        ],
    );
    let notes = chain.subject.chains().notes;
    batch.add_one(
        "erase the text",
        format!("UPDATE {notes} SET body = NULL, salt = NULL WHERE note_id = $1"),
        binds![note.uuid()],
    );
}
