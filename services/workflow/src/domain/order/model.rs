//! An order as its events left it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kernel::{AccountId, DepartmentId, EnterpriseId, OfferingId, OrderId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use super::{ClockKey, Holder, Plan, Run, State};
use crate::domain::{By, Code, NoteRef, Party, PolicyVersion, Stars, event::version_number};

/// An order: the fold of its events, and nothing else. It serialises whole, for the row that keeps the fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub enterprise_id: EnterpriseId,
    pub offering_id: OfferingId,
    pub department: DepartmentId,
    /// Kind of the offering when it was ordered.
    pub kind: Code,
    pub attendees: u32,
    pub preferred: Option<NaiveDate>,
    pub wish: NoteRef,
    pub placed_by: By,
    /// Manager of the firm when it was placed.
    pub manager: Option<AccountId>,
    pub policy_version: PolicyVersion,
    pub calendar_version: String,
    pub stage: Stage,
    /// Every clock that ever started, in the order of their starts; at most one runs.
    pub runs: Vec<Run>,
    /// Everybody who acted on it, with every capacity in which they did.
    pub acted: BTreeMap<AccountId, BTreeSet<Party>>,
    /// Rungs of the ladder that were reached.
    pub rungs: BTreeSet<(ClockKey, Code)>,
    pub reschedules: u32,
    pub placed_at: Timestamp,
    /// When the last event happened.
    pub updated_at: Timestamp,
    /// How many events it has: what a write expects.
    #[serde(with = "version_number")]
    pub version: Version,
    /// Version of the last event that a step may depend on: what a caller has to name. Rungs leave it.
    #[serde(with = "version_number")]
    pub etag: Version,
}

/// Where an order stands, with what belongs to that place alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    Placed,
    Accepted {
        liaison: AccountId,
    },
    Scheduled {
        liaison: AccountId,
        plan: Plan,
    },
    Delivered {
        liaison: AccountId,
        plan: Plan,
        delivery: Delivery,
    },
    Rated {
        liaison: AccountId,
        plan: Plan,
        delivery: Delivery,
        stars: Stars,
        comment: Option<NoteRef>,
        at: Timestamp,
    },
    Unrated {
        liaison: AccountId,
        plan: Plan,
        delivery: Delivery,
        at: Timestamp,
    },
    Declined {
        reason: NoteRef,
        at: Timestamp,
    },
    /// `liaison` and `plan`: as far as it had come.
    Cancelled {
        liaison: Option<AccountId>,
        plan: Option<Plan>,
        reason: NoteRef,
        at: Timestamp,
    },
}

/// That something was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub at: Timestamp,
    pub by: AccountId,
    /// People who came.
    pub attendance: u32,
    pub note: NoteRef,
}

impl Stage {
    pub const fn state(&self) -> State {
        match self {
            Self::Placed => State::Placed,
            Self::Accepted { .. } => State::Accepted,
            Self::Scheduled { .. } => State::Scheduled,
            Self::Delivered { .. } => State::Delivered,
            Self::Rated { .. } => State::Rated,
            Self::Unrated { .. } => State::Unrated,
            Self::Declined { .. } => State::Declined,
            Self::Cancelled { .. } => State::Cancelled,
        }
    }
}

impl Order {
    pub const fn state(&self) -> State {
        self.stage.state()
    }

    pub const fn holder(&self) -> Holder {
        self.state().holder()
    }

    /// Who accepted it.
    pub const fn liaison(&self) -> Option<AccountId> {
        match &self.stage {
            Stage::Placed | Stage::Declined { .. } => None,
            Stage::Accepted { liaison }
            | Stage::Scheduled { liaison, .. }
            | Stage::Delivered { liaison, .. }
            | Stage::Rated { liaison, .. }
            | Stage::Unrated { liaison, .. } => Some(*liaison),
            Stage::Cancelled { liaison, .. } => *liaison,
        }
    }

    /// The plan that stands.
    pub const fn plan(&self) -> Option<&Plan> {
        match &self.stage {
            Stage::Placed | Stage::Accepted { .. } | Stage::Declined { .. } => None,
            Stage::Scheduled { plan, .. }
            | Stage::Delivered { plan, .. }
            | Stage::Rated { plan, .. }
            | Stage::Unrated { plan, .. } => Some(plan),
            Stage::Cancelled { plan, .. } => plan.as_ref(),
        }
    }

    pub const fn delivery(&self) -> Option<&Delivery> {
        match &self.stage {
            Stage::Delivered { delivery, .. }
            | Stage::Rated { delivery, .. }
            | Stage::Unrated { delivery, .. } => Some(delivery),
            Stage::Placed
            | Stage::Accepted { .. }
            | Stage::Scheduled { .. }
            | Stage::Declined { .. }
            | Stage::Cancelled { .. } => None,
        }
    }

    pub const fn closed_at(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Rated { at, .. }
            | Stage::Unrated { at, .. }
            | Stage::Declined { at, .. }
            | Stage::Cancelled { at, .. } => Some(*at),
            Stage::Placed | Stage::Accepted { .. } | Stage::Scheduled { .. } | Stage::Delivered { .. } => {
                None
            }
        }
    }

    /// The texts that are shown with it, each with what it is.
    pub fn texts(&self) -> Vec<(super::TextField, NoteRef)> {
        use super::TextField as F;
        let mut texts = vec![(F::Wish, self.wish)];
        if let Some(plan) = self.plan() {
            texts.push((F::Place, plan.place));
            texts.extend(plan.note.map(|note| (F::ScheduleNote, note)));
        }
        texts.extend(self.delivery().map(|delivery| (F::DeliveryNote, delivery.note)));
        match &self.stage {
            Stage::Rated { comment, .. } => texts.extend(comment.map(|comment| (F::RatingComment, comment))),
            Stage::Declined { reason, .. } => texts.push((F::DeclineReason, *reason)),
            Stage::Cancelled { reason, .. } => texts.push((F::CancelReason, *reason)),
            _ => {}
        }
        texts
    }
}
