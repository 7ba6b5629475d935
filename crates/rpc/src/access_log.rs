//! Calls on record: what was done and disclosed is written where it happens, what was refused by the front.

use std::{collections::BTreeMap, sync::Arc};

use access::Caller;
use http::HeaderMap;
use kernel::{Clock, IdGen};
use proto::common::v1 as pb;
use store::{
    Batch, Db,
    access_events::{self, AccessEvent, Outcome, OutcomeKind},
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use tracing::Instrument as _;

use crate::{
    call::Call,
    error::{Refusal, chain},
    frame::again,
    parse::timestamp,
};

/// Where a front writes down whom it refuses: the databases of the services in its process, by their names.
#[derive(Debug, Clone)]
pub struct AccessLog {
    databases: BTreeMap<&'static str, Db>,
    clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdGen>,
}

impl AccessLog {
    pub fn new(databases: BTreeMap<&'static str, Db>, clock: Arc<dyn Clock>, ids: Arc<dyn IdGen>) -> Self {
        Self { databases, clock, ids }
    }

    /// Writes down that a call was refused.
    pub(crate) async fn denied(&self, call: &Call, reason: String) -> Result<(), Refusal> {
        let Some(db) = self.database_of(&call.rule.path) else {
            tracing::warn!(reason, "a call was refused where there is no database to keep it");
            return Ok(());
        };
        // It goes with the call's place among those in flight: refusals cost no more than what they refuse.
        let (call, now) = (call.clone(), self.clock.now());
        put_on_record(db, move || {
            let mut batch = Batch::new();
            let outcome = Outcome::Denied { reason: reason.clone() };
            access_events::append(&mut batch, call.access_event(outcome, now));
            batch
        })
        .await
    }

    /// Of the service that the path belongs to. What belongs to none here is written down by the first that there is.
    fn database_of(&self, path: &str) -> Option<&Db> {
        let service = path.strip_prefix("/qinqing.").and_then(|rest| rest.split('.').next());
        service.and_then(|service| self.databases.get(service)).or_else(|| self.databases.values().next())
    }
}

/// Writes a batch in a transaction of its own, in a task that goes on when the caller hangs up. What cannot be put on
/// record is not to happen: the refusal says so.
pub async fn put_on_record(
    db: &Db,
    batch: impl Fn() -> Batch + Send + Sync + 'static,
) -> Result<(), Refusal> {
    let db = db.clone();
    let work = async move {
        let write = || async {
            let mut tx = db.begin().await?;
            batch().run(&mut tx).await?;
            tx.commit().await
        };
        again(write, store::Error::is_retryable).await
    };
    let cause = match tokio::spawn(work.in_current_span()).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => chain(&error),
        Err(panic) => panic.to_string(),
    };
    tracing::error!(error = cause, "a call could not be put on record");
    Err(Refusal::Unrecorded)
}

/// The reason of an answer that is to be on record: the caller may not do this, or not know of what it is about. For a
/// service that asks what there is, an honest `NOT_FOUND` is ordinary work.
pub(crate) fn denial(caller: &Caller, headers: &HeaderMap) -> Option<String> {
    let status = Status::from_header_map(headers)?;
    let is_denial = match (status.code(), caller) {
        (_, Caller::Anonymous) | (Code::NotFound, Caller::Service(_)) => false,
        (code, _) => matches!(code, Code::PermissionDenied | Code::NotFound),
    };
    let reason =
        || status.get_details_error_info().map(|info| info.reason).filter(|reason| !reason.is_empty());
    is_denial.then(|| reason().unwrap_or_else(|| format!("{:?}", status.code())))
}

/// An entry on the wire: the same from every service.
pub fn access_event(event: AccessEvent) -> pb::AccessEvent {
    let AccessEvent { id, at, principal, client, method, trace_id, outcome } = event;
    let mut shown = pb::AccessEvent {
        access_event_id: id.to_string(),
        time: Some(timestamp(at)),
        principal,
        client,
        method,
        trace_id,
        ..pb::AccessEvent::default()
    };
    match outcome {
        Outcome::Done { request_id } => {
            shown.set_outcome(pb::AccessOutcome::Done);
            shown.request_id = request_id.to_string();
        }
        Outcome::Denied { reason } => {
            shown.set_outcome(pb::AccessOutcome::Denied);
            shown.reason = reason;
        }
        Outcome::Disclosed { subject } => {
            shown.set_outcome(pb::AccessOutcome::Disclosed);
            shown.subject = subject;
        }
    }
    shown
}

/// What a request looks for; `None` for any.
pub fn outcome_kind(outcome: pb::AccessOutcome) -> Option<OutcomeKind> {
    match outcome {
        pb::AccessOutcome::Unspecified => None,
        pb::AccessOutcome::Done => Some(OutcomeKind::Done),
        pb::AccessOutcome::Denied => Some(OutcomeKind::Denied),
        pb::AccessOutcome::Disclosed => Some(OutcomeKind::Disclosed),
    }
}
