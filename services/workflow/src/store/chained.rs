//! Chains of events: whose there are, and what is the same for those of orders and cases, whose append-only tables are of
//! one form, each event with its link.

use std::{collections::HashMap, fmt, str::FromStr};

use kernel::{EventId, IssueId, Origin, Timestamp};
use sqlx::FromRow;
use store::{Batch, Error, Filter, Select, Tx, binds};
use trail::{Entry, Link, Sha256Ed25519, Value, chain::GENESIS};
use uuid::Uuid;

use super::addresses;
use crate::domain::{NoteRef, UnknownName};

/// What has a chain of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Issue,
    Order,
    Case,
}

impl Subject {
    pub(crate) const ALL: [Self; 3] = [Self::Issue, Self::Order, Self::Case];

    /// As the name of a chain begins: `order/019b…`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Order => "order",
            Self::Case => "case",
        }
    }

    pub(crate) const fn chains(self) -> Chains {
        match self {
            Self::Issue => ISSUES,
            Self::Order => ORDERS,
            Self::Case => CASES,
        }
    }
}

impl FromStr for Subject {
    type Err = UnknownName;

    fn from_str(word: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|subject| subject.name() == word)
            .ok_or_else(|| UnknownName { kind: "Subject", word: word.to_owned() })
    }
}

/// The chain of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chain {
    pub subject: Subject,
    pub id: Uuid,
}

impl Chain {
    pub(crate) fn of_issue(id: IssueId) -> Self {
        Self { subject: Subject::Issue, id: id.uuid() }
    }

    /// The issue whose chain it is.
    pub(crate) fn issue(self) -> Option<IssueId> {
        (self.subject == Subject::Issue).then(|| IssueId::new(self.id))
    }

    /// The chain of that name. `None`: no chain is called so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let (subject, id) = name.split_once('/')?;
        let chain = Self { subject: subject.parse().ok()?, id: id.parse().ok()? };
        // An id has one way to be written.
        (chain.to_string() == name).then_some(chain)
    }
}

/// Its name.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.subject.name(), self.id)
    }
}

/// Where the chains of a kind of subjects are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chains {
    pub subject: Subject,
    /// The table of the subjects, each with the number of its events and its last link.
    pub subjects: &'static str,
    pub id: &'static str,
    pub events: &'static str,
    pub notes: &'static str,
}

pub(crate) const ISSUES: Chains = Chains {
    subject: Subject::Issue,
    subjects: "issue",
    id: "issue_id",
    events: "issue_event",
    notes: "note",
};
pub(crate) const ORDERS: Chains = Chains {
    subject: Subject::Order,
    subjects: "service_order",
    id: "order_id",
    events: "order_event",
    notes: "order_note",
};
pub(crate) const CASES: Chains = Chains {
    subject: Subject::Case,
    subjects: "excellent_case",
    id: "case_id",
    events: "case_event",
    notes: "case_note",
};

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
        Chain { subject: self.subject, id }.to_string()
    }

    /// Gives each event its link, after `last`; the links before and after each.
    pub(crate) fn link(
        self,
        id: Uuid,
        last: Option<Link>,
        events: &[NewEvent],
        client: &Origin,
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

    /// With the program that the event came from, and no address.
    fn entry(self, id: Uuid, event: &NewEvent, client: &Origin) -> Entry {
        Entry {
            chain: self.name(id),
            seq: event.seq.cast_unsigned(),
            id: event.event_id.to_string(),
            time_micros: event.at.timestamp_micros(),
            actor: event.actor.clone(),
            on_behalf_of: event.on_behalf_of.clone(),
            client: client.program.clone().into_owned(),
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
        client: &Origin,
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
                    client.program.as_ref(),
                    payload,
                    state,
                    prev.as_bytes().as_slice(),
                    link.as_bytes().as_slice()
                ],
            );
            addresses::insert(batch, event_id.uuid(), client);
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
            "SELECT seq, {events}.event_id, kind, at, actor, on_behalf_of, client, address,
                CAST(payload AS TEXT) AS payload, state, prev, link
            FROM {events}
            LEFT JOIN client_address ON client_address.event_id = {events}.event_id
            WHERE {} = $1
            ORDER BY seq",
            self.id,
            events = self.events
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
    /// No part of the entry.
    pub address: Option<String>,
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
