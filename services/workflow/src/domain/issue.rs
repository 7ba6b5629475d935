//! An issue as its events left it.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{AccountId, AttachmentId, DepartmentId, EnterpriseId, IssueId, SectionId, Timestamp, Version};
use serde::{Deserialize, Serialize};
use worktime::OutOfCalendar;

use super::{
    By, ClockId, ClockKey, Code, Desk, Difficulty, DivisionCode, Feedback, Holder, IssueNumber, Level,
    NoteRef, Party, Plan, PolicyVersion, Rated, Reply, Rules, Run, Stage, State, Work, event::version_number,
};

/// No pack lets a firm urge more often on a working day, so what came before these decides nothing.
pub const MOST_URGES_KEPT: usize = 20;

/// An issue: the fold of its events, and nothing else. It serialises whole, for the row that keeps the fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    pub id: IssueId,
    pub number: IssueNumber,
    pub enterprise_id: EnterpriseId,
    pub category: Code,
    pub title: NoteRef,
    pub description: NoteRef,
    pub division: DivisionCode,
    /// The department that it complains about: it never gets the issue.
    pub about: Option<DepartmentId>,
    /// Whether it is kept from everybody who need not know.
    pub confidential: bool,
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
    /// Whether the department that has it asked for a return in vain.
    pub return_denied: bool,
    /// The last rejection as out of scope.
    pub rejection: Option<Rejection>,
    /// What the firm was asked: the ledger of suspensions.
    pub questions: Vec<FirmQuestion>,
    /// An extension that waits for the decision.
    pub extension: Option<ExtensionRequest>,
    /// In the order of their numbers, from 1.
    pub co_tasks: Vec<CoTask>,
    /// In the order of their numbers, from 1.
    pub instructions: Vec<Instruction>,
    /// The issues that were merged into it, each with whether its firm heard of the last reply.
    pub children: BTreeMap<IssueId, bool>,
    /// Files that the last reply refers to.
    #[serde(default)]
    pub evidence: Vec<AttachmentId>,
    pub supervision: Level,
    /// Rungs of the ladder that were reached.
    pub rungs: BTreeSet<(ClockKey, Code)>,
    pub counts: Counts,
    /// When the firm urged, in order: the last times, [`MOST_URGES_KEPT`] at most.
    #[serde(default)]
    pub urged_by_firm: Vec<Timestamp>,
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

/// A rejection as out of scope, and the one appeal against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub at: Timestamp,
    pub by: AccountId,
    pub appealed_at: Option<Timestamp>,
}

/// A question to the firm. While it was open, C3 and C4 stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirmQuestion {
    pub asked_at: Timestamp,
    /// The answer, or the end of the time for it. `None`: it is open.
    pub ended_at: Option<Timestamp>,
}

/// An extension that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionRequest {
    pub at: Timestamp,
    pub by: AccountId,
    pub working_days: u32,
}

/// What another section has to do for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoTask {
    pub department: DepartmentId,
    pub section: SectionId,
    pub at: Timestamp,
    pub end: CoTaskEnd,
}

/// Where a co-section's task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoTaskEnd {
    Open,
    Replied {
        at: Timestamp,
        by: AccountId,
    },
    /// The lead replied without it, its section became the lead, or the issue went to another department or ended.
    Dropped {
        at: Timestamp,
    },
}

/// An instruction of a leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    pub at: Timestamp,
    pub by: AccountId,
    pub answered_at: Option<Timestamp>,
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
    pub returns: u32,
    pub returns_upheld: u32,
    pub extensions: u32,
    pub plan_reviews: u32,
    pub withdrawals_denied: u32,
    pub comments: u32,
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

impl Issue {
    pub fn state(&self) -> State {
        self.stage.state()
    }

    pub fn holder(&self) -> Holder {
        self.state().holder()
    }

    pub fn desk(&self) -> Option<Desk> {
        self.stage.desk()
    }

    /// The same, with the liaison that its department has now where nobody has signed yet: that of the day on which it
    /// came may have been followed by another.
    #[must_use]
    pub fn at_desk_of_now(mut self, now: Desk) -> Self {
        if let Stage::Submitted { desk } = &mut self.stage
            && desk.department == now.department
        {
            *desk = now;
        }
        self
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

    /// The section that has it, with the person who does.
    pub fn work(&self) -> Option<Work> {
        self.stage.work()
    }

    /// The plan in force.
    pub fn plan(&self) -> Option<&Plan> {
        self.stage.plan()
    }

    /// The reply that stands.
    pub fn reply(&self) -> Option<&Reply> {
        self.stage.reply()
    }

    /// The delivery of the reply that stands.
    pub fn feedback(&self) -> Option<&Feedback> {
        self.stage.feedback()
    }

    pub fn closed_at(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Closed { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// The issue that is handled for this one too.
    pub const fn merged_into(&self) -> Option<IssueId> {
        match &self.stage {
            Stage::Merged { into, .. } => Some(*into),
            _ => None,
        }
    }

    /// The clock in the round that runs now.
    pub fn running(&self, id: ClockId) -> Option<&Run> {
        self.runs.iter().find(|run| run.key.id == id && run.is_running())
    }

    /// The tasks of co-sections that were not answered, by their numbers.
    pub fn open_co_tasks(&self) -> impl Iterator<Item = (u32, &CoTask)> {
        (1..).zip(&self.co_tasks).filter(|(_, task)| task.end == CoTaskEnd::Open)
    }

    /// Whether somebody else raised it for the firm.
    pub fn is_on_behalf(&self) -> bool {
        self.raised_by.party != Party::Firm
    }

    /// Whether the firm's manager may know of it. A confidential one is kept from them, unless they raised it.
    pub fn is_open_to_manager(&self, manager: AccountId) -> bool {
        !self.confidential || self.raised_by.account() == Some(manager)
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

    /// Whether another calendar alters anything: while it is open, or its firm has a vote after a merging.
    pub(super) fn heeds_the_calendar(&self) -> bool {
        self.state().is_open() || self.runs.iter().any(Run::is_running)
    }

    /// Until when the firm may reopen it. `None`: it is open.
    pub fn reopen_until(&self, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
        self.closed_at().map(|at| rules.calendar.deadline(at, rules.policy.reopen_window)).transpose()
    }
}
