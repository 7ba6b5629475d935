//! What happened to a case. Its events are its truth; the row is their fold.

use kernel::{CaseId, DepartmentId, IssueId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use super::{Action, Decision, Level, TextField};
use crate::domain::{By, Code, NoteRef, event::version_number};

/// One event of one case: what its chain hashes. In JSON it has one form, without free text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Place in the history of the case, from 1 without gaps; also the version of the case after it.
    #[serde(with = "version_number")]
    pub version: Version,
    pub at: Timestamp,
    pub by: By,
    pub fact: Fact,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    Nominated {
        case_id: CaseId,
        issue_id: IssueId,
        category: Code,
        department: DepartmentId,
        title: NoteRef,
        text: NoteRef,
    },
    Reviewed {
        decision: Decision,
        /// There is one if it was accepted.
        level: Option<Level>,
        reason: Option<NoteRef>,
    },
    Published {},
    Withdrawn {
        reason: NoteRef,
    },
}

impl Fact {
    /// The tag of the JSON form.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Nominated { .. } => "nominated",
            Self::Reviewed { .. } => "reviewed",
            Self::Published {} => "published",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    /// The step that it came of.
    pub const fn action(&self) -> Action {
        match self {
            Self::Nominated { .. } => Action::Nominate,
            Self::Reviewed { .. } => Action::Review,
            Self::Published {} => Action::Publish,
            Self::Withdrawn { .. } => Action::Withdraw,
        }
    }

    /// The texts that belong to it, each with what it is.
    pub fn texts(&self) -> Vec<(TextField, NoteRef)> {
        match self {
            Self::Nominated { title, text, .. } => {
                vec![(TextField::Title, *title), (TextField::Text, *text)]
            }
            Self::Reviewed { reason, .. } => {
                reason.iter().map(|reason| (TextField::ReviewReason, *reason)).collect()
            }
            Self::Published {} => Vec::new(),
            Self::Withdrawn { reason } => vec![(TextField::WithdrawReason, *reason)],
        }
    }
}
