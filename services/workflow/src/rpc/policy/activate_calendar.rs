use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{approve_activation::covers, found, proposal, refused::PolicyRefused};
use crate::{domain::Subject, error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ActivateCalendarRequest,
) -> Result<pb::ActivateCalendarResponse, WorkflowError> {
    let pb::ActivateCalendarRequest { calendar_version, from_date, request_id: _ } = req;
    let mut f = Fields::new();
    if calendar_version.is_empty() {
        f.reject("calendar_version", "is required");
    }
    let Some(from) = f.date("from_date", from_date) else { return Err(f.refuse().into()) };
    f.finish()?;
    let now = rpc.clock.now();
    let book = rpc.books.of_today(now).await?;
    let in_force = book.in_force(now).calendar;
    let mut tx = rpc.db.begin().await?;
    let found = found::calendar(&mut tx, &calendar_version).await?;
    // Issues that run began under the calendar in force, and their deadlines lie in it. What will be in force on the day
    // is known when it is approved.
    if !covers(&found.calendar, in_force) {
        let (first_year, last_year) = (in_force.first_year(), in_force.last_year());
        return Err(PolicyRefused::CalendarTooShort { first_year, last_year }.into());
    }
    let answer = |activation| pb::ActivateCalendarResponse { activation: Some(activation) };
    proposal::propose(&rpc, &call, tx, Subject::Calendar(calendar_version), from, answer).await
}
