//! Services to order, one file an RPC.

use access::Facts;
use kernel::{AccountId, OrderId};
use proto::workflow::v1::{
    self as pb,
    order_service_server::{OrderService, OrderServiceServer},
};
use rpc::{Call, Limits};
use tonic::service::RoutesBuilder;

use super::{WorkflowRpc, party, submitter};
use crate::{
    domain::{Actor, order::Order},
    error::WorkflowError,
};

pub(crate) mod convert;

mod accept_order;
mod cancel_order;
mod create_offering;
mod decline_order;
mod deliver_order;
mod error;
mod get_offering;
mod get_order;
mod get_order_trail;
mod list_next_order_actions;
mod list_offerings;
mod list_orders;
mod place_order;
mod rate_order;
mod reschedule_order;
mod retire_offering;
mod schedule_order;
mod step;
mod update_offering;

pub(crate) use error::{CHINESE, OrderError};
pub(super) use list_offerings::after_from;

/// Whoever may call this for an order has it in sight.
pub(super) const SIGHT: &str = "/qinqing.workflow.v1.OrderService/GetOrder";

pub(super) fn add_to(rpc: WorkflowRpc, routes: &mut RoutesBuilder, limits: &Limits) {
    let orders = OrderServiceServer::new(rpc)
        .max_decoding_message_size(limits.max_request_bytes)
        .max_encoding_message_size(limits.max_response_bytes);
    routes.add_service(orders);
}

impl WorkflowRpc {
    /// Refuses a call for an order with these facts that no role or scope lets in. Out of sight it does not exist.
    pub(super) fn admit_to_order(
        &self,
        call: &Call,
        order: OrderId,
        facts: &Facts,
    ) -> Result<(), WorkflowError> {
        if call.allows(facts) {
            Ok(())
        } else if access::allows(&call.caller, &self.order_sight, facts) {
            Err(call.not_permitted().into())
        } else {
            Err(OrderError::NotFound(order).into())
        }
    }

    /// The caller with every capacity in which the call's rule lets them in to this order, and every other one in which
    /// they stand to it.
    fn order_actor(&self, call: &Call, facts: &Facts) -> Result<Actor, WorkflowError> {
        let roles = access::roles_allowed(&call.caller, &self.order_sight, facts);
        let stands_as: Vec<_> = roles.into_iter().filter_map(party).collect();
        Ok(submitter(call, facts)?.standing_as(stands_as))
    }
}

/// What matters to access of an order; `manager` manages its firm now.
pub(super) fn facts(order: &Order, manager: Option<AccountId>) -> Facts {
    Facts {
        enterprise: Some(order.enterprise_id),
        manager,
        department: vec![order.department],
        ..Facts::default()
    }
}

/// Who changes an offering: a person, as the rules let nobody else in.
fn person(call: &Call) -> Result<AccountId, WorkflowError> {
    call.caller.account_id().ok_or_else(|| call.not_permitted().into())
}

rpc::service! {
    impl OrderService, for WorkflowRpc;
    mutation {
        create_offering(pb::CreateOfferingRequest) -> pb::CreateOfferingResponse = create_offering::handle;
        update_offering(pb::UpdateOfferingRequest) -> pb::UpdateOfferingResponse = update_offering::handle;
        retire_offering(pb::RetireOfferingRequest) -> pb::RetireOfferingResponse = retire_offering::handle;
        place_order(pb::PlaceOrderRequest) -> pb::PlaceOrderResponse = place_order::handle;
        accept_order(pb::AcceptOrderRequest) -> pb::AcceptOrderResponse = accept_order::handle;
        decline_order(pb::DeclineOrderRequest) -> pb::DeclineOrderResponse = decline_order::handle;
        schedule_order(pb::ScheduleOrderRequest) -> pb::ScheduleOrderResponse = schedule_order::handle;
        reschedule_order(pb::RescheduleOrderRequest) -> pb::RescheduleOrderResponse = reschedule_order::handle;
        deliver_order(pb::DeliverOrderRequest) -> pb::DeliverOrderResponse = deliver_order::handle;
        rate_order(pb::RateOrderRequest) -> pb::RateOrderResponse = rate_order::handle;
        cancel_order(pb::CancelOrderRequest) -> pb::CancelOrderResponse = cancel_order::handle;
    }
    query {
        get_offering(pb::GetOfferingRequest) -> pb::GetOfferingResponse = get_offering::handle;
        list_offerings(pb::ListOfferingsRequest) -> pb::ListOfferingsResponse = list_offerings::handle;
        get_order(pb::GetOrderRequest) -> pb::GetOrderResponse = get_order::handle;
        list_orders(pb::ListOrdersRequest) -> pb::ListOrdersResponse = list_orders::handle;
        list_next_order_actions(pb::ListNextOrderActionsRequest) -> pb::ListNextOrderActionsResponse
            = list_next_order_actions::handle;
        get_order_trail(pb::GetOrderTrailRequest) -> pb::GetOrderTrailResponse = get_order_trail::handle;
    }
}
