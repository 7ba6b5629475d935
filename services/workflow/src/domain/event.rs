//! What happened to an issue. Its events are its truth; the row is their fold.

use chrono::NaiveDate;
use kernel::{AccountId, DepartmentId, EnterpriseId, IssueId, SectionId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use super::{
    Action, By, Channel, ClockKey, Code, Difficulty, DivisionCode, IssueNumber, Light, NoteField, NoteRef,
    Notify, Outcome, PolicyVersion, Rating, Title, note,
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
        title: Title,
        description: NoteRef,
        division: DivisionCode,
        /// Manager of the firm at that time.
        manager: Option<AccountId>,
        policy_version: PolicyVersion,
        calendar_version: String,
        difficulty: Difficulty,
        /// Where routing sent it; `None` leaves it to an operator.
        desk: Option<Desk>,
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
    Accepted {},
    Objected {
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
    Replied {
        outcome: Outcome,
        text: NoteRef,
        legal_basis: Option<NoteRef>,
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
            Self::Urged { .. } => "urged",
            Self::RungReached { .. } => "rung_reached",
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
            Self::FedBack { .. } => Action::FeedBack,
            Self::Rated { .. } => Action::Rate,
            Self::Disputed { .. } => Action::Dispute,
            Self::RatingLapsed {} => Action::LapseRating,
            Self::AuditPassed { .. } | Self::AuditFailed { .. } | Self::Closed {} => Action::Audit,
            Self::Reopened { .. } => Action::Reopen,
            Self::Urged { .. } => Action::Urge,
            Self::RungReached { .. } => Action::ReachRung,
        }
    }

    /// The texts that belong to it, each with what it is.
    pub fn notes(&self) -> Vec<(NoteField, NoteRef)> {
        let one = |field, note: &NoteRef| vec![(field, *note)];
        let maybe = |field, note: &Option<NoteRef>| note.iter().map(|note| (field, *note)).collect();
        match self {
            Self::Submitted { description, .. } => one(NoteField::Description, description),
            Self::Dispatched { note, .. } => maybe(NoteField::DispatchNote, note),
            Self::Objected { reason } => one(NoteField::ObjectionReason, reason),
            Self::Contacted { note, .. } => one(NoteField::ContactNote, note),
            Self::Progressed { note } => one(NoteField::ProgressNote, note),
            Self::InterimMeasureRecorded { measure } => one(NoteField::InterimMeasure, measure),
            Self::Planned { note, .. } => one(NoteField::PlanNote, note),
            Self::Replanned { reason, .. } => one(NoteField::ReplanReason, reason),
            Self::Replied { text, legal_basis, .. } => {
                let mut notes = one(NoteField::ReplyText, text);
                notes.extend(legal_basis.iter().map(|basis| (NoteField::LegalBasis, *basis)));
                notes
            }
            Self::ReplySentBack { reason } => one(NoteField::SendBackReason, reason),
            Self::FedBack { receipt, .. } => one(NoteField::FeedbackReceipt, receipt),
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
            | Self::RatingLapsed {}
            | Self::Closed {}
            | Self::RungReached { .. } => Vec::new(),
        }
    }

    /// Urges and rungs change nothing that a step depends on, so an etag read before them still holds.
    pub(super) fn leaves_the_etag(&self) -> bool {
        matches!(self, Self::Urged { .. } | Self::RungReached { .. })
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
