//! Free text, which events refer to and never contain.

use std::{fmt::Display, str::FromStr};

use kernel::NoteId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::named::named;

/// A text kept beside the trail, where it can be erased: its id, and the salted digest that the trail holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRef {
    pub note_id: NoteId,
    /// As `trail::digest_text` makes it; in JSON 64 hexadecimal digits.
    #[serde(serialize_with = "to_text", deserialize_with = "from_text")]
    pub digest: trail::Hash,
}

named! {
    /// What a text is in its event.
    NoteField {
        Title = "TITLE",
        Description = "DESCRIPTION",
        ReturnReason = "RETURN_REASON",
        NewFact = "NEW_FACT",
        RulingReason = "RULING_REASON",
        ScopeReason = "SCOPE_REASON",
        AppealReason = "APPEAL_REASON",
        CoTaskNote = "CO_TASK_NOTE",
        CoTaskReply = "CO_TASK_REPLY",
        Question = "QUESTION",
        Information = "INFORMATION",
        ExtensionReason = "EXTENSION_REASON",
        ExtensionNote = "EXTENSION_NOTE",
        PlanReview = "PLAN_REVIEW",
        OverrideNote = "OVERRIDE_NOTE",
        WithdrawalReason = "WITHDRAWAL_REASON",
        WithdrawalCheck = "WITHDRAWAL_CHECK",
        UnmergeReason = "UNMERGE_REASON",
        SupervisionNote = "SUPERVISION_NOTE",
        Instruction = "INSTRUCTION",
        InstructionAnswer = "INSTRUCTION_ANSWER",
        Comment = "COMMENT",
        DispatchNote = "DISPATCH_NOTE",
        ObjectionReason = "OBJECTION_REASON",
        ContactNote = "CONTACT_NOTE",
        ProgressNote = "PROGRESS_NOTE",
        InterimMeasure = "INTERIM_MEASURE",
        PlanNote = "PLAN_NOTE",
        ReplanReason = "REPLAN_REASON",
        ReplyText = "REPLY_TEXT",
        LegalBasis = "LEGAL_BASIS",
        SendBackReason = "SEND_BACK_REASON",
        FeedbackReceipt = "FEEDBACK_RECEIPT",
        RatingComment = "RATING_COMMENT",
        DisputeReason = "DISPUTE_REASON",
        AuditNote = "AUDIT_NOTE",
        ReopenReason = "REOPEN_REASON",
        UrgeNote = "URGE_NOTE",
    }
}

impl NoteField {
    /// What the offices write to one another is internal: the firm and its manager do not read it.
    /// A reply is theirs to read once it was fed back, and a comment if it is for them, which the field alone cannot
    /// tell.
    pub const fn is_internal(self) -> bool {
        matches!(
            self,
            Self::DispatchNote
                | Self::ObjectionReason
                | Self::SendBackReason
                | Self::AuditNote
                | Self::FeedbackReceipt
                | Self::ReturnReason
                | Self::NewFact
                | Self::RulingReason
                | Self::CoTaskNote
                | Self::CoTaskReply
                | Self::ExtensionReason
                | Self::ExtensionNote
                | Self::PlanReview
                | Self::OverrideNote
                | Self::WithdrawalCheck
                | Self::UnmergeReason
                | Self::SupervisionNote
                | Self::Instruction
                | Self::InstructionAnswer
        )
    }
}

pub(super) fn to_text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(super) fn from_text<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}
