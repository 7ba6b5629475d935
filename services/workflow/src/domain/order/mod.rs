//! The life of a service order (订单式服务), pure, on the same pattern as that of an issue: a table of legal steps,
//! commands that decide, events that evolve, and clocks that follow from events, pack and calendar alone.

pub mod transition;

mod book;
mod clock;
mod command;
mod decide;
mod event;
mod evolve;
mod model;
mod offering;
mod policy;
mod refused;
mod state;

pub use book::{OrderBook, OrderBookError};
pub use clock::{
    Basis, Clock, ClockId, ClockKey, Lights, Run, Rung, clocks, due_now, latest, lights, next_wake, pending,
    rungs,
};
pub use command::{Command, Offered, PlaceOrder, Plan};
pub use decide::{decide, next_actions, place};
pub use event::{Event, Fact};
pub use evolve::{BrokenHistory, create, evolve, fold};
pub use model::{Delivery, Order, Stage};
pub use offering::{Offering, OfferingChange};
pub use policy::{Kind, OrderPackVersion, OrderPolicy, RungRule};
pub use refused::Refused;
pub use state::{Action, Holder, State, TextField};

use worktime::Calendar;

/// The pack for orders and the calendar that a question about an order goes by: the versions that it is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub policy: &'a OrderPolicy,
    pub calendar: &'a Calendar,
}

impl Rules<'_> {
    /// Whether these are the versions that the order is bound to.
    pub fn bind(&self, order: &Order) -> bool {
        self.policy.version == order.policy_version && self.calendar.version() == order.calendar_version
    }
}

#[cfg(test)]
mod tests;
