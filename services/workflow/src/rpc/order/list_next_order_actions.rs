use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{OrderError, convert, facts};
use crate::{
    domain::{local_date, order::next_actions},
    error::WorkflowError,
    rpc::{WorkflowRpc, rules},
    store::orders::{self, Found},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListNextOrderActionsRequest,
) -> Result<pb::ListNextOrderActionsResponse, WorkflowError> {
    let pb::ListNextOrderActionsRequest { order_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("order_id", &order_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let found = orders::find(&mut tx, id, local_date(now)).await?;
    let Found { order, link: _, manager, offering_title: _ } = found.ok_or(OrderError::NotFound(id))?;
    let facts = facts(&order, manager);
    rpc.admit_to_order(&call, id, &facts)?;
    let book = rpc.books.covering(&mut tx, [&order]).await?;
    tx.commit().await?;
    let actions = next_actions(&order, rules(&book, &order)?, now, &rpc.order_actor(&call, &facts)?)
        .map_err(OrderError::refused(&order.calendar_version))?;
    Ok(pb::ListNextOrderActionsResponse {
        actions: actions.into_iter().map(|action| convert::action(action).into()).collect(),
        etag: order.etag.to_string(),
    })
}
