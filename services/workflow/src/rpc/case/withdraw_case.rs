use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::step;
use crate::{
    domain::case::Step,
    error::WorkflowError,
    rpc::{WorkflowRpc, texts::NewTexts},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::WithdrawCaseRequest,
) -> Result<pb::WithdrawCaseResponse, WorkflowError> {
    let pb::WithdrawCaseRequest { case_id, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let mut texts = NewTexts::new(&rpc);
    let target = step::target(&mut f, &case_id, &etag);
    let reason = texts.take(&mut f, "reason", &reason, 1_000);
    let (Some(target), Some(reason)) = (target, reason) else { return Err(f.refuse().into()) };
    f.finish()?;
    let step = Step::Withdraw { reason };
    step::take(&call, target, step, texts, &rpc, |case| pb::WithdrawCaseResponse { case }).await
}
