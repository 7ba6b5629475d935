use proto::workflow::v1 as pb;
use rpc::Call;

use super::proposal;
use crate::{domain::Activation, error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::CancelActivationRequest,
) -> Result<pb::CancelActivationResponse, WorkflowError> {
    let pb::CancelActivationRequest { activation_id, etag, request_id: _ } = req;
    let target = proposal::target(&activation_id, &etag)?;
    let answer = |activation| pb::CancelActivationResponse { activation: Some(activation) };
    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    let cancelled = proposal::decide(&call, &mut tx, target, now, Activation::cancel).await?;
    proposal::keep(&call, tx, &cancelled, now, answer).await
}
