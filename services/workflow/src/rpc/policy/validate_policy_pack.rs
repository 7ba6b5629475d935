use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{convert, text as text_field};
use crate::{domain::Policy, error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    _: WorkflowRpc,
    _: Call,
    req: pb::ValidatePolicyPackRequest,
) -> Result<pb::ValidatePolicyPackResponse, WorkflowError> {
    let pb::ValidatePolicyPackRequest { text } = req;
    let mut f = Fields::new();
    text_field(&mut f, &text);
    f.finish()?;
    let faults = Policy::faults(&text).into_iter().map(convert::fault).collect();
    Ok(pb::ValidatePolicyPackResponse { faults })
}
