//! A notice as one person got it.

use kernel::{AccountId, EventId, IssueId, MessageId, Timestamp};

use super::{
    notice::{Language, NoticeKind},
    template::TemplateRef,
};

/// A notice as one person got it; its text never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub id: MessageId,
    pub account: AccountId,
    /// Place in the person's inbox, from 1, without gaps.
    pub number: i64,
    pub event: EventId,
    pub template: TemplateRef,
    pub kind: NoticeKind,
    pub statutory: bool,
    pub language: Language,
    pub subject: String,
    pub body: String,
    /// As of its announcement.
    pub about: String,
    pub issue: Option<IssueId>,
    pub issue_number: String,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
}
