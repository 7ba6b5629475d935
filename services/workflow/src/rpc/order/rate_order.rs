use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::step;
use crate::{
    domain::{Stars, order::Command},
    error::WorkflowError,
    rpc::{WorkflowRpc, texts::NewTexts},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::RateOrderRequest,
) -> Result<pb::RateOrderResponse, WorkflowError> {
    let pb::RateOrderRequest { order_id, stars, comment, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut texts = NewTexts::new(&rpc);
    let target = step::target(&mut f, &order_id, &etag);
    let stars = f.take("stars", Stars::try_from(stars));
    let comment = texts.take_optional(&mut f, "comment", &comment, 1_000);
    let (Some(target), Some(stars)) = (target, stars) else { return Err(f.refuse().into()) };
    f.finish()?;
    let command = Command::Rate { stars, comment };
    step::take(&call, target, command, texts, &rpc, |order| pb::RateOrderResponse { order }).await
}
