use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use worktime::Calendar;

use super::{convert, text as text_field};
use crate::{error::WorkflowError, rpc::WorkflowRpc};

pub(super) async fn handle(
    _: WorkflowRpc,
    _: Call,
    req: pb::ValidateCalendarRequest,
) -> Result<pb::ValidateCalendarResponse, WorkflowError> {
    let pb::ValidateCalendarRequest { text } = req;
    let mut f = Fields::new();
    text_field(&mut f, &text);
    f.finish()?;
    let faults = match Calendar::parse(&text) {
        Ok(_) => Vec::new(),
        Err(error) => convert::calendar_faults(&error),
    };
    Ok(pb::ValidateCalendarResponse { faults: faults.into_iter().map(convert::fault).collect() })
}
