use proto::workflow::v1 as pb;
use rpc::Call;

use super::{convert::number, words::so_far};
use crate::{domain::PackWord, error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    _: Call,
    req: pb::ListAuditFailureCodesRequest,
) -> Result<pb::ListAuditFailureCodesResponse, WorkflowError> {
    let pb::ListAuditFailureCodesRequest {} = req;
    let now = rpc.clock.now();
    let book = rpc.books.of_today(now).await?;
    let version = &book.in_force(now).policy.version;
    let found = so_far(&book.packs_so_far(now), |pack| &pack.audit_failures, |failure| &failure.code);
    Ok(pb::ListAuditFailureCodesResponse {
        codes: found.into_iter().map(|(failure, is_in_force)| shown(failure, is_in_force)).collect(),
        pack_name: version.pack.to_string(),
        pack_version: number(version.number),
    })
}

fn shown(failure: &PackWord, in_force: bool) -> pb::AuditFailureCode {
    let PackWord { code, zh, en } = failure;
    pb::AuditFailureCode { code: code.to_string(), name_zh: zh.clone(), name_en: en.clone(), in_force }
}
