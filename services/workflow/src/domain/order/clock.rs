//! Clocks of an order, on the engine of [`clock`](crate::domain::clock). O3 is due at the end of the day that the order
//! was scheduled for. Scheduling anew ends the O3 that ran: as missed if its day was over, as void otherwise; the next
//! round has its own day.

use std::collections::BTreeSet;

use kernel::Timestamp;
use worktime::{Limit, OutOfCalendar};

use super::{ClockId, ClockKey, Command, Order, Run, State};
use crate::domain::{
    ClockName, Clocked, Code, Policy, PolicyVersion, Rules, RungRule,
    clock::{pending, running},
};

impl ClockName for ClockId {}

impl Clocked for Order {
    type Id = ClockId;

    fn policy_version(&self) -> &PolicyVersion {
        &self.policy_version
    }

    fn calendar_version(&self) -> &str {
        &self.calendar_version
    }

    fn runs(&self) -> &[Run] {
        &self.runs
    }

    fn reached(&self) -> &BTreeSet<(ClockKey, Code)> {
        &self.rungs
    }

    fn is_open(&self) -> bool {
        self.state().is_open()
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn limit(&self, id: ClockId, policy: &Policy) -> Limit {
        policy.orders.limit(id)
    }

    fn ladder(policy: &Policy) -> &[RungRule<ClockId>] {
        &policy.orders.ladder
    }
}

/// When the clock that runs is due.
pub fn next_due(order: &Order, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
    Ok(running(order, rules)?.map(|clock| clock.due_at).min())
}

/// When the system has to look at the order again: [`due_now`] has something to do from then on, excluded.
/// `None`: not before somebody takes a step.
pub fn next_wake(order: &Order, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
    let rung = pending(order, rules)?.first().map(|rung| rung.at);
    Ok(rung.into_iter().chain(rating_until(order, rules)?).min())
}

/// The steps that the system has to take now, in the order of time: each is decided like any other.
pub fn due_now(order: &Order, rules: Rules<'_>, now: Timestamp) -> Result<Vec<Command>, OutOfCalendar> {
    let mut commands: Vec<_> = pending(order, rules)?
        .into_iter()
        .filter(|rung| rung.at < now)
        .map(|rung| Command::ReachRung { clock: rung.clock, rung: rung.code })
        .collect();
    if rating_until(order, rules)?.is_some_and(|until| until < now) {
        commands.push(Command::LapseRating);
    }
    Ok(commands)
}

/// Until when the firm may rate. `None`: it is not asked to.
pub(super) fn rating_until(order: &Order, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
    if order.state() == State::Delivered { next_due(order, rules) } else { Ok(None) }
}
