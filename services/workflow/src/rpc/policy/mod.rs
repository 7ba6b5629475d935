//! Policy packs and working calendars.

use proto::workflow::v1::{
    self as pb,
    policy_pack_service_server::{PolicyPackService, PolicyPackServiceServer},
};
use rpc::{Call, Fields, Limits};
use tonic::service::RoutesBuilder;

use super::WorkflowRpc;
use crate::error::WorkflowError;

mod activate_calendar;
mod activate_policy_pack;
mod approve_activation;
mod cancel_activation;
mod convert;
mod create_calendar;
mod create_policy_pack;
mod found;
mod get_calendar;
mod get_policy_pack;
mod list_activations;
mod list_audit_failure_codes;
mod list_calendars;
mod list_categories;
mod list_order_kinds;
mod list_policy_packs;
mod list_routing_rules;
mod proposal;
mod refused;
mod simulate_policy_pack;
mod validate_calendar;
mod validate_policy_pack;
mod words;

pub(crate) use refused::PolicyRefused;

/// The largest text of a pack or a calendar, in bytes.
const MAX_TEXT: usize = 256 * 1024;

pub(super) fn add_to(rpc: WorkflowRpc, routes: &mut RoutesBuilder, limits: &Limits) {
    let packs = PolicyPackServiceServer::new(rpc)
        .max_decoding_message_size(limits.max_request_bytes)
        .max_encoding_message_size(limits.max_response_bytes);
    routes.add_service(packs);
}

/// A text as it was sent: line numbers count from its very beginning.
fn text(f: &mut Fields, text: &str) {
    if text.is_empty() {
        f.reject("text", "is required");
    } else if MAX_TEXT < text.len() {
        f.reject("text", format!("must have at most {MAX_TEXT} bytes"));
    }
}

/// The person who calls. No rule lets anybody else in.
fn person(call: &Call) -> Result<kernel::AccountId, WorkflowError> {
    call.caller.account_id().ok_or_else(|| call.not_permitted().into())
}

rpc::service! {
    impl PolicyPackService, for WorkflowRpc;
    mutation {
        create_policy_pack(pb::CreatePolicyPackRequest) -> pb::CreatePolicyPackResponse = create_policy_pack::handle;
        activate_policy_pack(pb::ActivatePolicyPackRequest) -> pb::ActivatePolicyPackResponse
            = activate_policy_pack::handle;
        create_calendar(pb::CreateCalendarRequest) -> pb::CreateCalendarResponse = create_calendar::handle;
        activate_calendar(pb::ActivateCalendarRequest) -> pb::ActivateCalendarResponse = activate_calendar::handle;
        approve_activation(pb::ApproveActivationRequest) -> pb::ApproveActivationResponse
            = approve_activation::handle;
        cancel_activation(pb::CancelActivationRequest) -> pb::CancelActivationResponse = cancel_activation::handle;
    }
    query {
        list_policy_packs(pb::ListPolicyPacksRequest) -> pb::ListPolicyPacksResponse = list_policy_packs::handle;
        get_policy_pack(pb::GetPolicyPackRequest) -> pb::GetPolicyPackResponse = get_policy_pack::handle;
        validate_policy_pack(pb::ValidatePolicyPackRequest) -> pb::ValidatePolicyPackResponse
            = validate_policy_pack::handle;
        list_categories(pb::ListCategoriesRequest) -> pb::ListCategoriesResponse = list_categories::handle;
        list_routing_rules(pb::ListRoutingRulesRequest) -> pb::ListRoutingRulesResponse = list_routing_rules::handle;
        list_audit_failure_codes(pb::ListAuditFailureCodesRequest) -> pb::ListAuditFailureCodesResponse
            = list_audit_failure_codes::handle;
        list_order_kinds(pb::ListOrderKindsRequest) -> pb::ListOrderKindsResponse = list_order_kinds::handle;
        list_calendars(pb::ListCalendarsRequest) -> pb::ListCalendarsResponse = list_calendars::handle;
        get_calendar(pb::GetCalendarRequest) -> pb::GetCalendarResponse = get_calendar::handle;
        validate_calendar(pb::ValidateCalendarRequest) -> pb::ValidateCalendarResponse = validate_calendar::handle;
        list_activations(pb::ListActivationsRequest) -> pb::ListActivationsResponse = list_activations::handle;
    }
    stream {
        simulate_policy_pack(pb::SimulatePolicyPackRequest) -> SimulatePolicyPackStream of pb::SimulatePolicyPackResponse
            = simulate_policy_pack::handle;
    }
}
