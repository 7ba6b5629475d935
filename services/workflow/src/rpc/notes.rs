//! The free texts of a request.

use kernel::{NoteId, Timestamp};
use rpc::Fields;
use trail::Sha256Ed25519;

use super::WorkflowRpc;
use crate::{
    domain::{Issue, NoteField, NoteRef},
    store::{issues::Texts, notes::NewNote},
};

/// Takes the texts out of a request, and puts a salted digest in the place of each.
#[derive(Debug)]
pub(super) struct Notes<'a> {
    rpc: &'a WorkflowRpc,
    /// The moment of the whole step.
    pub now: Timestamp,
    written: Vec<NewNote>,
}

impl<'a> Notes<'a> {
    pub fn new(rpc: &'a WorkflowRpc) -> Self {
        Self { rpc, now: rpc.clock.now(), written: Vec::new() }
    }

    /// A text of 1 to `max` characters.
    pub fn take(
        &mut self,
        f: &mut Fields,
        (name, field): (&str, NoteField),
        raw: &str,
        max: usize,
    ) -> Option<NoteRef> {
        let body = f.text(name, raw, 1, max)?;
        Some(self.write(field, body))
    }

    /// The same, where the text may be left empty.
    pub fn take_optional(
        &mut self,
        f: &mut Fields,
        named: (&str, NoteField),
        raw: &str,
        max: usize,
    ) -> Option<NoteRef> {
        if raw.trim().is_empty() { None } else { self.take(f, named, raw, max) }
    }

    fn write(&mut self, field: NoteField, body: String) -> NoteRef {
        let salt: [u8; 16] = rand::random();
        let note = NoteRef {
            note_id: NoteId::new(self.rpc.ids.uuid(self.now)),
            digest: trail::digest_text(&Sha256Ed25519, &salt, &body),
        };
        self.written.push(NewNote { note, field, salt, body });
        note
    }

    /// A text that was checked already.
    pub fn keep(&mut self, field: NoteField, body: String) -> NoteRef {
        self.write(field, body)
    }

    pub fn written(&self) -> &[NewNote] {
        &self.written
    }

    /// The texts that are shown with the issue after the step: those from before, unless the step wrote them.
    pub fn texts(&self, issue: &Issue, before: Texts) -> Texts {
        let Texts { title, description, reply, legal_basis } = before;
        let text = |note: Option<NoteRef>, before| match note {
            None => String::new(),
            Some(note) => {
                let new = self.written.iter().find(|new| new.note == note);
                new.map_or(before, |new| new.body.clone())
            }
        };
        Texts {
            title: text(Some(issue.title), title),
            description: text(Some(issue.description), description),
            reply: text(issue.reply().map(|reply| reply.text), reply),
            legal_basis: text(issue.reply().and_then(|reply| reply.legal_basis), legal_basis),
        }
    }
}
