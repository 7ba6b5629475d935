//! What somebody wants done with an issue. Texts were stored beside the trail before; commands refer to them.

use chrono::NaiveDate;
use kernel::{AccountId, DepartmentId, EnterpriseId, IssueId, SectionId};

use super::{
    Action, AttachmentRef, Channel, ClockKey, Code, CommentAudience, Desk, Difficulty, DivisionCode,
    IssueNumber, Level, NoteRef, Outcome, Rating, Reply, Work,
};

/// A new issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitIssue {
    pub issue_id: IssueId,
    /// Given out by the store.
    pub number: IssueNumber,
    pub enterprise_id: EnterpriseId,
    pub category: Code,
    pub title: NoteRef,
    pub description: NoteRef,
    pub division: DivisionCode,
    /// Manager of the firm now.
    pub manager: Option<AccountId>,
    /// The department that `Policy::route` names, with its liaison. `None`: no rule fits, there is no such
    /// department, or nobody could sign there; an operator will assign.
    pub desk: Option<Desk>,
    /// The department that it complains about.
    pub about: Option<DepartmentId>,
    pub confidential: bool,
}

/// A section that has to help, of any department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoSection {
    pub section: SectionId,
    /// The one that the section belongs to.
    pub department: DepartmentId,
    /// What it has to do.
    pub note: NoteRef,
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
        co_sections: Vec<CoSection>,
    },
    RequestReturn {
        reason: NoteRef,
        new_fact: Option<NoteRef>,
    },
    /// Another department is in charge.
    UpholdReturn {
        desk: Desk,
        reason: NoteRef,
    },
    DenyReturn {
        reason: NoteRef,
    },
    RejectOutOfScope {
        reason: NoteRef,
    },
    AppealScope {
        reason: NoteRef,
    },
    AddCoSection(CoSection),
    ReplyCoTask {
        task: u32,
        text: NoteRef,
    },
    Accept,
    Object {
        reason: NoteRef,
    },
    AskFirm {
        question: NoteRef,
    },
    SupplyInformation {
        text: NoteRef,
    },
    ResumeWork,
    RequestExtension {
        working_days: u32,
        reason: NoteRef,
    },
    GrantExtension {
        note: Option<NoteRef>,
    },
    DenyExtension {
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
    ReviewPlan {
        note: NoteRef,
    },
    Reply {
        outcome: Outcome,
        text: NoteRef,
        legal_basis: Option<NoteRef>,
        /// Why co-sections that have not answered are not waited for.
        override_note: Option<NoteRef>,
        evidence: Vec<AttachmentRef>,
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
    RequestWithdrawal {
        reason: NoteRef,
    },
    /// The firm was asked, by another way than it came, and wants it withdrawn.
    ConfirmWithdrawal {
        channel: Channel,
        note: NoteRef,
    },
    DenyWithdrawal {
        channel: Channel,
        note: NoteRef,
    },
    /// `desk`: of the issue that it is merged into.
    Merge {
        into: IssueId,
        desk: Desk,
    },
    Unmerge {
        reason: NoteRef,
    },
    /// What was replied to the issue that this one was merged into is fed back to its firm. `work` and `reply` are
    /// those of that other issue.
    FeedBackMerged {
        channel: Channel,
        receipt: NoteRef,
        work: Work,
        reply: Reply,
    },
    Absorb {
        child: IssueId,
    },
    Release {
        child: IssueId,
    },
    NoteDelivery {
        child: IssueId,
    },
    Supervise {
        level: Level,
        note: NoteRef,
    },
    Instruct {
        text: NoteRef,
    },
    AnswerInstruction {
        instruction: u32,
        text: NoteRef,
    },
    Comment {
        audience: CommentAudience,
        comment: NoteRef,
    },
    Urge {
        note: Option<NoteRef>,
    },
    ReachRung {
        clock: ClockKey,
        rung: Code,
    },
    /// To the calendar of this version, which the rules given have at hand.
    ChangeCalendar {
        version: String,
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
            Self::FeedBack { .. } | Self::FeedBackMerged { .. } => Action::FeedBack,
            Self::Rate { .. } => Action::Rate,
            Self::Dispute { .. } => Action::Dispute,
            Self::LapseRating => Action::LapseRating,
            Self::PassAudit { .. } | Self::FailAudit { .. } => Action::Audit,
            Self::Reopen { .. } => Action::Reopen,
            Self::RequestReturn { .. } => Action::RequestReturn,
            Self::UpholdReturn { .. } | Self::DenyReturn { .. } => Action::RuleOnReturn,
            Self::RejectOutOfScope { .. } => Action::RejectOutOfScope,
            Self::AppealScope { .. } => Action::AppealScope,
            Self::AddCoSection { .. } => Action::AddCoSection,
            Self::ReplyCoTask { .. } => Action::ReplyCoTask,
            Self::AskFirm { .. } => Action::AskFirm,
            Self::SupplyInformation { .. } => Action::SupplyInformation,
            Self::ResumeWork => Action::ResumeWork,
            Self::RequestExtension { .. } => Action::RequestExtension,
            Self::GrantExtension { .. } | Self::DenyExtension { .. } => Action::DecideExtension,
            Self::ReviewPlan { .. } => Action::ReviewPlan,
            Self::RequestWithdrawal { .. } => Action::RequestWithdrawal,
            Self::ConfirmWithdrawal { .. } | Self::DenyWithdrawal { .. } => Action::DecideWithdrawal,
            Self::Merge { .. } => Action::Merge,
            Self::Unmerge { .. } => Action::Unmerge,
            Self::Absorb { .. } => Action::Absorb,
            Self::Release { .. } => Action::Release,
            Self::NoteDelivery { .. } => Action::NoteDelivery,
            Self::Supervise { .. } => Action::Supervise,
            Self::Instruct { .. } => Action::Instruct,
            Self::AnswerInstruction { .. } => Action::AnswerInstruction,
            Self::Comment { .. } => Action::Comment,
            Self::Urge { .. } => Action::Urge,
            Self::ReachRung { .. } => Action::ReachRung,
            Self::ChangeCalendar { .. } => Action::ChangeCalendar,
        }
    }
}
