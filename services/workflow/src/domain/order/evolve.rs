//! What an event makes of an order.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kernel::{Timestamp, Version};

use super::{ClockId, Delivery, Event, Fact, Order, Plan, Run, Stage};
use crate::domain::{clock::keep_calendar, local_date};

/// A history that no order can have: it was damaged, or written by a newer version of the suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {version} ({kind}) does not fit the order before it")]
pub struct BrokenHistory {
    pub version: i64,
    pub kind: &'static str,
}

/// The order that the first event of a history makes.
pub fn create(event: &Event) -> Result<Order, BrokenHistory> {
    let Event { version: Version::FIRST, at, by, fact } = event else { return Err(broken(event)) };
    let Fact::Placed {
        order_id,
        enterprise_id,
        offering_id,
        department,
        offering_kind,
        attendees,
        preferred,
        wish,
        manager,
        policy_version,
        calendar_version,
    } = fact.clone()
    else {
        return Err(broken(event));
    };
    let mut order = Order {
        id: order_id,
        enterprise_id,
        offering_id,
        department,
        kind: offering_kind,
        attendees,
        preferred,
        wish,
        placed_by: *by,
        manager,
        policy_version,
        calendar_version,
        stage: Stage::Placed,
        runs: Vec::new(),
        acted: BTreeMap::new(),
        rungs: BTreeSet::new(),
        reschedules: 0,
        placed_at: *at,
        updated_at: *at,
        version: Version::FIRST,
        etag: Version::FIRST,
    };
    order.start(ClockId::O1, *at, None);
    order.sign_in(event);
    Ok(order)
}

/// The order after one more event.
pub fn evolve(mut order: Order, event: &Event) -> Result<Order, BrokenHistory> {
    if event.version != order.version.next() || event.at < order.updated_at {
        return Err(broken(event));
    }
    order.stage = order.stage_after(event).ok_or_else(|| broken(event))?;
    order.sign_in(event);
    Ok(order)
}

/// The order that a whole history makes. `None`: the history is empty.
pub fn fold(events: &[Event]) -> Result<Option<Order>, BrokenHistory> {
    let Some((first, rest)) = events.split_first() else { return Ok(None) };
    rest.iter().try_fold(create(first)?, evolve).map(Some)
}

fn broken(event: &Event) -> BrokenHistory {
    BrokenHistory { version: event.version.number(), kind: event.fact.kind() }
}

impl Order {
    /// Sets the clocks, and gives the stage that follows. `None`: the fact does not fit the present one.
    fn stage_after(&mut self, event: &Event) -> Option<Stage> {
        let at = event.at;
        Some(match (&event.fact, self.stage.clone()) {
            (Fact::Accepted {}, Stage::Placed) => {
                self.stop(at, false);
                self.start(ClockId::O2, at, None);
                Stage::Accepted { liaison: event.by.account()? }
            }
            (Fact::Declined { reason }, Stage::Placed) => {
                self.stop(at, false);
                Stage::Declined { reason: *reason, at }
            }
            (Fact::Scheduled { plan }, Stage::Accepted { liaison }) => {
                self.stop(at, false);
                self.start_delivery(plan, at);
                Stage::Scheduled { liaison, plan: *plan }
            }
            (Fact::Rescheduled { plan, missed, .. }, Stage::Scheduled { liaison, .. }) => {
                self.stop(at, !missed);
                self.start_delivery(plan, at);
                self.reschedules += 1;
                Stage::Scheduled { liaison, plan: *plan }
            }
            (Fact::Delivered { attendance, note }, Stage::Scheduled { liaison, plan }) => {
                self.stop(at, false);
                self.start(ClockId::O4, at, None);
                let delivery = Delivery { at, by: event.by.account()?, attendance: *attendance, note: *note };
                Stage::Delivered { liaison, plan, delivery }
            }
            (Fact::Rated { stars, comment }, Stage::Delivered { liaison, plan, delivery }) => {
                self.stop(at, false);
                Stage::Rated { liaison, plan, delivery, stars: *stars, comment: *comment, at }
            }
            (Fact::RatingLapsed {}, Stage::Delivered { liaison, plan, delivery }) => {
                self.stop(at, true);
                Stage::Unrated { liaison, plan, delivery, at }
            }
            (
                Fact::Cancelled { reason, missed },
                Stage::Placed | Stage::Accepted { .. } | Stage::Scheduled { .. },
            ) => {
                self.stop(at, !missed);
                let (liaison, plan) = (self.liaison(), self.plan().copied());
                Stage::Cancelled { liaison, plan, reason: *reason, at }
            }
            (Fact::RungReached { clock, rung, .. }, stage) if stage.state().is_open() => {
                self.rungs.insert((*clock, rung.clone())).then_some(stage)?
            }
            (Fact::CalendarChanged { calendar_version }, stage) if stage.state().is_open() => {
                let before = std::mem::replace(&mut self.calendar_version, calendar_version.clone());
                keep_calendar(&mut self.runs, &before);
                stage
            }
            _ => return None,
        })
    }

    fn start_delivery(&mut self, plan: &Plan, at: Timestamp) {
        self.start(ClockId::O3, at, Some(local_date(plan.start)));
    }

    /// Starts the next round of a clock.
    fn start(&mut self, id: ClockId, at: Timestamp, day: Option<NaiveDate>) {
        self.runs.push(Run { day, ..Run::next(id, &self.runs, at) });
    }

    /// Stops the clock that runs; `void`: without the step that it waited for.
    fn stop(&mut self, at: Timestamp, void: bool) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.is_running()) {
            (run.stopped_at, run.void) = (Some(at), void);
        }
    }

    /// What every event leaves behind: persons and versions.
    fn sign_in(&mut self, event: &Event) {
        if let Some(account) = event.by.account() {
            self.acted.entry(account).or_default().insert(event.by.party);
        }
        self.updated_at = event.at;
        self.version = event.version;
        if !event.fact.leaves_the_etag() {
            self.etag = event.version;
        }
    }
}
