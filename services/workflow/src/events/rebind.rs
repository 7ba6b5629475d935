//! Open issues and orders go over to the calendar in force: a late change of the calendar alters their running clocks,
//! and no other.
//!
//! Each is told by an event of its own, so that its deadlines still follow from its history. They are taken in batches; a replica that comes to one which another has claimed passes it over.

use std::sync::{Arc, Mutex, PoisonError};

use kernel::{Clock, IdGen, IssueId, OrderId, Origin, Timestamp};
use rpc::TraceContext;
use runtime::Worked;
use store::{Batch, Db, Tx};
use uuid::Uuid;

use super::{
    order_ladder,
    publish::{self, Cause},
};
use crate::{
    domain::{Actor, Command, Issue, Rulebook, decide, local_date, order},
    error::WorkflowError,
    rpc::{books::Books, rules},
    store::{
        history::{self, Before, Happened, Record},
        orders,
        rungs::Due,
        running,
    },
};

/// Issues, or orders, looked at in one step.
const BATCH: i64 = 100;
/// The program that acts, as the trail names it.
static CLIENT: Origin = Origin::program("qinqing-workflow");

/// The job that takes issues and orders over to the calendar in force.
#[derive(Debug, Clone)]
pub(crate) struct Rebind {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub books: Books,
    /// How far the present rounds have come: what cannot go over must not keep the others waiting.
    after: Arc<Mutex<(IssueId, OrderId)>>,
}

/// Where every round begins.
const START: (IssueId, OrderId) = (IssueId::new(Uuid::nil()), OrderId::new(Uuid::nil()));

impl Rebind {
    pub fn new(db: Db, clock: Arc<dyn Clock>, ids: Arc<dyn IdGen>, books: Books) -> Self {
        Self { db, clock, ids, books, after: Arc::new(Mutex::new(START)) }
    }

    /// Takes one set of issues over, and one of orders.
    pub(crate) async fn step(&self) -> Result<Worked, WorkflowError> {
        let now = self.clock.now();
        let book = self.books.of_today(now).await?;
        let version = book.in_force(now).calendar.version();
        let after = *self.after.lock().unwrap_or_else(PoisonError::into_inner);
        let (next_issue, n_issues) = self.issues(after.0, version, now).await?;
        let (next_order, n_orders) = self.orders(after.1, version, now).await?;
        let next = (next_issue.unwrap_or(START.0), next_order.unwrap_or(START.1));
        *self.after.lock().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(if next == START && n_issues + n_orders == 0 { Worked::Idle } else { Worked::More })
    }

    /// Where the round goes on, if it does, and how many went over.
    async fn issues(
        &self,
        after: IssueId,
        version: &str,
        now: Timestamp,
    ) -> Result<(Option<IssueId>, usize), WorkflowError> {
        let mut tx = self.db.begin().await?;
        let due = running::claim_with_other_calendar(&mut tx, version, after, local_date(now), BATCH).await?;
        let book = self.books.covering(&mut tx, due.iter().filter_map(|due| due.issue.as_ref())).await?;
        let traceparent = TraceContext::new().to_string();
        let (mut batch, mut n_changed) = (Batch::new(), 0);
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
        commit(tx, batch).await?;
        if 0 < n_changed {
            tracing::info!(
                issues = n_changed,
                calendar.version = version,
                "issues went over to the calendar"
            );
        }
        Ok((more(&due).map(|last| last.id), n_changed))
    }

    /// The same with orders.
    async fn orders(
        &self,
        after: OrderId,
        version: &str,
        now: Timestamp,
    ) -> Result<(Option<OrderId>, usize), WorkflowError> {
        let mut tx = self.db.begin().await?;
        let due = orders::claim_with_other_calendar(&mut tx, version, after, local_date(now), BATCH).await?;
        let book = self.books.covering(&mut tx, due.iter().filter_map(orders::Due::order)).await?;
        let traceparent = TraceContext::new().to_string();
        let (mut batch, mut n_changed) = (Batch::new(), 0);
        for due in &due {
            let change = order::Command::ChangeCalendar { version: version.to_owned() };
            let bound = order_ladder::readable(&book, due);
            match bound.and_then(|bound| order_ladder::take(bound, vec![change], now, &*self.ids)) {
                Ok(happened) => {
                    order_ladder::write(&mut batch, &book, due, &happened, &traceparent)?;
                    n_changed += 1;
                }
                Err(error) => tracing::error!(
                    order.id = %due.id,
                    calendar.version = version,
                    error = &error as &dyn std::error::Error,
                    "an order cannot go over to the calendar in force"
                ),
            }
        }
        commit(tx, batch).await?;
        if 0 < n_changed {
            tracing::info!(
                orders = n_changed,
                calendar.version = version,
                "orders went over to the calendar"
            );
        }
        Ok((more(&due).map(|last| last.id), n_changed))
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
        let command = Command::ChangeCalendar { version: version.to_owned() };
        let events = decide(before, command, rules(book, before)?, now, &Actor::system())
            .map_err(WorkflowError::refused(due.id, version))?;
        Ok((before, history::happened(Some(before), events, &*self.ids)?))
    }
}

/// The last of a whole set: after it there may be more.
fn more<T>(due: &[T]) -> Option<&T> {
    due.last().filter(|_| i64::try_from(due.len()).is_ok_and(|n| n == BATCH))
}

async fn commit(mut tx: Tx, batch: Batch) -> Result<(), WorkflowError> {
    if batch.is_empty() {
        tx.rollback().await?;
    } else {
        batch.run(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(())
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
    let rules = rules(book, after)?;
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
