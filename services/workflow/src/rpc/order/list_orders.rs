use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::convert;
use crate::{
    domain::{local_date, order::next_due},
    error::WorkflowError,
    rpc::{WorkflowRpc, convert::light_from, filter::values, rules},
    store::{
        issues::Viewer,
        orders::{self, OrderFilter, Sort},
    },
};

/// Kinds in one filter.
const MAX_KINDS: usize = 50;

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListOrdersRequest,
) -> Result<pb::ListOrdersResponse, WorkflowError> {
    let pb::ListOrdersRequest { filter, order, page_size, page_token } = req;
    let mut f = Fields::new();
    let filter = parse(&mut f, filter);
    let sort = match f.enumeration_optional("order", order) {
        Some(pb::OrderListOrder::DueFirst) => Sort::NextDue,
        Some(pb::OrderListOrder::NewestFirst | pb::OrderListOrder::Unspecified) | None => Sort::Newest,
    };
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let scope = call.scope();
    let bound_to = [format!("{filter:?}"), format!("{sort:?}"), scope.fingerprint()];
    let bound_to: Vec<&str> = bound_to.iter().map(String::as_str).collect();
    let after = call.open_page(&rpc.page_key, &bound_to, &page_token)?;
    let after = after.map(|cursor| cursor.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let now = rpc.clock.now();
    let viewer = Viewer { scope: &scope, now, today: local_date(now) };
    let mut tx = rpc.db.snapshot().await?;
    let found = orders::list(&mut tx, &viewer, &filter, sort, after.as_ref(), size.limit()).await?;
    let total_count = orders::count(&mut tx, &viewer, &filter).await?;
    let book = rpc.books.covering(&mut tx, found.iter().map(|(order, _)| order)).await?;
    tx.commit().await?;

    let mut rows = Vec::with_capacity(found.len());
    for (order, title) in found {
        let rules = rules(&book, &order)?;
        let beyond = WorkflowError::beyond(&order.calendar_version);
        let shown = convert::listed(&order, title, rules, now).map_err(&beyond)?;
        let cursor = sort.cursor(&order, next_due(&order, rules).map_err(&beyond)?);
        rows.push((shown, cursor));
    }
    let page = Page::cut(rows, size, |(_, cursor)| cursor.to_string());
    Ok(pb::ListOrdersResponse {
        orders: page.rows.into_iter().map(|(shown, _)| shown).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &bound_to, page.next.as_deref()),
        total_count,
    })
}

fn parse(f: &mut Fields, filter: Option<pb::OrderFilter>) -> OrderFilter {
    let pb::OrderFilter {
        states,
        lights,
        kinds,
        offering_id,
        enterprise_id,
        department_id,
        open_only,
        overdue_only,
    } = filter.unwrap_or_default();
    if MAX_KINDS < kinds.len() {
        f.reject("filter.kinds", format!("has more than {MAX_KINDS} values"));
    }
    OrderFilter {
        states: values(f, "filter.states", &states, convert::state_from),
        lights: values(f, "filter.lights", &lights, light_from),
        kinds: kinds.iter().filter_map(|kind| f.parse("filter.kinds", kind)).collect(),
        offering: f.parse_optional("filter.offering_id", &offering_id),
        enterprise: f.parse_optional("filter.enterprise_id", &enterprise_id),
        department: f.parse_optional("filter.department_id", &department_id),
        open_only,
        overdue_only,
    }
}
