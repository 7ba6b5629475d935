//! The access log: who did what, was refused what, and took what out of the service.
//!
//! What was done is written in the transaction that did it. The table only grows: see [`crate::append_only`].

use uuid::Uuid;

use kernel::Timestamp;

use crate::{Batch, Error, Filter, Select, Tx, binds};

pub(crate) const TABLE: &str = "access_event";

/// One call, as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEvent {
    pub id: Uuid,
    pub at: Timestamp,
    /// Who called, as the request ledger names them.
    pub principal: String,
    /// What the caller's software says it is, with its address.
    pub client: String,
    /// `/package.Service/Method`.
    pub method: String,
    pub trace_id: String,
    pub outcome: Outcome,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It changed something; the request ledger has its answer.
    Done { request_id: Uuid },
    /// It was refused, for this reason of the contract.
    Denied { reason: String },
    /// It was given what leaves the service's care, as `attachment/019b…`.
    Disclosed { subject: String },
}

/// [`Outcome`] without its particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeKind {
    Done,
    Denied,
    Disclosed,
}

impl OutcomeKind {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Disclosed => "disclosed",
        }
    }
}

impl Outcome {
    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Done { .. } => OutcomeKind::Done,
            Self::Denied { .. } => OutcomeKind::Denied,
            Self::Disclosed { .. } => OutcomeKind::Disclosed,
        }
    }
}

/// Adds an entry to a unit of work.
pub fn append(batch: &mut Batch, event: AccessEvent) {
    let AccessEvent { id, at, principal, client, method, trace_id, outcome } = event;
    let word = outcome.kind().word();
    let (request_id, reason, subject) = match outcome {
        Outcome::Done { request_id } => (Some(request_id), String::new(), String::new()),
        Outcome::Denied { reason } => (None, reason, String::new()),
        Outcome::Disclosed { subject } => (None, String::new(), subject),
    };
    batch.add(
        "write to the access log",
        "INSERT INTO access_event (access_event_id, at, principal, client, method, outcome, reason, request_id,
            trace_id, subject)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        binds![id, at, principal, client, method, word, reason, request_id, trace_id, subject],
    );
}

/// Which entries are looked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Exactly this one.
    pub principal: Option<String>,
    /// Exactly this one.
    pub method: Option<String>,
    pub outcome: Option<OutcomeKind>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    access_event_id: Uuid,
    at: Timestamp,
    principal: String,
    client: String,
    method: String,
    outcome: String,
    reason: String,
    request_id: Option<Uuid>,
    trace_id: String,
    subject: String,
}

/// The newest entries first, at most `limit`; those before the one that stands there with this time and id.
pub async fn list(
    tx: &mut Tx,
    wanted: &Wanted,
    before: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<AccessEvent>, Error> {
    let Wanted { principal, method, outcome, from, until } = wanted;
    let mut select = Select::new(
        "SELECT access_event_id, at, principal, client, method, outcome, reason, request_id, trace_id, subject
        FROM access_event",
    )
    .filter_some("principal = ?", principal.as_deref())
    .filter_some("method = ?", method.as_deref())
    .filter_some("outcome = ?", outcome.map(OutcomeKind::word))
    .filter_some("at >= ?", *from)
    .filter_some("at < ?", *until);
    if let Some((at, id)) = before {
        select = select.filter_by(Filter::new("(at, access_event_id) < (?, ?)", [at.into(), id.into()]));
    }
    let rows = select
        .raw(" ORDER BY at DESC, access_event_id DESC")
        .limit(limit)
        .rows::<Row>(tx, "list the access log")
        .await?;
    rows.into_iter().map(read).collect()
}

fn read(row: Row) -> Result<AccessEvent, Error> {
    let Row {
        access_event_id: id,
        at,
        principal,
        client,
        method,
        outcome,
        reason,
        request_id,
        trace_id,
        subject,
    } = row;
    let outcome = match (outcome.as_str(), request_id) {
        ("done", Some(request_id)) => Outcome::Done { request_id },
        ("denied", None) => Outcome::Denied { reason },
        ("disclosed", None) => Outcome::Disclosed { subject },
        _ => return Err(Error::unreadable(TABLE, "outcome", &id)),
    };
    Ok(AccessEvent { id, at, principal, client, method, trace_id, outcome })
}
