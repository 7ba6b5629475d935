//! The trace of every issue, for those who follow it and those who check it.

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

mod export_trail;
mod get_trail;
mod get_tree_head;
mod pipe;

/// What the RPCs of the trail stand on.
#[derive(Debug, Clone)]
pub(crate) struct TrailRpc {
    workflow: WorkflowRpc,
    /// Signs exports, and the heads of the log.
    signer: Arc<Ed25519Signer>,
}

impl rpc::Service for TrailRpc {
    fn db(&self) -> &Db {
        &self.workflow.db
    }
}

pub(super) fn add_to(
    workflow: WorkflowRpc,
    signer: Arc<Ed25519Signer>,
    routes: &mut RoutesBuilder,
    limits: &Limits,
) {
    let trail = TrailServiceServer::new(TrailRpc { workflow, signer })
        .max_decoding_message_size(limits.max_request_bytes)
        .max_encoding_message_size(limits.max_response_bytes);
    routes.add_service(trail);
}

rpc::service! {
    impl TrailService, for TrailRpc;
    query {
        get_trail(pb::GetTrailRequest) -> pb::GetTrailResponse = get_trail::handle;
        get_tree_head(pb::GetTreeHeadRequest) -> pb::GetTreeHeadResponse = get_tree_head::handle;
    }
    stream {
        export_trail(pb::ExportTrailRequest) -> ExportTrailStream of pb::ExportTrailResponse = export_trail::handle;
    }
}
