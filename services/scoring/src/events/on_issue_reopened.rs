//! The firm reopened the issue: what its audit posted is void.

use events::ConsumeError;
use proto::workflow::v1::IssueReopened;

use super::issue;
use crate::domain::{Effect, Happening};

pub(super) fn read(payload: IssueReopened) -> Result<Happening, ConsumeError> {
    let IssueReopened { issue, reopens: _ } = payload;
    Ok(Happening { effect: Effect::Unsettle, ..issue::happening(issue)? })
}
