use chrono::NaiveDate;
use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use uuid::Uuid;

use super::convert;
use crate::{domain::Activation, error::WorkflowError, rpc::WorkflowRpc, store::activations};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListActivationsRequest,
) -> Result<pb::ListActivationsResponse, WorkflowError> {
    let pb::ListActivationsRequest { page_size, page_token } = req;
    let mut f = Fields::new();
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let after = call.open_page(&rpc.page_key, &[], &page_token)?;
    let after = after.map(|cursor| place(&cursor).ok_or(Refusal::PageToken)).transpose()?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let rows = activations::list(&mut tx, after, size.limit()).await?;
    tx.commit().await?;
    let page = Page::cut(rows, size, |Activation { id, from, .. }| format!("{from}/{id}"));
    Ok(pb::ListActivationsResponse {
        activations: page.rows.iter().map(|activation| convert::activation(activation, now)).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &[], page.next.as_deref()),
    })
}

fn place(cursor: &str) -> Option<(NaiveDate, Uuid)> {
    let (day, id) = cursor.split_once('/')?;
    Some((day.parse().ok()?, id.parse().ok()?))
}
