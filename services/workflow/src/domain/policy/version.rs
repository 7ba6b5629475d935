//! Which pack: a name and a number.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::domain::InvalidText;

/// The name of a pack's series: 2 to 32 small letters, digits and hyphens, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackName(String);

/// A version of a pack: what an issue is bound to. Numbers of one name rise from 1; those of different names have
/// nothing to do with one another. Written "strict-2h/1".
///
/// In JSON a version of the default pack is its bare number: events were written so before packs had names, and what
/// was hashed is written the same way for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct PolicyVersion {
    pub pack: PackName,
    /// At least 1.
    pub number: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u32),
    Text(String),
}

impl PackName {
    /// The pack that is in force until somebody activates another.
    pub const DEFAULT: &'static str = "default";

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn default_pack() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl FromStr for PackName {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (2..=32).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(allowed);
        let wrong = "must be 2 to 32 small letters, digits and hyphens, beginning with a letter";
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidText(wrong)) }
    }
}

impl fmt::Display for PackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PolicyVersion {
    /// A version of the default pack.
    pub fn of_default(number: u32) -> Self {
        Self { pack: PackName::default_pack(), number }
    }
}

impl fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pack, self.number)
    }
}

impl FromStr for PolicyVersion {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let wrong = InvalidText("must be a pack's name, a slash and a number of at least 1");
        let (pack, number) = text.split_once('/').ok_or(wrong)?;
        let version = Self { pack: pack.parse()?, number: number.parse().map_err(|_| wrong)? };
        // One spelling for one version.
        if 0 < version.number && version.to_string() == text { Ok(version) } else { Err(wrong) }
    }
}

impl TryFrom<Written> for PolicyVersion {
    type Error = InvalidText;

    fn try_from(written: Written) -> Result<Self, InvalidText> {
        match written {
            Written::Number(number) => Ok(Self::of_default(number)),
            Written::Text(text) => text.parse(),
        }
    }
}

impl From<PolicyVersion> for Written {
    fn from(version: PolicyVersion) -> Self {
        if version.pack.as_str() == PackName::DEFAULT {
            Self::Number(version.number)
        } else {
            Self::Text(version.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_reads_back_as_it_was_written() {
        for (text, json) in [("default/1", "1"), ("strict-2h/1", "\"strict-2h/1\""), ("ab/42", "\"ab/42\"")] {
            let version: PolicyVersion = text.parse().unwrap();
            assert_eq!(version.to_string(), text);
            assert_eq!(serde_json::to_string(&version).unwrap(), json);
            assert_eq!(serde_json::from_str::<PolicyVersion>(json).unwrap(), version);
        }
    }

    #[test]
    fn a_version_has_one_spelling() {
        for text in ["", "default", "default/", "default/0", "default/01", "/1", "Default/1", "a/1", "ab/-1"]
        {
            assert!(text.parse::<PolicyVersion>().is_err(), "{text:?}");
        }
    }
}
