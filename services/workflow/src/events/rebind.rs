//! Open issues go over to the calendar in force: a late change of the calendar alters their running clocks, and no other.
//!
//! Each issue is told by an event of its own, so that its deadlines still follow from its history. Issues are taken in
//! batches; a replica that comes to one which another has claimed passes it over.

use std::sync::{Arc, Mutex, PoisonError};

use kernel::{Clock, IdGen, IssueId, Origin, Timestamp};
use rpc::TraceContext;
use runtime::Worked;
use store::{Batch, Db};
use uuid::Uuid;

use super::publish::{self, Cause};
use crate::{
    domain::{Actor, Command, Issue, Rulebook, decide, local_date},
    error::WorkflowError,
    rpc::books::Books,
    store::{
        history::{self, Before, Happened, Record},
        rungs::Due,
        running,
    },
};

/// Issues looked at in one step.
const BATCH: i64 = 100;
/// The program that acts, as the trail names it.
static CLIENT: Origin = Origin::program("qinqing-workflow");

/// The job that takes issues over to the calendar in force.
#[derive(Debug, Clone)]
pub(crate) struct Rebind {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub books: Books,
    /// How far the present round has come: what cannot go over must not keep the others waiting.
    after: Arc<Mutex<IssueId>>,
}

impl Rebind {
    pub fn new(db: Db, clock: Arc<dyn Clock>, ids: Arc<dyn IdGen>, books: Books) -> Self {
        Self { db, clock, ids, books, after: Arc::new(Mutex::new(IssueId::new(Uuid::nil()))) }
    }

    /// Takes one set of issues over.
    pub(crate) async fn step(&self) -> Result<Worked, WorkflowError> {
        let now = self.clock.now();
        let book = self.books.of_today(now).await?;
        let version = book.in_force(now).calendar.version();
        let after = *self.after.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tx = self.db.begin().await?;
        let due = running::claim_with_other_calendar(&mut tx, version, after, local_date(now), BATCH).await?;
        let is_last = i64::try_from(due.len()).unwrap_or(BATCH) < BATCH;
        let next = due.last().filter(|_| !is_last).map_or(IssueId::new(Uuid::nil()), |last| last.id);
        let book = self.books.covering(&mut tx, due.iter().filter_map(|due| due.issue.as_ref())).await?;

        let traceparent = TraceContext::new().to_string();
        let mut batch = Batch::new();
        let mut n_changed = 0;
        for due in &due {
            match self.change(&book, due, version, now) {
                Ok((before, happened)) => {
                    write(&mut batch, &book, due, before, &happened, &traceparent)?;
                    n_changed += 1;
                }
                Err(error) => tracing::error!(
                    issue.id = %due.id,
                    calendar.version = version,
                    error = &error as &dyn std::error::Error,
                    "an issue cannot go over to the calendar in force"
                ),
            }
        }
        if batch.is_empty() {
            tx.rollback().await?;
        } else {
            batch.run(&mut tx).await?;
            tx.commit().await?;
            tracing::info!(
                issues = n_changed,
                calendar.version = version,
                "issues went over to the calendar"
            );
        }
        *self.after.lock().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(if is_last && n_changed == 0 { Worked::Idle } else { Worked::More })
    }

    fn change<'a>(
        &self,
        book: &Rulebook,
        due: &'a Due,
        version: &str,
        now: Timestamp,
    ) -> Result<(&'a Issue, Vec<Happened>), WorkflowError> {
        let unreadable = || store::Error::unreadable("issue", "fold", &due.id);
        let before = due.issue.as_ref().ok_or_else(unreadable)?;
        let rules = book.of(before).ok_or_else(|| WorkflowError::rules_missing(before))?;
        let command = Command::ChangeCalendar { version: version.to_owned() };
        let events = decide(before, command, rules, now, &Actor::system())
            .map_err(WorkflowError::refused(due.id, version))?;
        Ok((before, history::happened(Some(before), events, &*self.ids)?))
    }
}

fn write(
    batch: &mut Batch,
    book: &Rulebook,
    due: &Due,
    before: &Issue,
    happened: &[Happened],
    traceparent: &str,
) -> Result<(), WorkflowError> {
    let Some(Happened { after, .. }) = happened.last() else { return Ok(()) };
    let rules = book.of(after).ok_or_else(|| WorkflowError::rules_missing(after))?;
    let beyond = WorkflowError::beyond(rules.calendar.version());
    let before = Some(Before { issue: before, link: due.link });
    history::record(batch, Record { before, happened, written: &[], rules, client: &CLIENT })
        .map_err(&beyond)?;
    for happened in happened {
        publish::append(batch, happened, Cause { rules, manager: due.manager, traceparent })
            .map_err(&beyond)?;
    }
    Ok(())
}
