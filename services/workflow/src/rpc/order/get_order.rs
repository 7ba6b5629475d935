use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{OrderError, convert, facts};
use crate::{
    domain::local_date,
    error::WorkflowError,
    rpc::{WorkflowRpc, rules},
    store::orders::{self, Found},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::GetOrderRequest,
) -> Result<pb::GetOrderResponse, WorkflowError> {
    let pb::GetOrderRequest { order_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("order_id", &order_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let found = orders::find(&mut tx, id, local_date(now)).await?;
    let Found { order, link: _, manager, offering_title } = found.ok_or(OrderError::NotFound(id))?;
    rpc.admit_to_order(&call, id, &facts(&order, manager))?;
    let bodies = orders::texts(&mut tx, &order).await?;
    let book = rpc.books.covering(&mut tx, [&order]).await?;
    tx.commit().await?;
    let shown = convert::whole(&order, offering_title, &bodies, rules(&book, &order)?, now)
        .map_err(WorkflowError::beyond(&order.calendar_version))?;
    Ok(pb::GetOrderResponse { order: Some(shown) })
}
