//! Issues that are not submitted yet.

use access::Facts;
use chrono::TimeDelta;
use proto::workflow::v1::{
    self as pb,
    draft_service_server::{DraftService, DraftServiceServer},
};
use rpc::{Call, Limits, parse::timestamp};
use store::Db;
use tonic::service::RoutesBuilder;

use super::WorkflowRpc;
use crate::{config::DraftLimits, domain::Draft, error::WorkflowError, store::drafts::FoundDraft};

mod discard_draft;
mod get_draft;
mod list_drafts;
mod save_draft;

/// What the RPCs of drafts stand on.
#[derive(Debug, Clone)]
pub(crate) struct DraftRpc {
    workflow: WorkflowRpc,
    limits: DraftLimits,
    /// How long the bytes of discarded files stay.
    keep_removed: TimeDelta,
}

impl rpc::Service for DraftRpc {
    fn db(&self) -> &Db {
        &self.workflow.db
    }
}

pub(super) fn add_to(
    workflow: WorkflowRpc,
    drafts: DraftLimits,
    keep_removed: TimeDelta,
    routes: &mut RoutesBuilder,
    limits: &Limits,
) {
    let drafts = DraftServiceServer::new(DraftRpc { workflow, limits: drafts, keep_removed })
        .max_decoding_message_size(limits.max_request_bytes)
        .max_encoding_message_size(limits.max_response_bytes);
    routes.add_service(drafts);
}

/// What matters to access of a draft: the firm's are for all who act for it, the manager's for nobody else.
pub(crate) fn facts(draft: &Draft) -> Facts {
    if draft.on_behalf {
        Facts { owner: Some(draft.author), ..Facts::default() }
    } else {
        Facts { enterprise: Some(draft.enterprise), ..Facts::default() }
    }
}

/// Refuses a call for a draft that is out of sight: it does not exist.
pub(crate) fn admit(rpc: &WorkflowRpc, call: &Call, draft: &Draft) -> Result<(), WorkflowError> {
    if access::allows(&call.caller, &rpc.draft_sight, &facts(draft)) {
        Ok(())
    } else {
        Err(WorkflowError::DraftNotFound(draft.id))
    }
}

fn shown(found: &FoundDraft, limits: DraftLimits) -> pb::Draft {
    let FoundDraft { draft, n_files } = found;
    pb::Draft {
        draft_id: draft.id.to_string(),
        enterprise_id: draft.enterprise.to_string(),
        author_id: draft.author.to_string(),
        on_behalf: draft.on_behalf,
        category: draft.text.category.clone(),
        title: draft.text.title.clone(),
        description: draft.text.description.clone(),
        division_code: draft.text.division_code.clone(),
        attachment_count: i32::try_from(*n_files).unwrap_or(i32::MAX),
        create_time: Some(timestamp(draft.created_at)),
        update_time: Some(timestamp(draft.updated_at)),
        expire_time: Some(timestamp(draft.touched_at + limits.keep)),
        etag: draft.version.to_string(),
    }
}

rpc::service! {
    impl DraftService, for DraftRpc;
    mutation {
        save_draft(pb::SaveDraftRequest) -> pb::SaveDraftResponse = save_draft::handle;
        discard_draft(pb::DiscardDraftRequest) -> pb::DiscardDraftResponse = discard_draft::handle;
    }
    query {
        get_draft(pb::GetDraftRequest) -> pb::GetDraftResponse = get_draft::handle;
        list_drafts(pb::ListDraftsRequest) -> pb::ListDraftsResponse = list_drafts::handle;
    }
}
