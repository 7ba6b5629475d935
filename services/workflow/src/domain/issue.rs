//! An issue as its events left it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kernel::{AccountId, DepartmentId, EnterpriseId, IssueId, SectionId, Timestamp, Version};
use serde::{Deserialize, Serialize};
use worktime::{Calendar, OutOfCalendar};

use super::{
    By, Channel, ClockKey, Code, Desk, Difficulty, DivisionCode, Holder, IssueNumber, NoteRef, Outcome,
    Party, Policy, PolicyVersion, Rated, Run, State, Title, event::version_number, local_date,
};

/// An issue: the fold of its events, and nothing else. It serialises whole, for the row that keeps the fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    pub id: IssueId,
    pub number: IssueNumber,
    pub enterprise_id: EnterpriseId,
    pub category: Code,
    pub title: Title,
    pub description: NoteRef,
    pub division: DivisionCode,
    pub raised_by: By,
    /// Manager of the firm when it was submitted.
    pub manager: Option<AccountId>,
    pub confirmed_at: Option<Timestamp>,
    pub policy_version: PolicyVersion,
    pub calendar_version: String,
    pub difficulty: Difficulty,
    pub stage: Stage,
    /// Every clock that ever started, in the order of their starts.
    pub runs: Vec<Run>,
    /// Every state that it was in, the present one last.
    pub path: Vec<Stop>,
    /// Feedback rounds so far.
    pub feedback_rounds: u32,
    /// At most one for each feedback round, in their order.
    pub ratings: Vec<Rated>,
    /// Every close, in order; all but the last are undone.
    pub closings: Vec<Closing>,
    /// Everybody who acted on it, with every capacity in which they did.
    pub acted: BTreeMap<AccountId, BTreeSet<Party>>,
    /// Rungs of the ladder that were reached.
    pub rungs: BTreeSet<(ClockKey, Code)>,
    pub counts: Counts,
    pub urged_by_firm_at: Option<Timestamp>,
    pub submitted_at: Timestamp,
    /// When the last event happened.
    pub updated_at: Timestamp,
    /// How many events it has: what a write expects.
    #[serde(with = "version_number")]
    pub version: Version,
    /// Version of the last event that a step may depend on: what a caller has to name. Urges and rungs leave it.
    #[serde(with = "version_number")]
    pub etag: Version,
}

/// Where an issue stands, with what belongs to that place alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    Triage,
    Submitted { desk: Desk },
    Signed { desk: Desk },
    Dispatched { post: Post },
    InProgress { work: Work },
    Planned { work: Work, plan: Plan },
    Replied { work: Work, reply: Reply },
    FedBack { work: Work, reply: Reply, feedback: Feedback },
    Rectifying { work: Work },
    PendingAudit { work: Work, reply: Reply, feedback: Feedback },
    Closed { work: Work, reply: Reply, feedback: Feedback, at: Timestamp },
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

/// When it came into a state, and who had it then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    pub state: State,
    pub at: Timestamp,
    pub department: Option<DepartmentId>,
    pub section: Option<SectionId>,
}

/// A close, and the reopening that undid it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    pub at: Timestamp,
    pub reopened_at: Option<Timestamp>,
}

/// How often what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub urges: u32,
    pub dispatches: u32,
    pub objections: u32,
    pub contacts: u32,
    pub progress_records: u32,
    pub interim_measures: u32,
    pub replans: u32,
    pub send_backs: u32,
    pub audit_failures: u32,
    /// Low ratings and disputes.
    pub rectifications: u32,
    pub reopens: u32,
}

/// Whether the firm stands by an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// It raised the issue itself.
    NotNeeded,
    Awaited {
        until: Timestamp,
    },
    /// Not in time; it still may.
    Unconfirmed {
        since: Timestamp,
    },
    Confirmed {
        at: Timestamp,
    },
}

impl Stage {
    pub const fn state(&self) -> State {
        match self {
            Self::Triage => State::Triage,
            Self::Submitted { .. } => State::Submitted,
            Self::Signed { .. } => State::Signed,
            Self::Dispatched { .. } => State::Dispatched,
            Self::InProgress { .. } => State::InProgress,
            Self::Planned { .. } => State::Planned,
            Self::Replied { .. } => State::Replied,
            Self::FedBack { .. } => State::FedBack,
            Self::Rectifying { .. } => State::Rectifying,
            Self::PendingAudit { .. } => State::PendingAudit,
            Self::Closed { .. } => State::Closed,
        }
    }

    const fn work(&self) -> Option<Work> {
        match self {
            Self::Triage | Self::Submitted { .. } | Self::Signed { .. } | Self::Dispatched { .. } => None,
            Self::InProgress { work }
            | Self::Planned { work, .. }
            | Self::Replied { work, .. }
            | Self::FedBack { work, .. }
            | Self::Rectifying { work }
            | Self::PendingAudit { work, .. }
            | Self::Closed { work, .. } => Some(*work),
        }
    }

    const fn post(&self) -> Option<Post> {
        match (self, self.work()) {
            (_, Some(work)) => Some(work.post),
            (Self::Dispatched { post }, None) => Some(*post),
            _ => None,
        }
    }

    const fn desk(&self) -> Option<Desk> {
        match (self, self.post()) {
            (_, Some(post)) => Some(post.desk),
            (Self::Submitted { desk } | Self::Signed { desk }, None) => Some(*desk),
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

impl Issue {
    pub const fn state(&self) -> State {
        self.stage.state()
    }

    pub const fn holder(&self) -> Holder {
        self.state().holder()
    }

    pub const fn desk(&self) -> Option<Desk> {
        self.stage.desk()
    }

    pub fn department(&self) -> Option<DepartmentId> {
        self.desk().map(|desk| desk.department)
    }

    pub fn liaison(&self) -> Option<AccountId> {
        self.desk().map(|desk| desk.liaison)
    }

    pub fn section(&self) -> Option<SectionId> {
        self.stage.post().map(|post| post.section)
    }

    pub fn handler(&self) -> Option<AccountId> {
        self.stage.work().map(|work| work.handler)
    }

    /// The plan in force.
    pub const fn plan(&self) -> Option<&Plan> {
        match &self.stage {
            Stage::Planned { plan, .. } => Some(plan),
            _ => None,
        }
    }

    /// The reply that stands.
    pub const fn reply(&self) -> Option<&Reply> {
        match &self.stage {
            Stage::Replied { reply, .. }
            | Stage::FedBack { reply, .. }
            | Stage::PendingAudit { reply, .. }
            | Stage::Closed { reply, .. } => Some(reply),
            _ => None,
        }
    }

    /// The delivery of the reply that stands.
    pub const fn feedback(&self) -> Option<&Feedback> {
        match &self.stage {
            Stage::FedBack { feedback, .. }
            | Stage::PendingAudit { feedback, .. }
            | Stage::Closed { feedback, .. } => Some(feedback),
            _ => None,
        }
    }

    pub const fn closed_at(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Closed { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// Whether somebody else raised it for the firm.
    pub fn is_on_behalf(&self) -> bool {
        self.raised_by.party != Party::Firm
    }

    /// The rating of the present feedback round; what an earlier round got no longer stands.
    pub fn rating(&self) -> Option<&Rated> {
        self.ratings.last().filter(|rated| rated.round == self.feedback_rounds)
    }

    /// Whether the firm confirmed what was raised on its behalf.
    pub fn confirmation(&self, rules: Rules<'_>, now: Timestamp) -> Result<Confirmation, OutOfCalendar> {
        if !self.is_on_behalf() {
            return Ok(Confirmation::NotNeeded);
        }
        if let Some(at) = self.confirmed_at {
            return Ok(Confirmation::Confirmed { at });
        }
        let until = rules.calendar.deadline(self.submitted_at, rules.policy.confirm_window)?;
        Ok(if now <= until {
            Confirmation::Awaited { until }
        } else {
            Confirmation::Unconfirmed { since: until }
        })
    }

    /// Until when the firm may reopen it. `None`: it is open.
    pub fn reopen_until(&self, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
        self.closed_at().map(|at| rules.calendar.deadline(at, rules.policy.reopen_window)).transpose()
    }
}

/// The pack and the calendar that a question about an issue goes by: the versions that it is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub policy: &'a Policy,
    pub calendar: &'a Calendar,
}

impl Rules<'_> {
    /// Whether these are the versions that the issue is bound to.
    pub fn bind(&self, issue: &Issue) -> bool {
        self.policy.version == issue.policy_version && self.calendar.version() == issue.calendar_version
    }
}
