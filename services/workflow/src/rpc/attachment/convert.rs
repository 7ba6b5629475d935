//! Files between the contract and the domain.

use proto::workflow::v1 as pb;
use rpc::{Fields, parse::timestamp};

use crate::domain::{Attachment, Audience, Owner, ScanState};

pub(super) fn attachment(file: &Attachment) -> pb::Attachment {
    let (issue_id, draft_id) = match file.owner {
        Owner::Issue(id) => (id.to_string(), String::new()),
        Owner::Draft(id) => (String::new(), id.to_string()),
    };
    pb::Attachment {
        attachment_id: file.id.to_string(),
        issue_id,
        draft_id,
        file_name: file.file_name.clone(),
        media_type: file.media_type.clone(),
        size_bytes: file.n_bytes,
        sha256: file.sha256.to_string(),
        received_sha256: file.received.to_string(),
        audience: audience(file.audience).into(),
        state: state(file.state).into(),
        finding: file.finding.clone().unwrap_or_default(),
        failed_scans: i32::try_from(file.failed_scans).unwrap_or(i32::MAX),
        uploader_id: file.uploader.to_string(),
        upload_time: Some(timestamp(file.uploaded_at)),
        referred: file.is_referred,
        etag: file.version.to_string(),
    }
}

fn audience(audience: Audience) -> pb::AttachmentAudience {
    match audience {
        Audience::Firm => pb::AttachmentAudience::Firm,
        Audience::Department => pb::AttachmentAudience::Department,
        Audience::Joint => pb::AttachmentAudience::Joint,
        Audience::Audit => pb::AttachmentAudience::Audit,
    }
}

pub(super) fn audience_from(audience: pb::AttachmentAudience) -> Option<Audience> {
    match audience {
        pb::AttachmentAudience::Unspecified => None,
        pb::AttachmentAudience::Firm => Some(Audience::Firm),
        pb::AttachmentAudience::Department => Some(Audience::Department),
        pb::AttachmentAudience::Joint => Some(Audience::Joint),
        pb::AttachmentAudience::Audit => Some(Audience::Audit),
    }
}

fn state(state: ScanState) -> pb::AttachmentState {
    match state {
        ScanState::Quarantined => pb::AttachmentState::Quarantined,
        ScanState::Clean => pb::AttachmentState::Clean,
        ScanState::Infected => pb::AttachmentState::Infected,
        ScanState::UnscannedAllowed => pb::AttachmentState::UnscannedAllowed,
    }
}

/// Exactly one of the two owners.
pub(super) fn owner(f: &mut Fields, at: &str, issue_id: &str, draft_id: &str) -> Option<Owner> {
    let issue = f.parse_optional(&format!("{at}issue_id"), issue_id).map(Owner::Issue);
    let draft = f.parse_optional(&format!("{at}draft_id"), draft_id).map(Owner::Draft);
    match (issue_id.is_empty(), draft_id.is_empty()) {
        (true, true) => f.reject(&format!("{at}issue_id"), "give an issue or a draft"),
        (false, false) => f.reject(&format!("{at}draft_id"), "give an issue or a draft, not both"),
        _ => return issue.or(draft),
    }
    None
}
