//! The life of a service order (订单式服务), pure, on the same pattern as that of an issue: a table of legal steps,
//! commands that decide, events that evolve, and clocks that follow from events, pack and calendar alone.

pub mod transition;

mod clock;
mod command;
mod decide;
mod event;
mod evolve;
mod model;
mod offering;
mod refused;
mod state;

pub use clock::{due_now, next_due, next_wake};
pub use command::{Command, Offered, PlaceOrder, Plan};
pub use decide::{decide, next_actions, place};
pub use event::{Event, Fact};
pub use evolve::{BrokenHistory, create, evolve, fold};
pub use model::{Delivery, Order, Stage};
pub use offering::{Offering, OfferingChange};
pub use refused::Refused;
pub use state::{Action, ClockId, Holder, State, TextField};

/// A clock of an order in one of its rounds. Written "O1", and from the second round on "O3.2".
pub type ClockKey = super::ClockKey<ClockId>;
/// What a clock of an order did, as the events tell.
pub type Run = super::Run<ClockId>;
/// A clock of an order with its deadline.
pub type Clock = super::Clock<ClockId>;

#[cfg(test)]
mod tests;
