use proto::workflow::v1 as pb;
use rpc::Call;

use super::{convert::number, words::so_far};
use crate::{domain::Category, error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    _: Call,
    req: pb::ListCategoriesRequest,
) -> Result<pb::ListCategoriesResponse, WorkflowError> {
    let pb::ListCategoriesRequest {} = req;
    let now = rpc.clock.now();
    let book = rpc.books.of_today(now).await?;
    let version = &book.in_force(now).policy.version;
    let found = so_far(&book.packs_so_far(now), |pack| &pack.categories, |category| &category.code);
    Ok(pb::ListCategoriesResponse {
        categories: found.into_iter().map(|(category, is_in_force)| shown(category, is_in_force)).collect(),
        pack_name: version.pack.to_string(),
        pack_version: number(version.number),
    })
}

fn shown(category: &Category, offered: bool) -> pb::IssueCategory {
    let Category { code, zh, en, difficulty: _ } = category;
    pb::IssueCategory { code: code.to_string(), name_zh: zh.clone(), name_en: en.clone(), offered }
}
