//! Books what the other services tell of: nothing else writes to the ledger.

mod issue;
mod on_issue_audited;
mod on_issue_contacted;
mod on_issue_dispatched;
mod on_issue_disputed;
mod on_issue_rated;
mod on_issue_reopened;
mod on_issue_replied;
mod on_issue_signed;
mod on_reply_sent_back;
mod on_visit_confirmed;

use std::sync::Arc;

use events::{Consume, ConsumeError, Received};
use kernel::{Clock, IdGen};
use prost::Name as _;
use proto::{
    registry::v1::VisitConfirmed,
    workflow::v1::{
        IssueAudited, IssueContacted, IssueDispatched, IssueDisputed, IssueRated, IssueReopened,
        IssueReplied, IssueSigned, ReplySentBack,
    },
};
use store::{Batch, Db, Tx};

use crate::{
    domain::{self, Happening, Occurrence, RuleBook, STARTER},
    store::{APPEND_ONLY, bookings, history, rule_sets},
};

/// Keeps the ledger. An event that was booked is never booked again, however often, in whatever order and by however
/// many replicas it is taken in.
#[derive(Debug, Clone)]
pub struct Bookkeeper {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGen>,
    pub(crate) rules: Arc<RuleBook>,
}

impl Bookkeeper {
    /// Guards the ledger's tables and publishes the rules of this build. Fails when rules in use were edited.
    pub async fn open(db: &Db, clock: Arc<dyn Clock>, ids: Arc<dyn IdGen>) -> anyhow::Result<Self> {
        store::append_only::guard(db, APPEND_ONLY).await?;
        let rules = rule_sets::publish(db, STARTER, clock.now()).await?;
        Ok(Self { clock, ids, rules: Arc::new(rules) })
    }

    async fn book(
        &self,
        tx: &mut Tx,
        batch: &mut Batch,
        occurrence: &Occurrence,
    ) -> Result<(), ConsumeError> {
        let Some(rules) = self.rules.in_force(occurrence.at) else { return Ok(()) };
        history::lock_subject(tx, occurrence).await?;
        let booked = history::marks(tx, occurrence.what.subject.uuid()).await?;
        if booked.iter().any(|(event, _)| *event == occurrence.event) {
            return Ok(());
        }
        let candidates = domain::candidates(occurrence, rules);
        history::lock_accounts(tx, candidates.iter().map(|(_, account)| *account)).await?;
        let recorded = history::recorded(tx, occurrence, &candidates).await?;

        let drafts = domain::entries_for(occurrence, rules, &recorded);
        let marks: Vec<_> = booked.into_iter().map(|(_, mark)| mark).collect();
        let now = self.clock.now();
        let booking = domain::book(occurrence, drafts, &recorded, &marks, now, || self.ids.uuid(now));
        tracing::debug!(
            event.id = %occurrence.event,
            n_entries = booking.entries.len(),
            n_postings = booking.postings.len(),
            "booked"
        );
        bookings::insert(batch, occurrence, &booking);
        Ok(())
    }
}

/// Events of the workflow.
#[derive(Debug)]
pub(crate) struct FromWorkflow(pub Bookkeeper);

/// Events of the registry.
#[derive(Debug)]
pub(crate) struct FromRegistry(pub Bookkeeper);

#[tonic::async_trait]
impl Consume for FromWorkflow {
    fn types(&self) -> Vec<String> {
        vec![
            IssueSigned::full_name(),
            IssueDispatched::full_name(),
            IssueContacted::full_name(),
            IssueReplied::full_name(),
            ReplySentBack::full_name(),
            IssueRated::full_name(),
            IssueDisputed::full_name(),
            IssueAudited::full_name(),
            IssueReopened::full_name(),
        ]
    }

    async fn consume(&self, tx: &mut Tx, batch: &mut Batch, event: &Received) -> Result<(), ConsumeError> {
        self.0.consume(tx, batch, event).await
    }
}

#[tonic::async_trait]
impl Consume for FromRegistry {
    fn types(&self) -> Vec<String> {
        vec![VisitConfirmed::full_name()]
    }

    async fn consume(&self, tx: &mut Tx, batch: &mut Batch, event: &Received) -> Result<(), ConsumeError> {
        self.0.consume(tx, batch, event).await
    }
}

#[tonic::async_trait]
impl Consume for Bookkeeper {
    fn types(&self) -> Vec<String> {
        [FromWorkflow(self.clone()).types(), FromRegistry(self.clone()).types()].concat()
    }

    async fn consume(&self, tx: &mut Tx, batch: &mut Batch, event: &Received) -> Result<(), ConsumeError> {
        let Some(what) = read(event)? else { return Ok(()) };
        if !what.matters() {
            return Ok(());
        }
        let occurrence = Occurrence {
            event: event.event_id,
            event_type: event.r#type.clone(),
            version: event.subject_version,
            at: event.time,
            what,
        };
        self.book(tx, batch, &occurrence).await
    }
}

/// What the event says; `None` if it is none of those that points hang on.
fn read(event: &Received) -> Result<Option<Happening>, ConsumeError> {
    macro_rules! read_one_of {
        ($($payload:ident => $read:path,)*) => {
            $(if let Some(payload) = event.payload::<$payload>()? {
                return $read(payload).map(Some);
            })*
        };
    }
    read_one_of! {
        IssueSigned => on_issue_signed::read,
        IssueDispatched => on_issue_dispatched::read,
        IssueContacted => on_issue_contacted::read,
        IssueReplied => on_issue_replied::read,
        ReplySentBack => on_reply_sent_back::read,
        IssueRated => on_issue_rated::read,
        IssueDisputed => on_issue_disputed::read,
        IssueAudited => on_issue_audited::read,
        IssueReopened => on_issue_reopened::read,
        VisitConfirmed => on_visit_confirmed::read,
    }
    Ok(None)
}

/// An event that lacks what it must have.
#[derive(Debug, thiserror::Error)]
#[error("the event has no readable {0}")]
struct Missing(&'static str);
