//! What happened elsewhere, as far as points hang on it.

use chrono::NaiveDate;
use kernel::{AccountId, EnterpriseId, EventId, IssueId, Timestamp, Version, VisitId};
use uuid::Uuid;

use super::{Kind, named::named};

named! {
    /// What a rule may reward or charge.
    Occasion {
        IssueSignedOnTime = "ISSUE_SIGNED_ON_TIME",
        /// The first dispatch of an issue.
        IssueDispatchedOnTime = "ISSUE_DISPATCHED_ON_TIME",
        /// The first contact with the firm.
        FirmContactedOnTime = "FIRM_CONTACTED_ON_TIME",
        /// A reply says that the issue is solved.
        IssueResolved = "ISSUE_RESOLVED",
        /// A reply says that what was planned was delivered by the committed date.
        PlanKept = "PLAN_KEPT",
        PlanDeliveredLate = "PLAN_DELIVERED_LATE",
        RatedFiveStars = "RATED_FIVE_STARS",
        RatedFourStars = "RATED_FOUR_STARS",
        /// Rated so low that rectification follows.
        RatedLow = "RATED_LOW",
        /// Rated well after an earlier round was rated low or disputed.
        Rectified = "RECTIFIED",
        /// A reply after its clock was due; the one occasion that is measured in working time.
        ReplyOverdue = "REPLY_OVERDUE",
        AuditFailed = "AUDIT_FAILED",
        VisitConfirmed = "VISIT_CONFIRMED",
    }
}

impl Occasion {
    /// Whether it is about a visit; all others are about issues.
    pub(crate) fn is_of_visits(self) -> bool {
        self == Self::VisitConfirmed
    }

    /// Whether the one who acts passes judgement on the one who is paid, so that nobody may be both.
    pub(crate) fn is_judgement(self) -> bool {
        matches!(
            self,
            Self::RatedFiveStars
                | Self::RatedFourStars
                | Self::RatedLow
                | Self::Rectified
                | Self::VisitConfirmed
        )
    }
}

/// An event that points may hang on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub event: EventId,
    /// Full name of the payload message.
    pub event_type: String,
    /// Place of the event in the course of its subject.
    pub version: Version,
    pub at: Timestamp,
    pub what: Happening,
}

/// What an event says, without its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happening {
    pub subject: Subject,
    pub enterprise: EnterpriseId,
    /// Who acted; `None` for a machine client or the system.
    pub actor: Option<AccountId>,
    pub parties: Parties,
    pub occasions: Vec<Occasion>,
    /// With [`Occasion::ReplyOverdue`].
    pub lateness: Option<Lateness>,
    /// Day of a visit.
    pub on_day: Option<NaiveDate>,
    pub effect: Effect,
}

impl Happening {
    /// Whether anything in the ledger can depend on it.
    pub(crate) fn matters(&self) -> bool {
        !self.occasions.is_empty() || self.effect != Effect::None
    }
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Issue { id: IssueId, number: String },
    Visit(VisitId),
}

impl Subject {
    pub(crate) fn uuid(&self) -> Uuid {
        match self {
            Self::Issue { id, .. } => id.uuid(),
            Self::Visit(id) => id.uuid(),
        }
    }
}

/// Who had to do with it at the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parties {
    pub manager: Option<AccountId>,
    pub liaison: Option<AccountId>,
    pub handler: Option<AccountId>,
}

impl Parties {
    pub(crate) fn of_kind(&self, kind: Kind) -> Option<AccountId> {
        match kind {
            Kind::Manager => self.manager,
            Kind::Liaison => self.liaison,
            Kind::SectionHandler => self.handler,
        }
    }
}

/// By how much which clock was late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lateness {
    /// As `C4`.
    pub clock: String,
    /// At least 1.
    pub working_seconds: i64,
}

named! {
    /// What an event means for earlier entries of its subject that wait for the audit.
    Effect {
        None = "NONE",
        /// The audit passed: they count.
        Pass = "PASS",
        /// The reply does not stand, or no longer: they are void.
        Unsettle = "UNSETTLE",
    }
}
