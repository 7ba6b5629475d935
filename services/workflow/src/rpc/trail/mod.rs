//! The trace of every issue, and the log over the chains of issues, orders and cases, for those who follow them and those
//! who check them.

use std::sync::Arc;

use proto::workflow::v1::{
    self as pb,
    trail_service_server::{TrailService, TrailServiceServer},
};
use rpc::Limits;
use store::Db;
use tonic::service::RoutesBuilder;
use trail::Ed25519Signer;

use super::WorkflowRpc;
use crate::events::witness::Witnesses;

mod audit;
mod chain;
mod erase_note;
mod export_trail;
mod get_trail;
mod get_tree_head;
mod list_access_events;
mod pipe;
mod plan;
mod prove_consistency;
mod prove_inclusion;
mod verify_trail;

/// What the RPCs of the trail stand on besides what all stand on.
#[derive(Debug, Clone)]
pub(crate) struct TrailDeps {
    /// Signs exports, and the heads of the log.
    pub signer: Arc<Ed25519Signer>,
    /// Public keys that signed heads before.
    pub earlier_keys: Arc<Vec<Vec<u8>>>,
    /// Keep heads outside of the database.
    pub witnesses: Witnesses,
}

#[derive(Debug, Clone)]
pub(crate) struct TrailRpc {
    workflow: WorkflowRpc,
    signer: Arc<Ed25519Signer>,
    earlier_keys: Arc<Vec<Vec<u8>>>,
    witnesses: Witnesses,
}

impl rpc::Service for TrailRpc {
    fn db(&self) -> &Db {
        &self.workflow.db
    }
}

pub(super) fn add_to(workflow: WorkflowRpc, deps: TrailDeps, routes: &mut RoutesBuilder, limits: &Limits) {
    let TrailDeps { signer, earlier_keys, witnesses } = deps;
    let trail = TrailServiceServer::new(TrailRpc { workflow, signer, earlier_keys, witnesses })
        .max_decoding_message_size(limits.max_request_bytes)
        .max_encoding_message_size(limits.max_response_bytes);
    routes.add_service(trail);
}

rpc::service! {
    impl TrailService, for TrailRpc;
    mutation {
        erase_note(pb::EraseNoteRequest) -> pb::EraseNoteResponse = erase_note::handle;
    }
    query {
        prove_inclusion(pb::ProveInclusionRequest) -> pb::ProveInclusionResponse = prove_inclusion::handle;
        prove_consistency(pb::ProveConsistencyRequest) -> pb::ProveConsistencyResponse = prove_consistency::handle;
        verify_trail(pb::VerifyTrailRequest) -> pb::VerifyTrailResponse = verify_trail::handle;
        get_trail(pb::GetTrailRequest) -> pb::GetTrailResponse = get_trail::handle;
        list_access_events(pb::ListAccessEventsRequest) -> pb::ListAccessEventsResponse = list_access_events::handle;
        get_tree_head(pb::GetTreeHeadRequest) -> pb::GetTreeHeadResponse = get_tree_head::handle;
    }
    stream {
        export_trail(pb::ExportTrailRequest) -> ExportTrailStream of pb::ExportTrailResponse = export_trail::handle;
    }
}
