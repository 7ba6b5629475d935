//! Free text, kept beside the trail.

use kernel::IssueId;
use store::{Batch, binds};

use crate::domain::{Event, NoteField, NoteRef};

/// A text that was just written.
#[derive(Clone)]
pub(crate) struct NewNote {
    pub note: NoteRef,
    pub field: NoteField,
    pub salt: [u8; 16],
    pub body: String,
}

impl std::fmt::Debug for NewNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewNote")
            .field("note", &self.note)
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

/// A text that was just written; empty if it was written before.
pub(super) fn body(written: &[NewNote], note: NoteRef) -> &str {
    written.iter().find(|new| new.note == note).map_or("", |new| new.body.as_str())
}

/// Inserts the texts that belong to an event.
pub(super) fn insert(batch: &mut Batch, issue: IssueId, event: &Event, written: &[NewNote]) {
    for (_, note) in event.fact.notes() {
        for NewNote { note, field, salt, body } in written.iter().filter(|new| new.note == note) {
            batch.add(
                "insert the text",
                "INSERT INTO note (note_id, issue_id, seq, field, salt, body) VALUES ($1, $2, $3, $4, $5, $6)",
                binds![
                    note.note_id.uuid(),
                    issue.uuid(),
                    event.version.number(),
                    field.name(),
                    salt.as_slice(),
                    body
                ],
            );
        }
    }
}
