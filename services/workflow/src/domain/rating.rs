//! What the firm thinks of a reply.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::named::named;

/// 1 (worst) to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Stars(u8);

/// A number that is not 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 5")]
pub struct InvalidStars;

impl Stars {
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Stars {
    type Error = InvalidStars;

    fn try_from(stars: u8) -> Result<Self, InvalidStars> {
        if (1..=5).contains(&stars) { Ok(Self(stars)) } else { Err(InvalidStars) }
    }
}

impl TryFrom<i32> for Stars {
    type Error = InvalidStars;

    fn try_from(stars: i32) -> Result<Self, InvalidStars> {
        u8::try_from(stars).map_err(|_| InvalidStars)?.try_into()
    }
}

impl From<Stars> for u8 {
    fn from(stars: Stars) -> Self {
        stars.0
    }
}

named! {
    /// What stars may be given for beside the whole; which of them is asked for, the pack says.
    Dimension {
        /// 办理速度
        Speed = "speed",
        /// 服务态度
        Attitude = "attitude",
        /// 办理结果
        Result = "result",
    }
}

/// Stars as a whole, and by dimension where the firm gave them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    pub stars: Stars,
    pub speed: Option<Stars>,
    pub attitude: Option<Stars>,
    pub result: Option<Stars>,
}

impl Rating {
    /// The stars of a dimension. `None`: the firm gave none.
    pub const fn of(&self, dimension: Dimension) -> Option<Stars> {
        match dimension {
            Dimension::Speed => self.speed,
            Dimension::Attitude => self.attitude,
            Dimension::Result => self.result,
        }
    }
}

/// The rating of a feedback round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    /// Feedback round, from 1.
    pub round: u32,
    pub at: Timestamp,
    pub rating: Rating,
    /// Whether the pack took it for low, so that rectification followed.
    pub low: bool,
}
