//! What is due when, and why.

use proto::workflow::v1::{
    self as pb,
    clock_service_server::{ClockService, ClockServiceServer},
};
use rpc::Limits;
use tonic::service::RoutesBuilder;

use super::WorkflowRpc;

mod deadline;
mod explain_deadlines;
mod list_due;

use deadline::deadline;
pub(super) use list_due::light;

pub(super) fn add_to(rpc: WorkflowRpc, routes: &mut RoutesBuilder, limits: &Limits) {
    let clocks = ClockServiceServer::new(rpc)
        .max_decoding_message_size(limits.max_request_bytes)
        .max_encoding_message_size(limits.max_response_bytes);
    routes.add_service(clocks);
}

rpc::service! {
    impl ClockService, for WorkflowRpc;
    query {
        explain_deadlines(pb::ExplainDeadlinesRequest) -> pb::ExplainDeadlinesResponse = explain_deadlines::handle;
        list_due(pb::ListDueRequest) -> pb::ListDueResponse = list_due::handle;
    }
}
