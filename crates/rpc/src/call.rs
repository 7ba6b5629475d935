//! What a handler knows of the call that it serves.

use std::{sync::Arc, time::Instant};

use access::{Caller, Facts, MethodRule, Scope};
use kernel::{IdGen, Origin, PageKey, RequestId, Timestamp};
use prost::Message;
use sha2::{Digest as _, Sha256};
use store::{
    Batch,
    access_events::{self, AccessEvent, Outcome},
    ledger::LedgerRow,
};

use crate::{error::Refusal, incoming::Digest, limits::Permit, parse::Fields, trace::TraceContext};

/// The call that a handler serves: who calls, by which rule, until when.
#[derive(Debug, Clone)]
pub struct Call {
    pub caller: Caller,
    /// When the caller's token ends; `None` without one. A stream may not outlive it.
    pub expires_at: Option<Timestamp>,
    /// The person or client for whom a service calls; its token was checked here too.
    pub on_behalf_of: Option<Caller>,
    pub rule: Arc<MethodRule>,
    pub trace: TraceContext,
    /// What the caller's software says it is, and its address: for the trail.
    pub client: Origin,
    pub deadline: Instant,
    /// The token of the caller, or of the one for whom it calls: passed on to other services.
    pub(crate) token: Option<Arc<str>>,
    pub(crate) request: Option<RequestKey>,
    /// Names the call's entries in the access log.
    pub(crate) ids: Arc<dyn IdGen>,
    /// The call's place among those in flight: kept as long as anything works for the call, even when the caller
    /// has hung up.
    pub(crate) permit: Arc<Permit>,
}

/// What a mutation is known by, so that its repeat has no second effect.
#[derive(Debug, Clone)]
pub(crate) struct RequestKey {
    pub principal: String,
    pub id: RequestId,
    payload: Payload,
}

/// What the request holds, by its SHA-256.
#[derive(Debug, Clone)]
enum Payload {
    Whole(Vec<u8>),
    /// Of all pieces that were read so far.
    Pieces(Digest),
}

impl RequestKey {
    /// A service's calls are apart by the one for whom it calls, whose `request_id` it may pass on.
    pub(crate) fn new(call: &Call, id: RequestId, request: &impl Message) -> Self {
        let payload = Payload::Whole(Sha256::digest(request.encode_to_vec()).to_vec());
        Self { principal: principal(call), id, payload }
    }

    /// The same for a request in pieces, of which more will be read.
    pub(crate) fn of_pieces(call: &Call, id: RequestId, read: Digest) -> Self {
        Self { principal: principal(call), id, payload: Payload::Pieces(read) }
    }

    /// Whether all of the request was read.
    pub(crate) fn is_whole(&self) -> bool {
        match &self.payload {
            Payload::Whole(_) => true,
            Payload::Pieces(read) => read.is_whole(),
        }
    }

    pub(crate) fn payload_hash(&self) -> Vec<u8> {
        match &self.payload {
            Payload::Whole(hash) => hash.clone(),
            Payload::Pieces(read) => read.hash(),
        }
    }
}

fn principal(call: &Call) -> String {
    let caller = call.caller.principal();
    match &call.on_behalf_of {
        Some(other) => format!("{caller} for {}", other.principal()),
        None => caller,
    }
}

impl Call {
    /// Keeps the response in the same transaction as the effect, for the repeat of the call, and puts it on record that
    /// the call did what it asked for.
    pub fn remember(&self, batch: &mut Batch, response: &impl Message, now: Timestamp) {
        let Some(key) = &self.request else { return };
        let row = LedgerRow {
            principal: key.principal.clone(),
            method: self.rule.path.clone(),
            request_id: key.id.uuid(),
            payload_hash: key.payload_hash(),
            response: response.encode_to_vec(),
            at: now,
        };
        store::ledger::append(batch, &row);
        let outcome = Outcome::Done { request_id: key.id.uuid() };
        access_events::append(batch, self.access_event(outcome, now));
    }

    /// Puts on record that the caller is given what then leaves the service's care, as `attachment/019b…`: to be
    /// committed before its first byte goes out.
    pub fn disclose(&self, batch: &mut Batch, subject: String, now: Timestamp) {
        access_events::append(batch, self.access_event(Outcome::Disclosed { subject }, now));
    }

    pub(crate) fn access_event(&self, outcome: Outcome, at: Timestamp) -> AccessEvent {
        AccessEvent {
            id: self.ids.uuid(at),
            at,
            principal: principal(self),
            client: self.client.to_string(),
            method: self.rule.path.clone(),
            trace_id: self.trace.trace_id().to_owned(),
            outcome,
        }
    }

    /// Whether the caller may do this to an object with these facts.
    pub fn allows(&self, facts: &Facts) -> bool {
        access::allows(&self.caller, &self.rule, facts)
    }

    /// Refuses the call unless [`Call::allows`] it: for objects whose existence is no secret to the caller.
    pub fn require(&self, facts: &Facts) -> Result<(), Refusal> {
        if self.allows(facts) { Ok(()) } else { Err(self.not_permitted()) }
    }

    /// Refuses a caller whose token has run out since the call began: for streams, which go on.
    pub fn require_unexpired(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.expires_at.is_some_and(|end| end <= now) { Err(Refusal::TokenExpired) } else { Ok(()) }
    }

    pub fn not_permitted(&self) -> Refusal {
        Refusal::NotPermitted { method: self.rule.path.clone() }
    }

    /// What the caller sees of a list: by the same rule as [`Call::allows`].
    pub fn scope(&self) -> Scope {
        access::scope(&self.caller, &self.rule)
    }

    /// The cursor in `token`; `None` for the first page. `filter` holds every part of the list's filter.
    pub fn open_page(&self, key: &PageKey, filter: &[&str], token: &str) -> Result<Option<String>, Refusal> {
        if token.is_empty() {
            return Ok(None);
        }
        let principal = self.caller.principal();
        key.open(&self.page_scope(&principal, filter), token).map(Some).map_err(|_| Refusal::PageToken)
    }

    /// The token of the next page; empty when there is none.
    pub fn seal_page(&self, key: &PageKey, filter: &[&str], next: Option<&str>) -> String {
        let principal = self.caller.principal();
        next.map(|cursor| key.seal(&self.page_scope(&principal, filter), cursor)).unwrap_or_default()
    }

    fn page_scope<'a>(&'a self, principal: &'a str, filter: &[&'a str]) -> Vec<&'a str> {
        [&[self.rule.path.as_str(), principal], filter].concat()
    }
}

/// The `request_id` of a mutation.
pub(crate) fn request_id(text: &str) -> Result<RequestId, Refusal> {
    let mut f = Fields::new();
    match f.parse("request_id", text) {
        Some(id) => Ok(id),
        None => Err(f.refuse()),
    }
}
