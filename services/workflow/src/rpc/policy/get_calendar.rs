use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{convert, found};
use crate::{error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    _: Call,
    req: pb::GetCalendarRequest,
) -> Result<pb::GetCalendarResponse, WorkflowError> {
    let pb::GetCalendarRequest { calendar_version } = req;
    let mut f = Fields::new();
    if calendar_version.is_empty() {
        f.reject("calendar_version", "is required");
    }
    f.finish()?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let found = found::calendar(&mut tx, &calendar_version).await?;
    tx.commit().await?;
    let book = rpc.books.of_today(now).await?;
    let shown = convert::calendar(&found, book.in_force(now), now, true);
    Ok(pb::GetCalendarResponse { calendar: Some(shown) })
}
