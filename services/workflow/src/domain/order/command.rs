//! What somebody wants done with an order. Texts were stored beside the trail before; commands refer to them.

use chrono::NaiveDate;
use kernel::{AccountId, DepartmentId, EnterpriseId, OfferingId, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Action, ClockKey};
use crate::domain::{Code, NoteRef, Stars};

/// A new order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder {
    pub order_id: OrderId,
    pub enterprise_id: EnterpriseId,
    pub offered: Offered,
    /// People expected, at least 1.
    pub attendees: u32,
    /// The day that the firm would like; binds nobody.
    pub preferred: Option<NaiveDate>,
    pub wish: NoteRef,
    /// Manager of the firm now.
    pub manager: Option<AccountId>,
}

/// What of an offering matters to an order of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    pub offering_id: OfferingId,
    pub department: DepartmentId,
    pub kind: Code,
    /// People that one delivery can take.
    pub capacity: u32,
    pub is_retired: bool,
}

/// When, where and by whom an order is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub start: Timestamp,
    pub responsible: AccountId,
    pub place: NoteRef,
    pub note: Option<NoteRef>,
}

/// A step with an order that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Accept,
    Decline {
        reason: NoteRef,
    },
    Schedule {
        plan: Plan,
    },
    Reschedule {
        plan: Plan,
        reason: NoteRef,
    },
    /// `attendance`: people who came, at least 1.
    Deliver {
        attendance: u32,
        note: NoteRef,
    },
    Rate {
        stars: Stars,
        comment: Option<NoteRef>,
    },
    LapseRating,
    Cancel {
        reason: NoteRef,
    },
    ReachRung {
        clock: ClockKey,
        rung: Code,
    },
    /// The clock that runs goes over to another calendar.
    ChangeCalendar {
        version: String,
    },
}

impl Command {
    pub const fn action(&self) -> Action {
        match self {
            Self::Accept => Action::Accept,
            Self::Decline { .. } => Action::Decline,
            Self::Schedule { .. } => Action::Schedule,
            Self::Reschedule { .. } => Action::Reschedule,
            Self::Deliver { .. } => Action::Deliver,
            Self::Rate { .. } => Action::Rate,
            Self::LapseRating => Action::LapseRating,
            Self::Cancel { .. } => Action::Cancel,
            Self::ReachRung { .. } => Action::ReachRung,
            Self::ChangeCalendar { .. } => Action::ChangeCalendar,
        }
    }
}
