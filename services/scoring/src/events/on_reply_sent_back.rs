//! The liaison sent the reply back: what it promised is void.

use events::ConsumeError;
use proto::workflow::v1::ReplySentBack;

use super::issue;
use crate::domain::{Effect, Happening};

pub(super) fn read(payload: ReplySentBack) -> Result<Happening, ConsumeError> {
    let ReplySentBack { issue } = payload;
    Ok(Happening { effect: Effect::Unsettle, ..issue::happening(issue)? })
}
