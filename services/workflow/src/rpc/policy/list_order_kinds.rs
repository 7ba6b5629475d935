use proto::workflow::v1 as pb;
use rpc::Call;

use super::{convert::number, words::so_far};
use crate::{domain::PackWord, error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    _: Call,
    req: pb::ListOrderKindsRequest,
) -> Result<pb::ListOrderKindsResponse, WorkflowError> {
    let pb::ListOrderKindsRequest {} = req;
    let now = rpc.clock.now();
    let book = rpc.books.of_today(now).await?;
    let version = &book.in_force(now).policy.version;
    let found = so_far(&book.packs_so_far(now), |pack| &pack.orders.kinds, |kind| &kind.code);
    Ok(pb::ListOrderKindsResponse {
        kinds: found.into_iter().map(|(kind, is_in_force)| shown(kind, is_in_force)).collect(),
        pack_name: version.pack.to_string(),
        pack_version: number(version.number),
    })
}

fn shown(kind: &PackWord, offered: bool) -> pb::OrderKind {
    let PackWord { code, zh, en } = kind;
    pb::OrderKind { code: code.to_string(), name_zh: zh.clone(), name_en: en.clone(), offered }
}
