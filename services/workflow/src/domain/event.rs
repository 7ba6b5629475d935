//! What happened to an issue. Its events are its truth; the row is their fold.

use chrono::NaiveDate;
use kernel::{AccountId, DepartmentId, EnterpriseId, IssueId, SectionId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use super::{
    Action, AttachmentRef, By, Channel, ClockKey, Code, CommentAudience, Difficulty, DivisionCode,
    Escalation, IssueNumber, Level, Light, NoteField, NoteRef, Notify, Outcome, PolicyVersion, Rating, Reply,
    Work, note,
};

/// One event of one issue: what its trail hashes. In JSON it has one form, without floats and without free text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Place in the history of the issue, from 1 without gaps; also the version of the issue after it.
    #[serde(with = "version_number")]
    pub version: Version,
    pub at: Timestamp,
    pub by: By,
    pub fact: Fact,
}

/// The department that has an issue, and its liaison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    pub department: DepartmentId,
    pub liaison: AccountId,
}

/// What happened. Each kind belongs to one message of the contract's `event.proto`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    Submitted {
        issue_id: IssueId,
        number: IssueNumber,
        enterprise_id: EnterpriseId,
        category: Code,
        title: NoteRef,
        description: NoteRef,
        division: DivisionCode,
        /// Manager of the firm at that time.
        manager: Option<AccountId>,
        policy_version: PolicyVersion,
        calendar_version: String,
        difficulty: Difficulty,
        /// Where routing sent it; `None` leaves it to an operator.
        desk: Option<Desk>,
        /// The department that it complains about, which never gets it.
        about: Option<DepartmentId>,
        /// Whether it is kept from everybody who need not know.
        confidential: bool,
    },
    Confirmed {},
    Assigned {
        desk: Desk,
    },
    Signed {
        difficulty: Difficulty,
    },
    Dispatched {
        section: SectionId,
        note: Option<NoteRef>,
    },
    ReturnRequested {
        reason: NoteRef,
        /// What was not known when a return was denied.
        new_fact: Option<NoteRef>,
    },
    /// Another department is in charge.
    ReturnUpheld {
        desk: Desk,
        reason: NoteRef,
    },
    ReturnDenied {
        reason: NoteRef,
    },
    ScopeRejected {
        reason: NoteRef,
    },
    ScopeAppealed {
        reason: NoteRef,
    },
    /// Follows the step that happened too often, in the same transaction.
    Escalated {
        cause: Escalation,
        level: Level,
    },
    CoSectionAdded {
        /// From 1 without gaps.
        task: u32,
        section: SectionId,
        department: DepartmentId,
        note: NoteRef,
    },
    CoTaskReplied {
        task: u32,
        text: NoteRef,
    },
    Accepted {},
    Objected {
        reason: NoteRef,
    },
    FirmAsked {
        question: NoteRef,
    },
    InformationSupplied {
        text: NoteRef,
        /// When the clocks went on: now, or at the end of the time for it if that was before.
        until: Timestamp,
    },
    /// The firm did not answer in time.
    WorkResumed {
        /// When the clocks went on: at the end of the time for it, however late that was noticed.
        until: Timestamp,
    },
    ExtensionRequested {
        working_days: u32,
        reason: NoteRef,
    },
    ExtensionGranted {
        working_days: u32,
        note: Option<NoteRef>,
    },
    ExtensionDenied {
        reason: NoteRef,
    },
    Contacted {
        channel: Channel,
        note: NoteRef,
    },
    Progressed {
        note: NoteRef,
    },
    InterimMeasureRecorded {
        measure: NoteRef,
    },
    Planned {
        responsible: AccountId,
        committed: NaiveDate,
        note: NoteRef,
    },
    Replanned {
        responsible: AccountId,
        committed: NaiveDate,
        reason: NoteRef,
    },
    PlanReviewed {
        note: NoteRef,
    },
    Replied {
        outcome: Outcome,
        text: NoteRef,
        legal_basis: Option<NoteRef>,
        /// Why co-sections were not waited for.
        override_note: Option<NoteRef>,
        /// Files that show what was done.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<AttachmentRef>,
    },
    ReplySentBack {
        reason: NoteRef,
    },
    FedBack {
        channel: Channel,
        receipt: NoteRef,
    },
    Rated {
        rating: Rating,
        low: bool,
        comment: Option<NoteRef>,
    },
    Disputed {
        reason: NoteRef,
    },
    RatingLapsed {},
    /// Always followed by `Closed` in the same transaction.
    AuditPassed {
        note: Option<NoteRef>,
    },
    AuditFailed {
        code: Code,
        note: NoteRef,
    },
    Closed {},
    Reopened {
        reason: NoteRef,
        same_handler: bool,
    },
    WithdrawalRequested {
        reason: NoteRef,
        /// When the clocks went on, if the firm had been asked for something.
        question_until: Option<Timestamp>,
    },
    Withdrawn {
        /// By which way the firm was asked whether it wants that.
        channel: Channel,
        note: NoteRef,
    },
    WithdrawalDenied {
        channel: Channel,
        note: NoteRef,
    },
    Merged {
        into: IssueId,
        /// Of the issue that is handled for both.
        desk: Desk,
    },
    Unmerged {
        reason: NoteRef,
    },
    /// What was replied to the issue that this one was merged into was fed back to the firm of this one too.
    MergedFedBack {
        channel: Channel,
        receipt: NoteRef,
        work: Work,
        reply: Reply,
    },
    Absorbed {
        child: IssueId,
    },
    Released {
        child: IssueId,
    },
    DeliveryNoted {
        child: IssueId,
    },
    Supervised {
        level: Level,
        note: NoteRef,
    },
    Instructed {
        /// From 1 without gaps.
        instruction: u32,
        text: NoteRef,
    },
    InstructionAnswered {
        instruction: u32,
        text: NoteRef,
    },
    Commented {
        audience: CommentAudience,
        /// The writer's, if it is for that department.
        department: Option<DepartmentId>,
        comment: NoteRef,
    },
    Urged {
        note: Option<NoteRef>,
    },
    RungReached {
        #[serde(serialize_with = "note::to_text", deserialize_with = "note::from_text")]
        clock: ClockKey,
        rung: Code,
        due_at: Timestamp,
        light: Option<Light>,
        notify: Vec<Notify>,
    },
    /// From now on its running clocks go by another calendar; those that have stopped keep theirs.
    CalendarChanged {
        calendar_version: String,
    },
}

impl Event {
    /// The kind of event, as the trail calls it.
    pub fn kind(&self) -> &'static str {
        self.fact.kind()
    }
}

impl Fact {
    /// The tag of the JSON form.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Submitted { .. } => "submitted",
            Self::Confirmed {} => "confirmed",
            Self::Assigned { .. } => "assigned",
            Self::Signed { .. } => "signed",
            Self::Dispatched { .. } => "dispatched",
            Self::Accepted {} => "accepted",
            Self::Objected { .. } => "objected",
            Self::Contacted { .. } => "contacted",
            Self::Progressed { .. } => "progressed",
            Self::InterimMeasureRecorded { .. } => "interim_measure_recorded",
            Self::Planned { .. } => "planned",
            Self::Replanned { .. } => "replanned",
            Self::Replied { .. } => "replied",
            Self::ReplySentBack { .. } => "reply_sent_back",
            Self::FedBack { .. } => "fed_back",
            Self::Rated { .. } => "rated",
            Self::Disputed { .. } => "disputed",
            Self::RatingLapsed {} => "rating_lapsed",
            Self::AuditPassed { .. } => "audit_passed",
            Self::AuditFailed { .. } => "audit_failed",
            Self::Closed {} => "closed",
            Self::Reopened { .. } => "reopened",
            Self::ReturnRequested { .. } => "return_requested",
            Self::ReturnUpheld { .. } => "return_upheld",
            Self::ReturnDenied { .. } => "return_denied",
            Self::ScopeRejected { .. } => "scope_rejected",
            Self::ScopeAppealed { .. } => "scope_appealed",
            Self::Escalated { .. } => "escalated",
            Self::CoSectionAdded { .. } => "co_section_added",
            Self::CoTaskReplied { .. } => "co_task_replied",
            Self::FirmAsked { .. } => "firm_asked",
            Self::InformationSupplied { .. } => "information_supplied",
            Self::WorkResumed { .. } => "work_resumed",
            Self::ExtensionRequested { .. } => "extension_requested",
            Self::ExtensionGranted { .. } => "extension_granted",
            Self::ExtensionDenied { .. } => "extension_denied",
            Self::PlanReviewed { .. } => "plan_reviewed",
            Self::WithdrawalRequested { .. } => "withdrawal_requested",
            Self::Withdrawn { .. } => "withdrawn",
            Self::WithdrawalDenied { .. } => "withdrawal_denied",
            Self::Merged { .. } => "merged",
            Self::Unmerged { .. } => "unmerged",
            Self::MergedFedBack { .. } => "merged_fed_back",
            Self::Absorbed { .. } => "absorbed",
            Self::Released { .. } => "released",
            Self::DeliveryNoted { .. } => "delivery_noted",
            Self::Supervised { .. } => "supervised",
            Self::Instructed { .. } => "instructed",
            Self::InstructionAnswered { .. } => "instruction_answered",
            Self::Commented { .. } => "commented",
            Self::Urged { .. } => "urged",
            Self::RungReached { .. } => "rung_reached",
            Self::CalendarChanged { .. } => "calendar_changed",
        }
    }

    /// The step that it came of.
    pub fn action(&self) -> Action {
        match self {
            Self::Submitted { .. } => Action::Submit,
            Self::Confirmed {} => Action::Confirm,
            Self::Assigned { .. } => Action::Assign,
            Self::Signed { .. } => Action::Sign,
            Self::Dispatched { .. } => Action::Dispatch,
            Self::Accepted {} => Action::Accept,
            Self::Objected { .. } => Action::Object,
            Self::Contacted { .. } => Action::RecordContact,
            Self::Progressed { .. } => Action::RecordProgress,
            Self::InterimMeasureRecorded { .. } => Action::RecordInterimMeasure,
            Self::Planned { .. } => Action::Plan,
            Self::Replanned { .. } => Action::Replan,
            Self::Replied { .. } => Action::Reply,
            Self::ReplySentBack { .. } => Action::SendBack,
            Self::FedBack { .. } | Self::MergedFedBack { .. } => Action::FeedBack,
            Self::Rated { .. } => Action::Rate,
            Self::Disputed { .. } => Action::Dispute,
            Self::RatingLapsed {} => Action::LapseRating,
            Self::AuditPassed { .. } | Self::AuditFailed { .. } | Self::Closed {} => Action::Audit,
            Self::Reopened { .. } | Self::Escalated { cause: Escalation::Reopens, .. } => Action::Reopen,
            Self::ReturnRequested { .. } | Self::Escalated { cause: Escalation::Returns, .. } => {
                Action::RequestReturn
            }
            Self::ReturnUpheld { .. } | Self::ReturnDenied { .. } => Action::RuleOnReturn,
            Self::ScopeRejected { .. } => Action::RejectOutOfScope,
            Self::ScopeAppealed { .. } => Action::AppealScope,
            Self::CoSectionAdded { .. } => Action::AddCoSection,
            Self::CoTaskReplied { .. } => Action::ReplyCoTask,
            Self::FirmAsked { .. } => Action::AskFirm,
            Self::InformationSupplied { .. } => Action::SupplyInformation,
            Self::WorkResumed { .. } => Action::ResumeWork,
            Self::ExtensionRequested { .. } => Action::RequestExtension,
            Self::ExtensionGranted { .. } | Self::ExtensionDenied { .. } => Action::DecideExtension,
            Self::PlanReviewed { .. } => Action::ReviewPlan,
            Self::WithdrawalRequested { .. } => Action::RequestWithdrawal,
            Self::Withdrawn { .. } | Self::WithdrawalDenied { .. } => Action::DecideWithdrawal,
            Self::Merged { .. } => Action::Merge,
            Self::Unmerged { .. } => Action::Unmerge,
            Self::Absorbed { .. } => Action::Absorb,
            Self::Released { .. } => Action::Release,
            Self::DeliveryNoted { .. } => Action::NoteDelivery,
            Self::Supervised { .. } => Action::Supervise,
            Self::Instructed { .. } => Action::Instruct,
            Self::InstructionAnswered { .. } => Action::AnswerInstruction,
            Self::Commented { .. } => Action::Comment,
            Self::Urged { .. } => Action::Urge,
            Self::RungReached { .. } => Action::ReachRung,
            Self::CalendarChanged { .. } => Action::ChangeCalendar,
        }
    }

    /// The files that the step refers to.
    pub fn files(&self) -> &[AttachmentRef] {
        if let Self::Replied { evidence, .. } = self { evidence } else { &[] }
    }

    /// The texts that belong to it, each with what it is.
    pub fn notes(&self) -> Vec<(NoteField, NoteRef)> {
        let one = |field, note: &NoteRef| vec![(field, *note)];
        let maybe = |field, note: &Option<NoteRef>| note.iter().map(|note| (field, *note)).collect();
        match self {
            Self::Submitted { title, description, .. } => {
                vec![(NoteField::Title, *title), (NoteField::Description, *description)]
            }
            Self::ReturnRequested { reason, new_fact } => {
                let mut notes = one(NoteField::ReturnReason, reason);
                notes.extend(new_fact.iter().map(|fact| (NoteField::NewFact, *fact)));
                notes
            }
            Self::ReturnUpheld { reason, .. } | Self::ReturnDenied { reason } => {
                one(NoteField::RulingReason, reason)
            }
            Self::ScopeRejected { reason } => one(NoteField::ScopeReason, reason),
            Self::ScopeAppealed { reason } => one(NoteField::AppealReason, reason),
            Self::CoSectionAdded { note, .. } => one(NoteField::CoTaskNote, note),
            Self::CoTaskReplied { text, .. } => one(NoteField::CoTaskReply, text),
            Self::FirmAsked { question } => one(NoteField::Question, question),
            Self::InformationSupplied { text, .. } => one(NoteField::Information, text),
            Self::ExtensionRequested { reason, .. } => one(NoteField::ExtensionReason, reason),
            Self::ExtensionGranted { note, .. } => maybe(NoteField::ExtensionNote, note),
            Self::ExtensionDenied { reason } => one(NoteField::ExtensionNote, reason),
            Self::PlanReviewed { note } => one(NoteField::PlanReview, note),
            Self::WithdrawalRequested { reason, .. } => one(NoteField::WithdrawalReason, reason),
            Self::Withdrawn { note, .. } | Self::WithdrawalDenied { note, .. } => {
                one(NoteField::WithdrawalCheck, note)
            }
            Self::Unmerged { reason } => one(NoteField::UnmergeReason, reason),
            Self::Supervised { note, .. } => one(NoteField::SupervisionNote, note),
            Self::Instructed { text, .. } => one(NoteField::Instruction, text),
            Self::InstructionAnswered { text, .. } => one(NoteField::InstructionAnswer, text),
            Self::Commented { comment, .. } => one(NoteField::Comment, comment),
            Self::Dispatched { note, .. } => maybe(NoteField::DispatchNote, note),
            Self::Objected { reason } => one(NoteField::ObjectionReason, reason),
            Self::Contacted { note, .. } => one(NoteField::ContactNote, note),
            Self::Progressed { note } => one(NoteField::ProgressNote, note),
            Self::InterimMeasureRecorded { measure } => one(NoteField::InterimMeasure, measure),
            Self::Planned { note, .. } => one(NoteField::PlanNote, note),
            Self::Replanned { reason, .. } => one(NoteField::ReplanReason, reason),
            Self::Replied { text, legal_basis, override_note, outcome: _, evidence: _ } => {
                let mut notes = one(NoteField::ReplyText, text);
                notes.extend(legal_basis.iter().map(|basis| (NoteField::LegalBasis, *basis)));
                notes.extend(override_note.iter().map(|note| (NoteField::OverrideNote, *note)));
                notes
            }
            Self::ReplySentBack { reason } => one(NoteField::SendBackReason, reason),
            Self::FedBack { receipt, .. } | Self::MergedFedBack { receipt, .. } => {
                one(NoteField::FeedbackReceipt, receipt)
            }
            Self::Rated { comment, .. } => maybe(NoteField::RatingComment, comment),
            Self::Disputed { reason } => one(NoteField::DisputeReason, reason),
            Self::AuditPassed { note } => maybe(NoteField::AuditNote, note),
            Self::AuditFailed { note, .. } => one(NoteField::AuditNote, note),
            Self::Reopened { reason, .. } => one(NoteField::ReopenReason, reason),
            Self::Urged { note } => maybe(NoteField::UrgeNote, note),
            Self::Confirmed {}
            | Self::Assigned { .. }
            | Self::Signed { .. }
            | Self::Accepted {}
            | Self::Escalated { .. }
            | Self::WorkResumed { .. }
            | Self::Merged { .. }
            | Self::Absorbed { .. }
            | Self::Released { .. }
            | Self::DeliveryNoted { .. }
            | Self::RatingLapsed {}
            | Self::Closed {}
            | Self::RungReached { .. }
            | Self::CalendarChanged { .. } => Vec::new(),
        }
    }

    /// Urges, comments, rungs and calendars change nothing that a step depends on, so an etag read before them still holds.
    pub(super) fn leaves_the_etag(&self) -> bool {
        matches!(
            self,
            Self::Urged { .. }
                | Self::Commented { .. }
                | Self::RungReached { .. }
                | Self::CalendarChanged { .. }
        )
    }
}

pub(super) mod version_number {
    use kernel::Version;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    pub(in crate::domain) fn serialize<S: Serializer>(
        version: &Version,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(version.number())
    }

    pub(in crate::domain) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Version, D::Error> {
        let number = i64::deserialize(deserializer)?;
        if number < 1 {
            return Err(de::Error::custom("a version is at least 1"));
        }
        Ok(Version::new(number))
    }
}
