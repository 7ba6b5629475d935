//! The free texts of requests for orders and cases.

use kernel::{NoteId, Timestamp};
use rpc::Fields;
use trail::Sha256Ed25519;

use super::WorkflowRpc;
use crate::{domain::NoteRef, store::chained::NewText};

/// Takes the texts out of a request, and puts a salted digest in the place of each.
#[derive(Debug)]
pub(super) struct NewTexts<'a> {
    rpc: &'a WorkflowRpc,
    /// The moment of the whole step.
    pub now: Timestamp,
    written: Vec<NewText>,
}

impl<'a> NewTexts<'a> {
    pub fn new(rpc: &'a WorkflowRpc) -> Self {
        Self { rpc, now: rpc.clock.now(), written: Vec::new() }
    }

    /// A text of 1 to `max` characters.
    pub fn take(&mut self, f: &mut Fields, name: &str, raw: &str, max: usize) -> Option<NoteRef> {
        f.text(name, raw, 1, max).map(|body| self.write(body))
    }

    /// The same, where the text may be left empty.
    pub fn take_optional(&mut self, f: &mut Fields, name: &str, raw: &str, max: usize) -> Option<NoteRef> {
        if raw.trim().is_empty() { None } else { self.take(f, name, raw, max) }
    }

    /// A text that was looked through before.
    pub fn write(&mut self, body: String) -> NoteRef {
        let salt: [u8; 16] = rand::random();
        let note = NoteRef {
            note_id: NoteId::new(self.rpc.ids.uuid(self.now)),
            digest: trail::digest_text(&Sha256Ed25519, &salt, &body),
        };
        self.written.push(NewText { note, salt, body });
        note
    }

    pub fn written(&self) -> &[NewText] {
        &self.written
    }
}
