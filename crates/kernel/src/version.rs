//! The version of a resource, which callers see as its etag.

use std::fmt;

/// How often a resource was written: 1 after its creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(i64);

/// An etag that no resource ever had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an etag of this service")]
pub struct InvalidEtag;

impl Version {
    /// What a resource is created with.
    pub const FIRST: Self = Self(1);

    /// From the database, where it is at least 1.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    pub const fn number(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl std::str::FromStr for Version {
    type Err = InvalidEtag;

    fn from_str(text: &str) -> Result<Self, InvalidEtag> {
        let number = text.strip_prefix('v').and_then(|digits| digits.parse().ok()).ok_or(InvalidEtag)?;
        let version = Self(number);
        if number >= 1 && version.to_string() == text { Ok(version) } else { Err(InvalidEtag) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_has_one_spelling() {
        assert_eq!("v12".parse(), Ok(Version::new(12)));
        assert_eq!(Version::FIRST.next().to_string(), "v2");
        for other in ["", "v", "12", "v0", "v-1", "v012", "V12", "v9999999999999999999"] {
            assert_eq!(other.parse::<Version>(), Err(InvalidEtag), "{other}");
        }
    }
}
