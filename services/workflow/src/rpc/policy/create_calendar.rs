use std::sync::Arc;

use proto::workflow::v1 as pb;
use rpc::{Call, Fields};
use store::Batch;
use worktime::Calendar;

use super::{
    convert,
    found::{self, FoundCalendar},
    person,
    refused::PolicyRefused,
    text as text_field,
};
use crate::{
    domain::Fault,
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::packs::{self, Stored},
};

/// Characters of the version of a calendar.
const MAX_VERSION: usize = 64;

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::CreateCalendarRequest,
) -> Result<pb::CreateCalendarResponse, WorkflowError> {
    let pb::CreateCalendarRequest { text, request_id: _ } = req;
    let mut f = Fields::new();
    text_field(&mut f, &text);
    f.finish()?;
    let by = person(&call)?;
    let calendar = Calendar::parse(&text)
        .map_err(|error| PolicyRefused::CalendarInvalid(convert::calendar_faults(&error)))?;
    let version = calendar.version().to_owned();
    if MAX_VERSION < version.chars().count() {
        let fault = Fault {
            place: "version".to_owned(),
            line: None,
            problem: format!("must have at most {MAX_VERSION} characters"),
            zh: format!("至多 {MAX_VERSION} 个字"),
        };
        return Err(PolicyRefused::CalendarInvalid(vec![fault]).into());
    }
    if found::built_in_calendars().iter().any(|found| found.calendar.version() == version) {
        return Err(PolicyRefused::CalendarExists(version).into());
    }
    let now = rpc.clock.now();
    let book = rpc.books.of_today(now).await?;
    let stored = Stored { version: version.clone(), text: text.clone(), at: now, by };
    let found = FoundCalendar { calendar: Arc::new(calendar), text, origin: Some((by, now)) };
    let response = pb::CreateCalendarResponse {
        calendar: Some(convert::calendar(&found, book.in_force(now), now, true)),
    };

    let mut tx = rpc.db.begin().await?;
    let mut batch = Batch::new();
    packs::insert_calendar(&mut batch, &stored);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some("working_calendar_pkey") => PolicyRefused::CalendarExists(version).into(),
        _ => WorkflowError::from(error),
    })?;
    tx.commit().await?;
    Ok(response)
}
