//! Excellent cases, one file an RPC.

use access::Facts;
use kernel::DepartmentId;
use proto::workflow::v1::{
    self as pb,
    case_service_server::{CaseService, CaseServiceServer},
};
use rpc::Limits;
use tonic::service::RoutesBuilder;

use super::WorkflowRpc;

pub(crate) mod convert;

mod directory;
mod error;
mod get_case;
mod get_case_draft;
mod get_case_history;
mod get_published_case;
mod list_cases;
mod list_published_cases;
mod nominate_case;
mod publish_case;
mod review_case;
mod step;
mod withdraw_case;

pub(crate) use error::{CHINESE, CaseError};

pub(super) fn add_to(rpc: WorkflowRpc, routes: &mut RoutesBuilder, limits: &Limits) {
    let cases = CaseServiceServer::new(rpc)
        .max_decoding_message_size(limits.max_request_bytes)
        .max_encoding_message_size(limits.max_response_bytes);
    routes.add_service(cases);
}

/// What matters to access of a case. The firm is none of it: nobody is let in for its sake.
pub(super) fn case_facts(department: DepartmentId) -> Facts {
    Facts { department: vec![department], ..Facts::default() }
}

rpc::service! {
    impl CaseService, for WorkflowRpc;
    mutation {
        nominate_case(pb::NominateCaseRequest) -> pb::NominateCaseResponse = nominate_case::handle;
        review_case(pb::ReviewCaseRequest) -> pb::ReviewCaseResponse = review_case::handle;
        publish_case(pb::PublishCaseRequest) -> pb::PublishCaseResponse = publish_case::handle;
        withdraw_case(pb::WithdrawCaseRequest) -> pb::WithdrawCaseResponse = withdraw_case::handle;
    }
    query {
        get_case_draft(pb::GetCaseDraftRequest) -> pb::GetCaseDraftResponse = get_case_draft::handle;
        get_case(pb::GetCaseRequest) -> pb::GetCaseResponse = get_case::handle;
        list_cases(pb::ListCasesRequest) -> pb::ListCasesResponse = list_cases::handle;
        get_published_case(pb::GetPublishedCaseRequest) -> pb::GetPublishedCaseResponse = get_published_case::handle;
        list_published_cases(pb::ListPublishedCasesRequest) -> pb::ListPublishedCasesResponse
            = list_published_cases::handle;
        get_case_history(pb::GetCaseHistoryRequest) -> pb::GetCaseHistoryResponse = get_case_history::handle;
    }
}
