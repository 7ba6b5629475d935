use chrono::NaiveDate;
use kernel::{EnterpriseId, Page, PageSize};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal, parse::date};

use super::{RegistryRpc, convert, parse::period};
use crate::{
    domain::day,
    error::RegistryError,
    store::coverage::{self, Wanted},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::ListCoverageRequest,
) -> Result<pb::ListCoverageResponse, RegistryError> {
    let today = day::of(rpc.clock.now());
    let (wanted, size, page_token) = parse(req, today)?;
    let scope = call.scope();
    let filter = format!("{wanted:?} {}", scope.fingerprint());
    let filter = [filter.as_str()];
    let after = call.open_page(&rpc.page_key, &filter, &page_token)?;
    let after: Option<EnterpriseId> =
        after.map(|id| id.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let mut tx = rpc.db.snapshot().await?;
    let rows = coverage::list(&mut tx, &wanted, &scope, today, after, size).await?;
    let total_count = coverage::count(&mut tx, &wanted, &scope, today).await?;
    tx.commit().await?;
    let page = Page::cut(rows, size, |covered| covered.enterprise.to_string());
    Ok(pb::ListCoverageResponse {
        enterprises: page.rows.iter().map(convert::covered).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &filter, page.next.as_deref()),
        total_count,
        as_of_date: Some(date(wanted.as_of)),
    })
}

fn parse(req: pb::ListCoverageRequest, today: NaiveDate) -> Result<(Wanted, PageSize, String), Refusal> {
    let pb::ListCoverageRequest { from_date, to_date, manager_id, covered, page_size, page_token } = req;
    let mut f = Fields::new();
    let period = period(&mut f, from_date, to_date);
    let manager = f.parse_optional("manager_id", &manager_id);
    let size = f.page_size(page_size);
    let (Some((from, to)), Some(size)) = (period, size) else { return Err(f.refuse()) };
    f.finish()?;
    Ok((Wanted { from, to, as_of: to.min(today), manager, covered }, size, page_token))
}
