use proto::workflow::v1 as pb;
use rpc::{Call, parse::timestamp};
use trail::{Sha256Ed25519, Suite as _};

use super::TrailRpc;
use crate::{
    error::WorkflowError,
    store::trail::{self as log, Head},
};

pub(super) async fn handle(
    rpc: TrailRpc,
    _: Call,
    req: pb::GetTreeHeadRequest,
) -> Result<pb::GetTreeHeadResponse, WorkflowError> {
    let pb::GetTreeHeadRequest {} = req;
    let mut tx = rpc.workflow.db.snapshot().await?;
    let head = log::last_head(&mut tx).await?.ok_or(WorkflowError::TreeHeadMissing)?;
    tx.commit().await?;
    Ok(pb::GetTreeHeadResponse { tree_head: Some(shown(&head)) })
}

pub(super) fn shown(head: &Head) -> pb::TreeHead {
    let Head { signed, taken_at, public_key } = head;
    pb::TreeHead {
        tree_size: i64::try_from(signed.head.size).unwrap_or(i64::MAX),
        root_hash: signed.head.root.as_bytes().to_vec().into(),
        time: Some(timestamp(*taken_at)),
        key_id: Sha256Ed25519.hash(&[public_key]).to_string(),
        signature: signed.signature.clone().into(),
        line: signed.to_json(),
    }
}
