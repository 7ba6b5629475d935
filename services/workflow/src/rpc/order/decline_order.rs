use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::step;
use crate::{
    domain::order::Command,
    error::WorkflowError,
    rpc::{WorkflowRpc, texts::NewTexts},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::DeclineOrderRequest,
) -> Result<pb::DeclineOrderResponse, WorkflowError> {
    let pb::DeclineOrderRequest { order_id, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut texts = NewTexts::new(&rpc);
    let target = step::target(&mut f, &order_id, &etag);
    let reason = texts.take(&mut f, "reason", &reason, 1_000);
    let (Some(target), Some(reason)) = (target, reason) else { return Err(f.refuse().into()) };
    f.finish()?;
    let command = Command::Decline { reason };
    step::take(&call, target, command, texts, &rpc, |order| pb::DeclineOrderResponse { order }).await
}
