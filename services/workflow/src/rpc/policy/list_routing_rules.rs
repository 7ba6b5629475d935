use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::convert::number;
use crate::{domain::Route, error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListRoutingRulesRequest,
) -> Result<pb::ListRoutingRulesResponse, WorkflowError> {
    let pb::ListRoutingRulesRequest { page_size, page_token } = req;
    let mut f = Fields::new();
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let now = rpc.clock.now();
    let book = rpc.books.of_today(now).await?;
    let pack = book.in_force(now).policy;
    // Places in another pack are none in this one.
    let bound_to = pack.version.to_string();
    let after = call.open_page(&rpc.page_key, &[&bound_to], &page_token)?;
    let n_before: usize = after.map_or(Ok(0), |cursor| cursor.parse()).map_err(|_| Refusal::PageToken)?;
    let rows = (1_usize..).zip(&pack.routes).skip(n_before).take(size.get() + 1).collect();
    let page = Page::cut(rows, size, |(place, _)| place.to_string());
    Ok(pb::ListRoutingRulesResponse {
        rules: page.rows.iter().map(|(_, route)| shown(route)).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &[&bound_to], page.next.as_deref()),
        total_count: i64::try_from(pack.routes.len()).unwrap_or(i64::MAX),
        pack_name: pack.version.pack.to_string(),
        pack_version: number(pack.version.number),
    })
}

fn shown(route: &Route) -> pb::RoutingRule {
    let Route { category, division, department } = route;
    pb::RoutingRule {
        category: category.to_string(),
        division_prefix: division.clone(),
        department_code: department.clone(),
    }
}
