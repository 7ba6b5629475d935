use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{
    convert,
    found::{self, FoundCalendar},
};
use crate::{error::WorkflowError, rpc::WorkflowRpc, store::packs};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListCalendarsRequest,
) -> Result<pb::ListCalendarsResponse, WorkflowError> {
    let pb::ListCalendarsRequest { page_size, page_token } = req;
    let mut f = Fields::new();
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let after = call.open_page(&rpc.page_key, &[], &page_token)?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let stored = packs::list_calendars(&mut tx, after.as_deref(), size.limit()).await?;
    tx.commit().await?;
    let mut rows = stored.into_iter().map(found::read_calendar).collect::<Result<Vec<FoundCalendar>, _>>()?;
    let of_the_page =
        |found: &FoundCalendar| after.as_deref().is_none_or(|after| after < found.calendar.version());
    rows.extend(found::built_in_calendars().into_iter().filter(of_the_page));
    rows.sort_by(|a, b| a.calendar.version().cmp(b.calendar.version()));
    let page = Page::cut(rows, size, |found| found.calendar.version().to_owned());
    let book = rpc.books.of_today(now).await?;
    let in_force = book.in_force(now);
    Ok(pb::ListCalendarsResponse {
        calendars: page.rows.iter().map(|found| convert::calendar(found, in_force, now, false)).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &[], page.next.as_deref()),
    })
}
