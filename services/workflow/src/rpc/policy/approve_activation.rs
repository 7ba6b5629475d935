use proto::workflow::v1 as pb;
use rpc::Call;

use super::proposal;
use crate::{domain::Activation, error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ApproveActivationRequest,
) -> Result<pb::ApproveActivationResponse, WorkflowError> {
    let pb::ApproveActivationRequest { activation_id, etag, request_id: _ } = req;
    let target = proposal::target(&activation_id, &etag)?;
    let answer = |activation| pb::ApproveActivationResponse { activation: Some(activation) };
    proposal::decide(&rpc, &call, target, Activation::approve, answer).await
}
