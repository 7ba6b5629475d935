//! What somebody wants done with an issue. Texts were stored beside the trail before; commands refer to them.

use chrono::NaiveDate;
use kernel::{AccountId, DepartmentId, EnterpriseId, IssueId, SectionId};

use super::{
    Action, Channel, ClockKey, Code, Desk, Difficulty, DivisionCode, IssueNumber, NoteRef, Outcome, Rating,
    Title,
};

/// A new issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitIssue {
    pub issue_id: IssueId,
    /// Given out by the store.
    pub number: IssueNumber,
    pub enterprise_id: EnterpriseId,
    pub category: Code,
    pub title: Title,
    pub description: NoteRef,
    pub division: DivisionCode,
    /// Manager of the firm now.
    pub manager: Option<AccountId>,
    /// The department that `Policy::route` names, with its liaison. `None`: no rule fits, there is no such
    /// department, or nobody could sign there; an operator will assign.
    pub desk: Option<Desk>,
}

/// A step with an issue that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Confirm,
    Assign {
        desk: Desk,
    },
    /// `None` keeps the difficulty that the category gave.
    Sign {
        difficulty: Option<Difficulty>,
    },
    /// `department`: the one that the section belongs to.
    Dispatch {
        section: SectionId,
        department: DepartmentId,
        note: Option<NoteRef>,
    },
    Accept,
    Object {
        reason: NoteRef,
    },
    RecordContact {
        channel: Channel,
        note: NoteRef,
    },
    RecordProgress {
        note: NoteRef,
    },
    RecordInterimMeasure {
        measure: NoteRef,
    },
    Plan {
        responsible: AccountId,
        committed: NaiveDate,
        note: NoteRef,
    },
    Replan {
        responsible: AccountId,
        committed: NaiveDate,
        reason: NoteRef,
    },
    Reply {
        outcome: Outcome,
        text: NoteRef,
        legal_basis: Option<NoteRef>,
    },
    SendBack {
        reason: NoteRef,
    },
    FeedBack {
        channel: Channel,
        receipt: NoteRef,
    },
    Rate {
        rating: Rating,
        comment: Option<NoteRef>,
    },
    Dispute {
        reason: NoteRef,
    },
    LapseRating,
    PassAudit {
        note: Option<NoteRef>,
    },
    FailAudit {
        code: Code,
        note: NoteRef,
    },
    Reopen {
        reason: NoteRef,
    },
    Urge {
        note: Option<NoteRef>,
    },
    ReachRung {
        clock: ClockKey,
        rung: Code,
    },
}

impl Command {
    pub const fn action(&self) -> Action {
        match self {
            Self::Confirm => Action::Confirm,
            Self::Assign { .. } => Action::Assign,
            Self::Sign { .. } => Action::Sign,
            Self::Dispatch { .. } => Action::Dispatch,
            Self::Accept => Action::Accept,
            Self::Object { .. } => Action::Object,
            Self::RecordContact { .. } => Action::RecordContact,
            Self::RecordProgress { .. } => Action::RecordProgress,
            Self::RecordInterimMeasure { .. } => Action::RecordInterimMeasure,
            Self::Plan { .. } => Action::Plan,
            Self::Replan { .. } => Action::Replan,
            Self::Reply { .. } => Action::Reply,
            Self::SendBack { .. } => Action::SendBack,
            Self::FeedBack { .. } => Action::FeedBack,
            Self::Rate { .. } => Action::Rate,
            Self::Dispute { .. } => Action::Dispute,
            Self::LapseRating => Action::LapseRating,
            Self::PassAudit { .. } | Self::FailAudit { .. } => Action::Audit,
            Self::Reopen { .. } => Action::Reopen,
            Self::Urge { .. } => Action::Urge,
            Self::ReachRung { .. } => Action::ReachRung,
        }
    }
}
