//! The section contacted the firm; only the first time counts.

use events::ConsumeError;
use proto::workflow::v1::IssueContacted;

use super::issue;
use crate::domain::{Happening, Occasion};

pub(super) fn read(payload: IssueContacted) -> Result<Happening, ConsumeError> {
    let IssueContacted { issue, first, on_time, late_working_seconds: _ } = payload;
    let occasions = issue::occasion_if(first && on_time, Occasion::FirmContactedOnTime);
    Ok(Happening { occasions, ..issue::happening(issue)? })
}
