//! What happened to an order. Its events are its truth; the row is their fold.

use chrono::NaiveDate;
use kernel::{AccountId, DepartmentId, EnterpriseId, OfferingId, OrderId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use super::{Action, ClockKey, Plan, TextField};
use crate::domain::{By, Code, Light, NoteRef, Notify, PolicyVersion, Stars, event::version_number};

/// One event of one order: what its chain hashes. In JSON it has one form, without floats and without free text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Place in the history of the order, from 1 without gaps; also the version of the order after it.
    #[serde(with = "version_number")]
    pub version: Version,
    pub at: Timestamp,
    pub by: By,
    pub fact: Fact,
}

/// What happened. Each kind belongs to one message of the contract's `order_event.proto`, but for a rung, which belongs
/// to one of two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    Placed {
        order_id: OrderId,
        enterprise_id: EnterpriseId,
        offering_id: OfferingId,
        department: DepartmentId,
        offering_kind: Code,
        attendees: u32,
        preferred: Option<NaiveDate>,
        wish: NoteRef,
        /// Manager of the firm at that time.
        manager: Option<AccountId>,
        policy_version: PolicyVersion,
        calendar_version: String,
    },
    Accepted {},
    Declined {
        reason: NoteRef,
    },
    Scheduled {
        plan: Plan,
    },
    Rescheduled {
        plan: Plan,
        reason: NoteRef,
        /// Whether the day that it was scheduled for before was over: then that day counts as missed.
        missed: bool,
    },
    Delivered {
        attendance: u32,
        note: NoteRef,
    },
    Rated {
        stars: Stars,
        comment: Option<NoteRef>,
    },
    RatingLapsed {},
    Cancelled {
        reason: NoteRef,
        /// Whether the clock that ran was past its due time: then it counts as missed.
        missed: bool,
    },
    RungReached {
        clock: ClockKey,
        rung: Code,
        due_at: Timestamp,
        /// Whether the rung stands at the due time or after it.
        overdue: bool,
        light: Option<Light>,
        notify: Vec<Notify>,
    },
    /// The clock that runs goes by this calendar from now on; those that have stopped keep theirs.
    CalendarChanged {
        calendar_version: String,
    },
}

impl Fact {
    /// The tag of the JSON form.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Placed { .. } => "placed",
            Self::Accepted {} => "accepted",
            Self::Declined { .. } => "declined",
            Self::Scheduled { .. } => "scheduled",
            Self::Rescheduled { .. } => "rescheduled",
            Self::Delivered { .. } => "delivered",
            Self::Rated { .. } => "rated",
            Self::RatingLapsed {} => "rating_lapsed",
            Self::Cancelled { .. } => "cancelled",
            Self::RungReached { .. } => "rung_reached",
            Self::CalendarChanged { .. } => "calendar_changed",
        }
    }

    /// The step that it came of.
    pub const fn action(&self) -> Action {
        match self {
            Self::Placed { .. } => Action::Place,
            Self::Accepted {} => Action::Accept,
            Self::Declined { .. } => Action::Decline,
            Self::Scheduled { .. } => Action::Schedule,
            Self::Rescheduled { .. } => Action::Reschedule,
            Self::Delivered { .. } => Action::Deliver,
            Self::Rated { .. } => Action::Rate,
            Self::RatingLapsed {} => Action::LapseRating,
            Self::Cancelled { .. } => Action::Cancel,
            Self::RungReached { .. } => Action::ReachRung,
            Self::CalendarChanged { .. } => Action::ChangeCalendar,
        }
    }

    /// The texts that belong to it, each with what it is.
    pub fn texts(&self) -> Vec<(TextField, NoteRef)> {
        let planned = |plan: &Plan| {
            let mut texts = vec![(TextField::Place, plan.place)];
            texts.extend(plan.note.map(|note| (TextField::ScheduleNote, note)));
            texts
        };
        match self {
            Self::Placed { wish, .. } => vec![(TextField::Wish, *wish)],
            Self::Declined { reason } => vec![(TextField::DeclineReason, *reason)],
            Self::Scheduled { plan } => planned(plan),
            Self::Rescheduled { plan, reason, missed: _ } => {
                let mut texts = planned(plan);
                texts.push((TextField::RescheduleReason, *reason));
                texts
            }
            Self::Delivered { note, .. } => vec![(TextField::DeliveryNote, *note)],
            Self::Rated { comment, .. } => {
                comment.iter().map(|comment| (TextField::RatingComment, *comment)).collect()
            }
            Self::Cancelled { reason, .. } => vec![(TextField::CancelReason, *reason)],
            Self::Accepted {}
            | Self::RatingLapsed {}
            | Self::RungReached { .. }
            | Self::CalendarChanged { .. } => Vec::new(),
        }
    }

    /// A rung or another calendar changes nothing that a step depends on, so an etag read before still holds.
    pub(super) const fn leaves_the_etag(&self) -> bool {
        matches!(self, Self::RungReached { .. } | Self::CalendarChanged { .. })
    }
}
