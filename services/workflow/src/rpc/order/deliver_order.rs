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
    req: pb::DeliverOrderRequest,
) -> Result<pb::DeliverOrderResponse, WorkflowError> {
    let pb::DeliverOrderRequest { order_id, attendance, note, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut texts = NewTexts::new(&rpc);
    let target = step::target(&mut f, &order_id, &etag);
    let n_people = u32::try_from(attendance).ok().filter(|n| (1..=100_000).contains(n));
    let attendance = f.take("attendance", n_people.ok_or("must be 1 to 100,000"));
    let note = texts.take(&mut f, "note", &note, 2_000);
    let (Some(target), Some(attendance), Some(note)) = (target, attendance, note) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let command = Command::Deliver { attendance, note };
    step::take(&call, target, command, texts, &rpc, |order| pb::DeliverOrderResponse { order }).await
}
