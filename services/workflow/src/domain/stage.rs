//! Where an issue stands, with what belongs to that place alone.

use chrono::NaiveDate;
use kernel::{AccountId, IssueId, SectionId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Channel, ClockKey, Desk, NoteRef, Outcome, State, local_date};

/// Where an issue stands, with what belongs to that place alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    Triage,
    Submitted {
        desk: Desk,
    },
    Signed {
        desk: Desk,
    },
    ReturnPending {
        desk: Desk,
    },
    Dispatched {
        post: Post,
    },
    InProgress {
        work: Work,
    },
    AwaitingFirm {
        work: Work,
    },
    Planned {
        work: Work,
        plan: Plan,
    },
    Replied {
        work: Work,
        reply: Reply,
    },
    FedBack {
        work: Work,
        reply: Reply,
        feedback: Feedback,
    },
    Rectifying {
        work: Work,
    },
    PendingAudit {
        work: Work,
        reply: Reply,
        feedback: Feedback,
    },
    Closed {
        work: Work,
        reply: Reply,
        feedback: Feedback,
        at: Timestamp,
    },
    /// `before`: where it goes on if the withdrawal is denied.
    WithdrawPending {
        before: Box<Stage>,
    },
    Withdrawn {
        before: Box<Stage>,
    },
    OutOfScope {
        desk: Option<Desk>,
    },
    Merged {
        into: IssueId,
        desk: Desk,
        heard: Option<Heard>,
    },
}

/// What the firm of a merged issue was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    pub work: Work,
    pub reply: Reply,
    pub feedback: Feedback,
}

/// A section that has an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    pub desk: Desk,
    pub section: SectionId,
}

/// A section that has accepted an issue, and the person who did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    pub post: Post,
    pub handler: AccountId,
}

/// A promise to solve it later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub at: Timestamp,
    pub responsible: AccountId,
    /// Local day by which it will be delivered.
    pub committed: NaiveDate,
}

/// The reply that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub at: Timestamp,
    pub by: AccountId,
    pub outcome: Outcome,
    pub text: NoteRef,
    pub legal_basis: Option<NoteRef>,
    /// The clock that it stopped, C4 or a round of C8: whoever throws the reply back sets it going again.
    pub stopped: ClockKey,
    /// Whether it was given in rectification: there it goes when sent back.
    pub rectifies: bool,
    /// The plan that it was given under.
    pub plan: Option<Plan>,
}

/// How the reply reached the firm. Nothing is audited or closed without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    pub at: Timestamp,
    pub by: AccountId,
    pub channel: Channel,
    pub receipt: NoteRef,
}

impl Stage {
    pub const fn state(&self) -> State {
        match self {
            Self::Triage => State::Triage,
            Self::Submitted { .. } => State::Submitted,
            Self::Signed { .. } => State::Signed,
            Self::ReturnPending { .. } => State::ReturnPending,
            Self::Dispatched { .. } => State::Dispatched,
            Self::InProgress { .. } => State::InProgress,
            Self::AwaitingFirm { .. } => State::AwaitingFirm,
            Self::Planned { .. } => State::Planned,
            Self::Replied { .. } => State::Replied,
            Self::FedBack { .. } => State::FedBack,
            Self::Rectifying { .. } => State::Rectifying,
            Self::PendingAudit { .. } => State::PendingAudit,
            Self::Closed { .. } => State::Closed,
            Self::WithdrawPending { .. } => State::WithdrawPending,
            Self::Withdrawn { .. } => State::Withdrawn,
            Self::OutOfScope { .. } => State::OutOfScope,
            Self::Merged { .. } => State::Merged,
        }
    }

    pub(super) fn work(&self) -> Option<Work> {
        match self {
            Self::Triage
            | Self::Submitted { .. }
            | Self::Signed { .. }
            | Self::ReturnPending { .. }
            | Self::Dispatched { .. }
            | Self::OutOfScope { .. } => None,
            Self::InProgress { work }
            | Self::AwaitingFirm { work }
            | Self::Planned { work, .. }
            | Self::Replied { work, .. }
            | Self::FedBack { work, .. }
            | Self::Rectifying { work }
            | Self::PendingAudit { work, .. }
            | Self::Closed { work, .. } => Some(*work),
            Self::WithdrawPending { before } | Self::Withdrawn { before } => before.work(),
            Self::Merged { heard, .. } => heard.map(|heard| heard.work),
        }
    }

    pub(super) fn post(&self) -> Option<Post> {
        match self {
            Self::Dispatched { post } => Some(*post),
            Self::WithdrawPending { before } | Self::Withdrawn { before } => before.post(),
            _ => self.work().map(|work| work.post),
        }
    }

    pub(super) fn desk(&self) -> Option<Desk> {
        match self {
            Self::Submitted { desk }
            | Self::Signed { desk }
            | Self::ReturnPending { desk }
            | Self::Merged { desk, .. } => Some(*desk),
            Self::OutOfScope { desk } => *desk,
            Self::WithdrawPending { before } | Self::Withdrawn { before } => before.desk(),
            _ => self.post().map(|post| post.desk),
        }
    }

    pub(super) fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Planned { plan, .. } => Some(plan),
            Self::WithdrawPending { before } => before.plan(),
            _ => None,
        }
    }

    pub(super) const fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Replied { reply, .. }
            | Self::FedBack { reply, .. }
            | Self::PendingAudit { reply, .. }
            | Self::Closed { reply, .. }
            | Self::Merged { heard: Some(Heard { reply, .. }), .. } => Some(reply),
            _ => None,
        }
    }

    pub(super) const fn feedback(&self) -> Option<&Feedback> {
        match self {
            Self::FedBack { feedback, .. }
            | Self::PendingAudit { feedback, .. }
            | Self::Closed { feedback, .. }
            | Self::Merged { heard: Some(Heard { feedback, .. }), .. } => Some(feedback),
            _ => None,
        }
    }
}

impl Reply {
    /// Whether what was planned was delivered on the committed day or before. `None`: that is not what it says.
    pub fn plan_kept(&self) -> Option<bool> {
        let plan = self.plan.filter(|_| self.outcome == Outcome::PlannedDelivered)?;
        Some(local_date(self.at) <= plan.committed)
    }
}
