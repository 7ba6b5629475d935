//! What falls due by itself with orders: rungs of their ladder, and windows for rating that lapse.
//!
//! As with issues, each order says when it has to be looked at again; whichever replica comes first claims a set of
//! those whose time has come. A rung is reached once: its row is unique, and written with the event that tells of it.

use std::sync::Arc;

use chrono::TimeDelta;
use kernel::{Clock, EventId, IdGen, Origin, Timestamp};
use rpc::TraceContext;
use runtime::Worked;
use store::{Batch, Db};

use super::order_publish::{self, Cause};
use crate::{
    domain::{
        Actor, Rulebook, Rules, local_date,
        order::{Command, Order, decide, due_now, evolve},
    },
    error::WorkflowError,
    rpc::{books::Books, order::OrderError, rules},
    store::orders::{self, Due, Happened, Record},
};

/// Orders looked at in one step.
const BATCH: i64 = 200;
/// How long an order waits that cannot be dealt with, as when its calendar has ended.
const PUT_OFF: TimeDelta = TimeDelta::minutes(10);
/// The program that acts, as the chain names it.
static CLIENT: Origin = Origin::program("qinqing-workflow");

/// The job that climbs the order ladder.
#[derive(Debug, Clone)]
pub(crate) struct OrderLadder {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub books: Books,
}

impl OrderLadder {
    /// Deals with one set of orders.
    pub(crate) async fn step(&self) -> Result<Worked, WorkflowError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let due = orders::claim(&mut tx, now, local_date(now), BATCH).await?;
        if due.is_empty() {
            tx.rollback().await?;
            return Ok(Worked::Idle);
        }
        let book = self.books.covering(&mut tx, due.iter().filter_map(Due::order)).await?;
        let traceparent = TraceContext::new().to_string();
        let (mut batch, mut stuck) = (Batch::new(), Vec::new());
        for due in &due {
            match self.look_at(&book, due, now) {
                Ok(happened) => write(&mut batch, &book, due, &happened, &traceparent)?,
                Err(error) => {
                    tracing::error!(
                        order.id = %due.id,
                        error = &error as &dyn std::error::Error,
                        "an order that is due cannot be dealt with"
                    );
                    stuck.push(due.id);
                }
            }
        }
        orders::put_off(&mut batch, &stuck, now + PUT_OFF);
        batch.run(&mut tx).await?;
        tx.commit().await?;
        tracing::debug!(orders = due.len(), stuck = stuck.len(), "the order ladder was climbed");
        Ok(Worked::More)
    }

    fn look_at(&self, book: &Rulebook, due: &Due, now: Timestamp) -> Result<Vec<Happened>, WorkflowError> {
        let (before, rules) = readable(book, due)?;
        let commands =
            due_now(before, rules, now).map_err(WorkflowError::beyond(rules.calendar.version()))?;
        if commands.is_empty() {
            // Woken for nothing, which the next look would be again.
            return Err(OrderError::NothingDue(due.id).into());
        }
        take((before, rules), commands, now, &*self.ids)
    }
}

/// The order, and what it is bound to.
pub(super) fn readable<'a>(
    book: &'a Rulebook,
    due: &'a Due,
) -> Result<(&'a Order, Rules<'a>), WorkflowError> {
    let order = due.order().ok_or_else(|| store::Error::unreadable("service_order", "fold", &due.id))?;
    Ok((order, rules(book, order)?))
}

/// Takes steps for the system.
pub(super) fn take(
    (before, rules): (&Order, Rules<'_>),
    commands: Vec<Command>,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Happened>, WorkflowError> {
    let mut after = before.clone();
    let mut happened = Vec::with_capacity(commands.len());
    for command in commands {
        let event = decide(&after, command, rules, now, &Actor::system())
            .map_err(OrderError::refused(rules.calendar.version()))?;
        after = evolve(after, &event).map_err(OrderError::from)?;
        let id = EventId::new(ids.uuid(event.at));
        happened.push(Happened { id, event, after: after.clone() });
    }
    Ok(happened)
}

/// Records steps that the system took, and tells of them.
pub(super) fn write(
    batch: &mut Batch,
    book: &Rulebook,
    due: &Due,
    happened: &[Happened],
    traceparent: &str,
) -> Result<(), WorkflowError> {
    let Some(Happened { after, .. }) = happened.last() else { return Ok(()) };
    let rules = rules(book, after)?;
    let beyond = WorkflowError::beyond(rules.calendar.version());
    let before = due.found.as_ref().map(|(order, link)| (order, *link));
    let record = Record { before, happened, written: &[], rules, client: &CLIENT };
    orders::record(batch, record).map_err(&beyond)?;
    for happened in happened {
        let cause = Cause { rules, manager: due.manager, from: None, traceparent };
        order_publish::append(batch, happened, cause).map_err(&beyond)?;
    }
    Ok(())
}
