//! The firm rated. A low rating makes void what the reply promised.

use events::ConsumeError;
use proto::workflow::v1::IssueRated;

use super::issue;
use crate::domain::{Effect, Happening, Occasion};

pub(super) fn read(payload: IssueRated) -> Result<Happening, ConsumeError> {
    let IssueRated { issue, round: _, stars, speed: _, attitude: _, result: _, low, rectified } = payload;
    let mut occasions = match stars {
        _ if low => vec![Occasion::RatedLow],
        5 => vec![Occasion::RatedFiveStars],
        4 => vec![Occasion::RatedFourStars],
        _ => vec![],
    };
    if rectified && !low {
        occasions.push(Occasion::Rectified);
    }
    let effect = if low { Effect::Unsettle } else { Effect::None };
    Ok(Happening { occasions, effect, ..issue::happening(issue)? })
}
