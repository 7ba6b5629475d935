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
    req: pb::PublishCaseRequest,
) -> Result<pb::PublishCaseResponse, WorkflowError> {
    let pb::PublishCaseRequest { case_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let Some(target) = step::target(&mut f, &case_id, &etag) else { return Err(f.refuse().into()) };
    f.finish()?;
    let texts = NewTexts::new(&rpc);
    step::take(&call, target, Step::Publish, texts, &rpc, |case| pb::PublishCaseResponse { case }).await
}
