use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{found, proposal};
use crate::{domain::Subject, error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ActivatePolicyPackRequest,
) -> Result<pb::ActivatePolicyPackResponse, WorkflowError> {
    let pb::ActivatePolicyPackRequest { name, version, from_date, request_id: _ } = req;
    let mut f = Fields::new();
    let (version, from) = (found::version(&mut f, &name, version), f.date("from_date", from_date));
    let (Some(version), Some(from)) = (version, from) else { return Err(f.refuse().into()) };
    f.finish()?;
    let mut tx = rpc.db.begin().await?;
    found::pack(&mut tx, &version).await?;
    let answer = |activation| pb::ActivatePolicyPackResponse { activation: Some(activation) };
    proposal::propose(&rpc, &call, tx, Subject::Pack(version), from, answer).await
}
