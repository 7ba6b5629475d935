//! Chains of events of orders and cases: append-only tables of one form, each event with its link.

use std::collections::HashMap;

use kernel::{EventId, Timestamp};
use sqlx::FromRow;
use store::{Batch, Error, Filter, Select, Tx, binds};
use trail::{Entry, Link, Sha256Ed25519, Value, chain::GENESIS};
use uuid::Uuid;

use crate::domain::NoteRef;

/// Where the chains of a kind of subjects are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chains {
    /// The kind of subject, as the name of a chain begins: `order/019b…`.
    pub subject: &'static str,
    pub id: &'static str,
    pub events: &'static str,
    pub notes: &'static str,
}

pub(crate) const ORDERS: Chains =
    Chains { subject: "order", id: "order_id", events: "order_event", notes: "order_note" };
pub(crate) const CASES: Chains =
    Chains { subject: "case", id: "case_id", events: "case_event", notes: "case_note" };

/// An event that is to be chained.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    pub event_id: EventId,
    pub seq: i64,
    pub kind: &'static str,
    pub at: Timestamp,
    pub actor: String,
    pub on_behalf_of: Option<String>,
    pub payload: serde_json::Value,
    /// State of the subject after it.
    pub state: &'static str,
    /// Its texts, each with the field that it is.
    pub texts: Vec<(&'static str, NoteRef)>,
}

/// A text that was just written.
#[derive(Clone)]
pub(crate) struct NewText {
    pub note: NoteRef,
    pub salt: [u8; 16],
    pub body: String,
}

impl std::fmt::Debug for NewText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewText").field("note", &self.note).finish_non_exhaustive()
    }
}

impl Chains {
    /// The name of a subject's chain, which is also the subject of its events.
    pub(crate) fn name(self, id: Uuid) -> String {
        format!("{}/{id}", self.subject)
    }

    /// Gives each event its link, after `last`; the links before and after each.
    pub(crate) fn link(
        self,
        id: Uuid,
        last: Option<Link>,
        events: &[NewEvent],
        client: &str,
    ) -> Vec<(Link, Link)> {
        let mut prev = last.unwrap_or(GENESIS);
        events
            .iter()
            .map(|event| {
                let before = prev;
                prev = trail::chain::append(&Sha256Ed25519, prev, &self.entry(id, event, client));
                (before, prev)
            })
            .collect()
    }

    fn entry(self, id: Uuid, event: &NewEvent, client: &str) -> Entry {
        Entry {
            chain: self.name(id),
            seq: event.seq.cast_unsigned(),
            id: event.event_id.to_string(),
            time_micros: event.at.timestamp_micros(),
            actor: event.actor.clone(),
            on_behalf_of: event.on_behalf_of.clone(),
            client: client.to_owned(),
            action: event.kind.to_owned(),
            payload: Value::try_from(event.payload.clone()).expect("events have no fractions and are flat"),
        }
    }

    /// Puts events and the texts that they refer to into a unit of work; the row of the subject goes before.
    pub(crate) fn append(
        self,
        batch: &mut Batch,
        id: Uuid,
        events: Vec<NewEvent>,
        links: &[(Link, Link)],
        written: &[NewText],
        client: &str,
    ) {
        for (event, (prev, link)) in events.into_iter().zip(links) {
            let NewEvent { event_id, seq, kind, at, actor, on_behalf_of, payload, state, texts } = event;
            let sql = format!(
                "INSERT INTO {} ({}, seq, event_id, kind, at, actor, on_behalf_of, client, payload, state, prev, link)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                self.events, self.id
            );
            batch.add(
                "append the event",
                sql,
                binds![
                    id,
                    seq,
                    event_id.uuid(),
                    kind,
                    at,
                    actor,
                    on_behalf_of,
                    client,
                    payload,
                    state,
                    prev.as_bytes().as_slice(),
                    link.as_bytes().as_slice()
                ],
            );
            for (field, note) in texts {
                for NewText { note, salt, body } in written.iter().filter(|text| text.note == note) {
                    let sql = format!(
                        "INSERT INTO {} (note_id, {}, seq, field, salt, body) VALUES ($1, $2, $3, $4, $5, $6)",
                        self.notes, self.id
                    );
                    let values = binds![note.note_id.uuid(), id, seq, field, salt.as_slice(), body];
                    batch.add("insert the text", sql, values);
                }
            }
        }
    }

    /// The whole chain of a subject, oldest first.
    pub(crate) async fn steps(self, tx: &mut Tx, id: Uuid) -> Result<Vec<Step>, Error> {
        let sql = format!(
            "SELECT seq, event_id, kind, at, actor, on_behalf_of, client, CAST(payload AS TEXT) AS payload, state,
                prev, link
            FROM {}
            WHERE {} = $1
            ORDER BY seq",
            self.events, self.id
        );
        store::rows!(tx, "read the chain", Step, sql, id)
    }

    /// The texts of a subject's steps from `from` to `to`, both included; `body` is absent once it was erased.
    pub(crate) async fn texts(
        self,
        tx: &mut Tx,
        id: Uuid,
        from: i64,
        to: i64,
    ) -> Result<Vec<StepText>, Error> {
        let sql = format!(
            "SELECT note_id, seq, field, body FROM {} WHERE {} = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq, field",
            self.notes, self.id
        );
        store::rows!(tx, "read the texts of the chain", StepText, sql, id, from, to)
    }

    /// The texts with these ids, as far as they were not erased.
    pub(crate) async fn bodies(
        self,
        tx: &mut Tx,
        notes: impl IntoIterator<Item = NoteRef>,
    ) -> Result<HashMap<Uuid, String>, Error> {
        let rows = Select::new(format!("SELECT note_id, body FROM {} WHERE body IS NOT NULL", self.notes))
            .filter_by(Filter::in_list("note_id", notes.into_iter().map(|note| note.note_id.uuid())))
            .rows::<(Uuid, String)>(tx, "read the texts")
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// The first place of a chain that does not follow from what is before it; `last` is the link that the row of the
    /// subject ends with. `None`: the chain is unbroken.
    pub(crate) fn broken_at(self, id: Uuid, steps: &[Step], last: Link) -> Option<i64> {
        let mut prev = GENESIS;
        for (seq, step) in (1..).zip(steps) {
            let link = step.entry(self, id).map(|entry| trail::chain::append(&Sha256Ed25519, prev, &entry));
            let stored = Link::try_from(step.link.as_slice()).ok();
            if step.seq != seq || link.is_none() || link != stored || step.prev.as_slice() != prev.as_bytes()
            {
                return Some(seq);
            }
            prev = stored.unwrap_or(prev);
        }
        // What was cut off at the end shows in the row alone.
        (prev != last).then(|| i64::try_from(steps.len()).unwrap_or(i64::MAX).saturating_add(1))
    }
}

/// One step of a chain, as the table holds it.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Step {
    pub seq: i64,
    pub event_id: Uuid,
    pub kind: String,
    pub at: Timestamp,
    pub actor: String,
    pub on_behalf_of: Option<String>,
    pub client: String,
    pub payload: String,
    pub state: String,
    pub prev: Vec<u8>,
    pub link: Vec<u8>,
}

impl Step {
    /// `None`: the payload cannot be read.
    fn entry(&self, chains: Chains, id: Uuid) -> Option<Entry> {
        let payload: serde_json::Value = serde_json::from_str(&self.payload).ok()?;
        Some(Entry {
            chain: chains.name(id),
            seq: self.seq.cast_unsigned(),
            id: self.event_id.to_string(),
            time_micros: self.at.timestamp_micros(),
            actor: self.actor.clone(),
            on_behalf_of: self.on_behalf_of.clone(),
            client: self.client.clone(),
            action: self.kind.clone(),
            payload: Value::try_from(payload).ok()?,
        })
    }
}

/// A text of a step.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct StepText {
    pub note_id: Uuid,
    pub seq: i64,
    pub field: String,
    pub body: Option<String>,
}
