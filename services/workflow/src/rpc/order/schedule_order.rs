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
    req: pb::ScheduleOrderRequest,
) -> Result<pb::ScheduleOrderResponse, WorkflowError> {
    let pb::ScheduleOrderRequest { order_id, start_time, place, responsible_id, note, etag, request_id: _ } =
        req;
    let mut f = Fields::new();
    let mut texts = NewTexts::new(&rpc);
    let target = step::target(&mut f, &order_id, &etag);
    let asked = step::Asked { start_time, place: &place, responsible_id: &responsible_id, note: &note };
    let plan = step::plan(&mut f, &mut texts, &asked);
    let (Some(target), Some(plan)) = (target, plan) else { return Err(f.refuse().into()) };
    f.finish()?;
    let command = Command::Schedule { plan };
    step::take(&call, target, command, texts, &rpc, |order| pb::ScheduleOrderResponse { order }).await
}
