use access::Facts;
use kernel::{Page, PageSize};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal, access_log};
use store::access_events::{self, Wanted};

use super::TrailRpc;
use crate::{error::WorkflowError, rpc::order::after_from};

pub(super) async fn handle(
    rpc: TrailRpc,
    call: Call,
    req: pb::ListAccessEventsRequest,
) -> Result<pb::ListAccessEventsResponse, WorkflowError> {
    let (wanted, size, page_token) = parse(req)?;
    call.require(&Facts::default())?;
    let page_key = &rpc.workflow.page_key;
    let bound_to = format!("{wanted:?}");
    let before = call.open_page(page_key, &[&bound_to], &page_token)?;
    let before = before.map(|cursor| after_from(&cursor).ok_or(Refusal::PageToken)).transpose()?;

    let mut tx = rpc.workflow.db.snapshot().await?;
    let found = access_events::list(&mut tx, &wanted, before, size.limit()).await?;
    tx.commit().await?;
    let page = Page::cut(found, size, |event| format!("{}/{}", event.at.timestamp_micros(), event.id));

    Ok(pb::ListAccessEventsResponse {
        next_page_token: call.seal_page(page_key, &[&bound_to], page.next.as_deref()),
        access_events: page.rows.into_iter().map(access_log::access_event).collect(),
    })
}

fn parse(req: pb::ListAccessEventsRequest) -> Result<(Wanted, PageSize, String), Refusal> {
    let pb::ListAccessEventsRequest {
        principal,
        method,
        outcome,
        from_time,
        until_time,
        page_size,
        page_token,
    } = req;
    let mut f = Fields::new();
    let principal = f.text("principal", &principal, 0, 200);
    let method = f.text("method", &method, 0, 200);
    let outcome = f.enumeration_optional("outcome", outcome).and_then(access_log::outcome_kind);
    let from = f.timestamp_optional("from_time", from_time);
    let until = f.timestamp_optional("until_time", until_time);
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        f.reject("until_time", "must be later than from_time");
    }
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse()) };
    f.finish()?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let wanted = Wanted { principal: given(principal), method: given(method), outcome, from, until };
    Ok((wanted, size, page_token))
}
