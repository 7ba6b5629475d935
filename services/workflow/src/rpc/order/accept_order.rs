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
    req: pb::AcceptOrderRequest,
) -> Result<pb::AcceptOrderResponse, WorkflowError> {
    let pb::AcceptOrderRequest { order_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let texts = NewTexts::new(&rpc);
    let target = step::target(&mut f, &order_id, &etag);
    let Some(target) = target else { return Err(f.refuse().into()) };
    f.finish()?;
    let command = Command::Accept;
    step::take(&call, target, command, texts, &rpc, |order| pb::AcceptOrderResponse { order }).await
}
