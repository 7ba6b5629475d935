//! What falls due by itself with orders: rungs of their ladder, and windows for rating that lapse.
//!
//! As with issues, each order says when it has to be looked at again; whichever replica comes first claims a set of
//! those whose time has come. A rung is reached once: its row is unique, and written with the event that tells of it.

use std::sync::Arc;

use chrono::TimeDelta;
use kernel::{Clock, EventId, IdGen, OrderId, Origin, Timestamp};
use rpc::TraceContext;
use runtime::Worked;
use store::{Batch, Db};

use super::order_publish::{self, Cause};
use crate::{
    domain::{
        Actor, local_date,
        order::{OrderBook, Rules, decide, due_now, evolve},
    },
    error::WorkflowError,
    rpc::order::OrderError,
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
    pub book: Arc<OrderBook>,
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
        let traceparent = TraceContext::new().to_string();
        let (mut batch, mut stuck) = (Batch::new(), Vec::new());
        for due in &due {
            match self.look_at(due, now) {
                Ok((rules, happened)) => Self::write(&mut batch, due, rules, &happened, &traceparent)?,
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
        put_off(&mut batch, &stuck, now);
        batch.run(&mut tx).await?;
        tx.commit().await?;
        tracing::debug!(orders = due.len(), stuck = stuck.len(), "the order ladder was climbed");
        Ok(Worked::More)
    }

    fn look_at(&self, due: &Due, now: Timestamp) -> Result<(Rules<'_>, Vec<Happened>), WorkflowError> {
        let unreadable = || store::Error::unreadable("service_order", "fold", &due.id);
        let (before, _) = due.found.as_ref().ok_or_else(unreadable)?;
        let rules = self.book.of(before).ok_or_else(|| OrderError::rules_missing(before))?;
        let version = rules.calendar.version();
        let mut after = before.clone();
        let mut happened = Vec::new();
        for command in due_now(before, rules, now).map_err(WorkflowError::beyond(version))? {
            let event = decide(&after, command, rules, now, &Actor::system())
                .map_err(OrderError::refused(version))?;
            after = evolve(after, &event).map_err(OrderError::from)?;
            let id = EventId::new(self.ids.uuid(event.at));
            happened.push(Happened { id, event, after: after.clone() });
        }
        if happened.is_empty() {
            // Woken for nothing, which the next look would be again.
            return Err(OrderError::NothingDue(due.id).into());
        }
        Ok((rules, happened))
    }

    fn write(
        batch: &mut Batch,
        due: &Due,
        rules: Rules<'_>,
        happened: &[Happened],
        traceparent: &str,
    ) -> Result<(), WorkflowError> {
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
}

fn put_off(batch: &mut Batch, stuck: &[OrderId], now: Timestamp) {
    orders::put_off(batch, stuck, now + PUT_OFF);
}
