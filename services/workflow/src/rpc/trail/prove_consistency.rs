use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use trail::merkle::{consistency_plan, root_plan};

use super::{TrailRpc, get_tree_head, plan, prove_inclusion};
use crate::{error::WorkflowError, store::trail as log};

pub(super) async fn handle(
    rpc: TrailRpc,
    _: Call,
    req: pb::ProveConsistencyRequest,
) -> Result<pb::ProveConsistencyResponse, WorkflowError> {
    let (first, second) = parse(req)?;
    let mut tx = rpc.workflow.db.snapshot().await?;
    let head = prove_inclusion::head(&mut tx, second).await?;
    let size = head.signed.head.size;
    let unknown = WorkflowError::TreeSizeUnknown { asked: first, newest: size.cast_signed() };
    let plan = consistency_plan(first.cast_unsigned(), size).ok_or(unknown)?;
    let plans = [vec![root_plan(first.cast_unsigned())], plan];
    let nodes = log::nodes(&mut tx, &plan::nodes(&plans)).await?;
    let [root, path] = plans.map(|plan| plan::fold(&plan, &nodes));
    tx.commit().await?;
    Ok(pb::ProveConsistencyResponse {
        first_tree_size: first,
        first_root_hash: root[0].as_bytes().to_vec().into(),
        path: path.iter().map(|hash| hash.as_bytes().to_vec().into()).collect(),
        tree_head: Some(get_tree_head::shown(&head)),
    })
}

fn parse(req: pb::ProveConsistencyRequest) -> Result<(i64, i64), Refusal> {
    let pb::ProveConsistencyRequest { first_tree_size, second_tree_size } = req;
    let mut f = Fields::new();
    for (name, size) in [("first_tree_size", first_tree_size), ("second_tree_size", second_tree_size)] {
        if size < 0 {
            f.reject(name, "is not negative");
        }
    }
    f.finish()?;
    Ok((first_tree_size, second_tree_size))
}
