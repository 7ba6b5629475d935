//! The liaison dispatched the issue to a section; only the first time counts.

use events::ConsumeError;
use proto::workflow::v1::IssueDispatched;

use super::issue;
use crate::domain::{Happening, Occasion};

pub(super) fn read(payload: IssueDispatched) -> Result<Happening, ConsumeError> {
    let IssueDispatched { issue, on_time, late_working_seconds: _, again } = payload;
    let occasions = issue::occasion_if(on_time && !again, Occasion::IssueDispatchedOnTime);
    Ok(Happening { occasions, ..issue::happening(issue)? })
}
