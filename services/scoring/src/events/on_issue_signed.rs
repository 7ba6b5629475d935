//! The liaison signed.

use events::ConsumeError;
use proto::workflow::v1::IssueSigned;

use super::issue;
use crate::domain::{Happening, Occasion};

pub(super) fn read(payload: IssueSigned) -> Result<Happening, ConsumeError> {
    let IssueSigned { issue, on_time, late_working_seconds: _ } = payload;
    let occasions = issue::occasion_if(on_time, Occasion::IssueSignedOnTime);
    Ok(Happening { occasions, ..issue::happening(issue)? })
}
