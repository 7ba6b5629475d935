//! Codes of industries and administrative divisions.

use std::{fmt, ops::RangeInclusive, str::FromStr};

/// An industry after GB/T 4754-2017: the letter of a section (门类) and two to four digits, which name a
/// division (大类), a group (中类) or a class (小类), as in `C1441`. The division belongs to the section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndustryCode(String);

/// The sections of GB/T 4754-2017 with the first and the last of their divisions.
#[rustfmt::skip]
const SECTIONS: [(char, RangeInclusive<u8>); 20] = [
    ('A', 1..=5),   ('B', 6..=12),  ('C', 13..=43), ('D', 44..=46), ('E', 47..=50),
    ('F', 51..=52), ('G', 53..=60), ('H', 61..=62), ('I', 63..=65), ('J', 66..=69),
    ('K', 70..=70), ('L', 71..=72), ('M', 73..=75), ('N', 76..=79), ('O', 80..=82),
    ('P', 83..=83), ('Q', 84..=85), ('R', 86..=90), ('S', 91..=96), ('T', 97..=97),
];

/// A text that is no industry code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a section letter with two to four digits of that section (GB/T 4754-2017)")]
pub(crate) struct InvalidIndustry;

impl IndustryCode {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The first two digits, 1 to 97.
    pub(crate) fn division(&self) -> u8 {
        self.0.get(1..3).and_then(|digits| digits.parse().ok()).expect("checked when it was read")
    }

    /// The first three digits, if there are three.
    pub(crate) fn group(&self) -> Option<&str> {
        self.0.get(1..4)
    }
}

impl FromStr for IndustryCode {
    type Err = InvalidIndustry;

    fn from_str(text: &str) -> Result<Self, InvalidIndustry> {
        let mut rest = text.chars();
        let letter = rest.next().ok_or(InvalidIndustry)?;
        let digits = rest.as_str();
        if !(2..=4).contains(&digits.len()) || !all_digits(digits) {
            return Err(InvalidIndustry);
        }
        let division: u8 = digits.get(..2).and_then(|two| two.parse().ok()).ok_or(InvalidIndustry)?;
        let fits =
            SECTIONS.iter().any(|(section, divisions)| *section == letter && divisions.contains(&division));
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidIndustry) }
    }
}

/// The beginning of industry codes: a section letter and at most four digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndustryPrefix(String);

impl IndustryPrefix {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IndustryPrefix {
    type Err = InvalidIndustry;

    fn from_str(text: &str) -> Result<Self, InvalidIndustry> {
        let mut rest = text.chars();
        let known = rest.next().is_some_and(|letter| SECTIONS.iter().any(|(section, _)| *section == letter));
        let digits = rest.as_str();
        if known && digits.len() <= 4 && all_digits(digits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidIndustry)
        }
    }
}

/// An administrative division: six digits name a county (GB/T 2260), nine a town (GB/T 10114), twelve a village
/// or neighbourhood of the statistical register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DivisionCode(String);

/// A text that is no division code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a division code of 6, 9 or 12 digits that begins with 1 to 9")]
pub(crate) struct InvalidDivision;

impl DivisionCode {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DivisionCode {
    type Err = InvalidDivision;

    fn from_str(text: &str) -> Result<Self, InvalidDivision> {
        let fits = matches!(text.len(), 6 | 9 | 12) && all_digits(text) && !text.starts_with('0');
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidDivision) }
    }
}

/// The beginning of division codes: 2 digits name a province, 4 a municipality, any further ones narrow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DivisionPrefix(String);

/// A text that no division code begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 2 to 12 digits that begin with 1 to 9")]
pub(crate) struct InvalidDivisionPrefix;

impl DivisionPrefix {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DivisionPrefix {
    type Err = InvalidDivisionPrefix;

    fn from_str(text: &str) -> Result<Self, InvalidDivisionPrefix> {
        let fits = (2..=12).contains(&text.len()) && all_digits(text) && !text.starts_with('0');
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidDivisionPrefix) }
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for IndustryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_97_divisions_belongs_to_one_section() {
        for division in 0..=99 {
            let sections: Vec<_> = ('A'..='Z')
                .filter(|letter| format!("{letter}{division:02}").parse::<IndustryCode>().is_ok())
                .collect();
            assert_eq!(sections.len(), usize::from((1..=97).contains(&division)), "{division}: {sections:?}");
        }
    }

    #[test]
    fn an_industry_is_a_letter_and_two_to_four_digits() {
        for text in ["C14", "C144", "C1441", "A01", "T9700"] {
            assert_eq!(text.parse::<IndustryCode>().unwrap().as_str(), text);
        }
        for text in ["", "C", "C1", "C14411", "c14", "1441", "C14x", "D14", "C１４", "农14", "C 14"] {
            assert_eq!(text.parse::<IndustryCode>(), Err(InvalidIndustry), "{text}");
        }
    }

    #[test]
    fn an_industry_knows_its_division_and_group() {
        let industry: IndustryCode = "C1441".parse().unwrap();
        assert_eq!((industry.division(), industry.group()), (14, Some("144")));
        assert_eq!("K70".parse::<IndustryCode>().unwrap().group(), None);
    }

    #[test]
    fn a_prefix_may_be_the_letter_alone() {
        for text in ["C", "C1", "C1441"] {
            assert_eq!(text.parse::<IndustryPrefix>().unwrap().as_str(), text);
        }
        for text in ["", "14", "U", "C14411", "C%"] {
            assert_eq!(text.parse::<IndustryPrefix>(), Err(InvalidIndustry), "{text}");
        }
    }

    #[test]
    fn a_division_is_a_county_a_town_or_a_village() {
        for text in ["370281", "370281101", "370281101001"] {
            assert_eq!(text.parse::<DivisionCode>().unwrap().as_str(), text);
        }
        for text in ["", "3702", "3702811", "070281", "37028x", "３７０２８１"] {
            assert_eq!(text.parse::<DivisionCode>(), Err(InvalidDivision), "{text}");
        }
        for text in ["37", "3702", "370281101001"] {
            assert_eq!(text.parse::<DivisionPrefix>().unwrap().as_str(), text);
        }
        for text in ["3", "07", "3702811010011", "37%"] {
            assert_eq!(text.parse::<DivisionPrefix>(), Err(InvalidDivisionPrefix), "{text}");
        }
    }
}
