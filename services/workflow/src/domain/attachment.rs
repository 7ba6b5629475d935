//! Files of issues and of drafts: whose they are, for whom, and when they are given out.

use kernel::{AccountId, AttachmentId, DraftId, EnterpriseId, IssueId, Timestamp, Version};
use serde::{Deserialize, Serialize};
use trail::Hash;

use super::{
    named::named,
    note::{from_text, to_text},
};

/// What a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Issue(IssueId),
    Draft(DraftId),
}

named! {
    /// For whom a file is; who uploaded it sees it in any case.
    Audience {
        /// The firm and its manager.
        Firm = "FIRM",
        /// The offices.
        Department = "DEPARTMENT",
        /// Everybody who sees the issue.
        Joint = "JOINT",
        /// Those who audit.
        Audit = "AUDIT",
    }
}

named! {
    /// Whether a file was scanned.
    ScanState {
        Quarantined = "QUARANTINED",
        Clean = "CLEAN",
        Infected = "INFECTED",
        /// There is no scanner, and that is allowed here.
        UnscannedAllowed = "UNSCANNED_ALLOWED",
    }
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub id: AttachmentId,
    pub owner: Owner,
    /// The firm of the issue or draft.
    pub enterprise: EnterpriseId,
    pub audience: Audience,
    pub file_name: String,
    pub media_type: String,
    /// Length in bytes of what is kept.
    pub n_bytes: i64,
    /// Of what is kept.
    pub sha256: Hash,
    /// Of what was sent.
    pub received: Hash,
    /// Where its bytes are in the store.
    pub blob_key: String,
    pub state: ScanState,
    /// What the scanner calls what it found.
    pub finding: Option<String>,
    pub failed_scans: i64,
    pub uploader: AccountId,
    /// Whether it takes of the firm's room.
    pub of_firm: bool,
    pub uploaded_at: Timestamp,
    /// Whether a step refers to it.
    pub is_referred: bool,
    pub version: Version,
}

/// A file as a step refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentRef {
    pub attachment_id: AttachmentId,
    /// Of its bytes; in JSON 64 hexadecimal digits.
    #[serde(serialize_with = "to_text", deserialize_with = "from_text")]
    pub sha256: Hash,
}

/// From which sides somebody looks at an issue; several, for those with several roles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four sides, any number of them at once")]
pub struct Eyes {
    /// As the firm, or as its manager.
    pub firm: bool,
    /// As an office that has to do with it, or a leader.
    pub office: bool,
    /// As one who looks after all issues.
    pub operator: bool,
    /// As one who audits.
    pub auditor: bool,
}

impl Eyes {
    /// Whose files they see.
    pub fn audiences(self) -> Vec<Audience> {
        let sees = |audience: &Audience| match audience {
            Audience::Firm => self.firm || self.operator || self.auditor,
            Audience::Department => self.office || self.operator || self.auditor,
            Audience::Joint => true,
            Audience::Audit => self.auditor,
        };
        Audience::ALL.iter().copied().filter(sees).collect()
    }

    /// For whom a file of theirs is, when they do not say.
    pub fn own_side(self) -> Audience {
        match self {
            Self { firm: true, .. } => Audience::Firm,
            Self { office: true, .. } | Self { operator: true, .. } => Audience::Department,
            Self { auditor: true, .. } => Audience::Audit,
            _ => Audience::Joint,
        }
    }
}

/// How long a scanner that did not answer is left alone, after so many failures: a minute, then twice as long each
/// time, an hour at most.
pub fn pause_after(failed_scans: i64) -> chrono::TimeDelta {
    let doublings = failed_scans.clamp(1, 7) - 1;
    chrono::TimeDelta::minutes(1 << doublings).min(chrono::TimeDelta::hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_side_sees_its_own_files_and_those_for_all() {
        use Audience::{Audit, Department, Firm, Joint};
        let none = Eyes::default();
        let firm = Eyes { firm: true, ..none };
        let office = Eyes { office: true, ..none };
        let operator = Eyes { operator: true, ..none };
        let auditor = Eyes { auditor: true, ..none };
        assert_eq!((firm.audiences(), firm.own_side()), (vec![Firm, Joint], Firm));
        assert_eq!((office.audiences(), office.own_side()), (vec![Department, Joint], Department));
        assert_eq!((operator.audiences(), operator.own_side()), (vec![Firm, Department, Joint], Department));
        assert_eq!((auditor.audiences(), auditor.own_side()), (vec![Firm, Department, Joint, Audit], Audit));
        assert_eq!(none.audiences(), [Joint]);
    }

    #[test]
    fn a_scanner_that_does_not_answer_is_asked_ever_more_seldom_but_every_hour() {
        let minutes: Vec<_> = [1, 2, 3, 6, 7, 8, 1_000].map(|n| pause_after(n).num_minutes()).into();
        assert_eq!(minutes, [1, 2, 4, 32, 60, 60, 60]);
    }
}
