//! Why a step with an order is not taken.

use kernel::{OfferingId, Timestamp};
use worktime::OutOfCalendar;

use super::{Action, ClockKey, State};
use crate::domain::{Code, Party, PolicyVersion};

/// Why a step is not taken. Nothing has happened then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The table has no such row for any capacity of the actor.
    #[error("{action} is not possible in {from} for this person")]
    NotAllowed { from: State, action: Action },
    /// The table has the row, but the person also has to do with the order as `party`.
    #[error("{action} is not for a person who has to do with the order as {party}")]
    ConflictOfDuty { action: Action, party: Party },
    /// Nobody may place an order in the actor's capacity.
    #[error("orders are placed by the firm or its manager")]
    MayNotPlace,
    #[error("the offering was retired")]
    OfferingRetired(OfferingId),
    #[error("the offering takes {capacity} people at most")]
    OverCapacity { capacity: u32 },
    #[error("{start} is not to come")]
    TimePast { start: Timestamp },
    #[error("it begins at {start}")]
    NotBegun { start: Timestamp },
    #[error("the time for {action} was over at {until}")]
    WindowOver { action: Action, until: Timestamp },
    /// The system came too early; the window is still open.
    #[error("the window lasts until {until}")]
    WindowOpen { until: Timestamp },
    /// Not due yet, reached before, or its clock has stopped.
    #[error("rung {rung} of {clock} is not to be reached")]
    RungNotDue { clock: ClockKey, rung: Code },
    /// It goes by that calendar already, or there is none of that version.
    #[error("the order cannot go over to the calendar {version}")]
    NoSuchCalendarChange { version: String },
    /// The rules given are not those that the order is bound to: a fault of the caller.
    #[error("the order is bound to pack {policy} and calendar {calendar}")]
    NotBound { policy: PolicyVersion, calendar: String },
    #[error("a deadline lies beyond the working calendar")]
    Calendar(#[from] OutOfCalendar),
}
