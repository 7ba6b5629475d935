//! Short texts that are valid because they exist.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that is not what it should be; says what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidText(pub &'static str);

macro_rules! text_types {
    ($($(#[$doc:meta])* $name:ident: $accepts:path, $rule:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                if $accepts(&text) { Ok(Self(text)) } else { Err(InvalidText($rule)) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text_types! {
    /// What an issue is about, in a line: 1 to 120 characters, none a control character, no space around it.
    Title: is_title, "must be 1 to 120 characters in one line, without space around them";
    /// The number that people know an issue by; the store gives it out.
    IssueNumber: is_number, "must be 1 to 32 capital letters, digits and hyphens";
    /// A word of the policy pack: a category, a rung, a reason.
    Code: is_code, "must be 1 to 40 small letters, digits and underscores, beginning with a letter";
    /// An administrative division: 6 digits name a county (GB/T 2260), 9 a town, 12 a village.
    DivisionCode: is_division, "must be a division code of 6, 9 or 12 digits";
}

fn is_title(text: &str) -> bool {
    let n_chars = text.chars().count();
    (1..=120).contains(&n_chars) && text.trim() == text && !text.chars().any(char::is_control)
}

fn is_number(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    (1..=32).contains(&text.len()) && text.chars().all(allowed)
}

fn is_code(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=40).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(allowed)
}

fn is_division(text: &str) -> bool {
    matches!(text.len(), 6 | 9 | 12) && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_of_at_most_120_characters() {
        let longest = "路".repeat(120);
        for good in ["S328 缺少警示标志", "x", longest.as_str()] {
            assert_eq!(good.parse::<Title>().unwrap().as_str(), good);
        }
        for bad in ["", " ", " x", "x ", "a\nb", "a\tb", &"路".repeat(121)] {
            assert!(bad.parse::<Title>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn codes_numbers_and_divisions_have_one_spelling() {
        assert!("municipal_facilities".parse::<Code>().is_ok());
        assert!("QQ-2026-000123".parse::<IssueNumber>().is_ok());
        for good in ["330482", "330482101", "330482101003"] {
            assert!(good.parse::<DivisionCode>().is_ok(), "{good}");
        }
        for bad in ["", "_x", "1x", "Land", "a b", "a-b", &"a".repeat(41)] {
            assert!(bad.parse::<Code>().is_err(), "{bad:?}");
        }
        for bad in ["", "qq-1", "QQ 1", "路"] {
            assert!(bad.parse::<IssueNumber>().is_err(), "{bad:?}");
        }
        for bad in ["", "33048", "3304821", "33048a", "３３０４８２"] {
            assert!(bad.parse::<DivisionCode>().is_err(), "{bad:?}");
        }
    }
}
