//! Issues that are not submitted yet.

use kernel::{AccountId, DraftId, EnterpriseId, Timestamp, Version};

/// A draft: whatever was written so far, fit for a submission or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub id: DraftId,
    pub enterprise: EnterpriseId,
    pub author: AccountId,
    /// Written by the firm's manager: nobody else sees it.
    pub on_behalf: bool,
    pub text: DraftText,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Last saved, or given a file.
    pub touched_at: Timestamp,
    pub version: Version,
}

/// What a draft says; each part may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DraftText {
    pub category: String,
    pub title: String,
    pub description: String,
    pub division_code: String,
}
