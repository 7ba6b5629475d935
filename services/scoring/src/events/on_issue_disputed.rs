//! The firm disputed the reply: what it promised is void.

use events::ConsumeError;
use proto::workflow::v1::IssueDisputed;

use super::issue;
use crate::domain::{Effect, Happening};

pub(super) fn read(payload: IssueDisputed) -> Result<Happening, ConsumeError> {
    let IssueDisputed { issue, round: _ } = payload;
    Ok(Happening { effect: Effect::Unsettle, ..issue::happening(issue)? })
}
