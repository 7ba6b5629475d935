//! How closely an issue is watched from above.

use serde::{Deserialize, Serialize};

/// Level of supervision 督办: 0 (none) to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

/// A number that is not 0 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 0 to 3")]
pub struct InvalidLevel;

impl Level {
    pub const NONE: Self = Self(0);

    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Level {
    type Error = InvalidLevel;

    fn try_from(level: u8) -> Result<Self, InvalidLevel> {
        if level <= 3 { Ok(Self(level)) } else { Err(InvalidLevel) }
    }
}

impl TryFrom<i32> for Level {
    type Error = InvalidLevel;

    fn try_from(level: i32) -> Result<Self, InvalidLevel> {
        u8::try_from(level).map_err(|_| InvalidLevel)?.try_into()
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}
