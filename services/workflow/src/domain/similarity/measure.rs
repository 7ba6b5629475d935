//! The numbers that similarity goes by: data, read from a file and checked before use.

use std::{collections::BTreeSet, sync::LazyLock};

use serde::Deserialize;

/// How alike issues are found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// The lowest score that is shown, 1 to 100.
    pub threshold: u32,
    /// Days before now within which issues are looked at.
    pub window_days: u32,
    pub effort: Effort,
    pub(super) common_worth: u64,
    pub(super) pair: u64,
    pub(super) word: u64,
    pub(super) identifier: u64,
    pub(super) title: u64,
    /// Percent.
    pub(super) other_category: u64,
    /// Percent.
    pub(super) elsewhere: u64,
    /// Percent.
    pub(super) numbered_differently: u64,
    pub(super) digits: BTreeSet<char>,
    pub(super) units: BTreeSet<char>,
    pub(super) common: BTreeSet<String>,
}

/// What the search for similar issues may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Words of an issue whose rarity is looked up, 1 to 100.
    pub counted: usize,
    /// Texts with a word from which on it counts as the commonest, 1 to 10,000.
    pub common_from: u32,
    /// Rarest words, by which candidates are found first, 1 to 100.
    pub asked_first: usize,
    /// Common words by which candidates are found where the others leave room, 1 to 100.
    pub asked_common: usize,
    /// Issues compared, 1 to 1,000.
    pub candidates: u32,
    /// Issues in an answer, 1 to 100.
    pub shown: usize,
}

/// Why a file is no measure.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMeasure {
    #[error("the file cannot be read")]
    Unreadable(#[source] Box<toml::de::Error>),
    #[error("{place} is out of its range")]
    OutOfRange { place: &'static str },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    threshold: u32,
    window_days: u32,
    worth: Worth,
    remains: Remains,
    effort: Effort,
    numbered: Numbered,
    words: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Worth {
    common: u64,
    pair: u64,
    word: u64,
    identifier: u64,
    title: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remains {
    other_category: u64,
    elsewhere: u64,
    numbered_differently: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbered {
    digits: String,
    units: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    common: BTreeSet<String>,
}

impl Measure {
    /// What comes with the suite.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Measure> = LazyLock::new(|| {
            Measure::parse(include_str!("../../../similarity.toml")).expect("a test parses the embedded file")
        });
        &BUILT_IN
    }

    /// Reads a file. A field that is unknown, missing or out of its range is a fault.
    pub fn parse(text: &str) -> Result<Self, InvalidMeasure> {
        let file: File = toml::from_str(text).map_err(|error| InvalidMeasure::Unreadable(Box::new(error)))?;
        let File { threshold, window_days, worth, remains, effort, numbered, words } = file;
        let in_range = |place, value: u64, most: u64| {
            if (1..=most).contains(&value) { Ok(()) } else { Err(InvalidMeasure::OutOfRange { place }) }
        };
        let size = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        in_range("threshold", threshold.into(), 100)?;
        in_range("window_days", window_days.into(), 3_660)?;
        for (place, worth) in [
            ("worth.common", worth.common),
            ("worth.pair", worth.pair),
            ("worth.word", worth.word),
            ("worth.identifier", worth.identifier),
            ("worth.title", worth.title),
        ] {
            in_range(place, worth, 1_000)?;
        }
        in_range("remains.other_category", remains.other_category, 100)?;
        in_range("remains.elsewhere", remains.elsewhere, 100)?;
        in_range("remains.numbered_differently", remains.numbered_differently, 100)?;
        in_range("effort.counted", size(effort.counted), 100)?;
        in_range("effort.common_from", effort.common_from.into(), 10_000)?;
        in_range("effort.asked_first", size(effort.asked_first), 100)?;
        in_range("effort.asked_common", size(effort.asked_common), 100)?;
        in_range("effort.candidates", effort.candidates.into(), 1_000)?;
        in_range("effort.shown", size(effort.shown), 100)?;
        Ok(Self {
            threshold,
            window_days,
            effort,
            common_worth: worth.common,
            pair: worth.pair,
            word: worth.word,
            identifier: worth.identifier,
            title: worth.title,
            other_category: remains.other_category,
            elsewhere: remains.elsewhere,
            numbered_differently: remains.numbered_differently,
            digits: numbered.digits.chars().collect(),
            units: numbered.units.chars().collect(),
            common: words.common,
        })
    }
}
