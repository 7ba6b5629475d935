//! How alike two issues are, by the words that they share. Nothing in the life of an issue depends on it: what is
//! found alike is shown to a person, who decides.

mod measure;

use std::collections::BTreeSet;

use super::{Code, DivisionCode};

pub use measure::{Effort, InvalidMeasure, Measure};

/// What of an issue is compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sketch {
    /// Words and pairs of characters of the title.
    pub title: BTreeSet<String>,
    /// Those of title and description.
    pub all: BTreeSet<String>,
    /// `None` while it is open.
    pub category: Option<Code>,
    /// `None` while it is open.
    pub division: Option<DivisionCode>,
}

impl Sketch {
    pub fn new<'a>(
        title: impl Iterator<Item = &'a str>,
        description: impl Iterator<Item = &'a str>,
        category: Option<Code>,
        division: Option<DivisionCode>,
    ) -> Self {
        let title: BTreeSet<String> = title.map(str::to_owned).collect();
        let all = title.iter().cloned().chain(description.map(str::to_owned)).collect();
        Self { title, all, category, division }
    }
}

impl Measure {
    /// How alike two issues are, 0 to 100: half of it for the words of both that they share, half for the words of
    /// each title that are anywhere in the other; less where category, division or numbered places differ.
    pub fn score(&self, one: &Sketch, other: &Sketch) -> u32 {
        let total = self.weight(one, one.all.iter()) + self.weight(other, other.all.iter());
        let shared = || one.all.intersection(&other.all);
        let shared = self.weight(one, shared()) + self.weight(other, shared());
        let titles = self.title_in(one, other) + self.title_in(other, one);
        let mut score = u64::midpoint(per_mille(shared, total), titles / 2);
        for (differs, percent) in [
            (differ(one.category.as_ref(), other.category.as_ref()), self.other_category),
            (are_apart(one.division.as_ref(), other.division.as_ref()), self.elsewhere),
            (self.are_numbered_differently(one, other), self.numbered_differently),
        ] {
            if differs {
                score = score * percent / 100;
            }
        }
        // At most 1,000.
        u32::try_from((score + 5) / 10).unwrap_or(100)
    }

    /// The words by which an issue like this one is best found, the most telling first.
    pub fn telling<'a>(&self, sketch: &'a Sketch) -> Vec<&'a str> {
        let mut words: Vec<&str> =
            sketch.all.iter().map(String::as_str).filter(|word| !self.common.contains(*word)).collect();
        words.sort_by_key(|word| (std::cmp::Reverse(self.weight_of(sketch, word)), *word));
        words.truncate(self.effort.counted);
        words
    }

    fn weight<'a>(&self, of: &Sketch, words: impl Iterator<Item = &'a String>) -> u64 {
        words.map(|word| self.weight_of(of, word)).sum()
    }

    fn weight_of(&self, of: &Sketch, word: &str) -> u64 {
        self.worth(word) * if of.title.contains(word) { self.title } else { 1 }
    }

    /// How much of a title is in another issue, per mille.
    fn title_in(&self, one: &Sketch, other: &Sketch) -> u64 {
        let worth = |words: &mut dyn Iterator<Item = &String>| words.map(|word| self.worth(word)).sum();
        per_mille(worth(&mut one.title.intersection(&other.all)), worth(&mut one.title.iter()))
    }

    fn worth(&self, word: &str) -> u64 {
        if self.common.contains(word) {
            self.common_worth
        } else if is_identifier(word) {
            self.identifier
        } else if word.is_ascii() {
            self.word
        } else {
            self.pair
        }
    }

    fn are_numbered_differently(&self, one: &Sketch, other: &Sketch) -> bool {
        let numbered = |of: &Sketch| -> BTreeSet<String> {
            of.all.iter().filter(|word| is_identifier(word) || self.is_numbered(word)).cloned().collect()
        };
        let (one, other) = (numbered(one), numbered(other));
        !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)
    }

    /// As 三号.
    fn is_numbered(&self, word: &str) -> bool {
        let mut chars = word.chars();
        chars.next().is_some_and(|digit| self.digits.contains(&digit))
            && chars.next().is_some_and(|unit| self.units.contains(&unit))
    }
}

/// Letters and digits together.
fn is_identifier(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit()) && word.chars().any(|c| c.is_ascii_alphabetic())
}

/// Of nothing, none.
fn per_mille(part: u64, whole: u64) -> u64 {
    (1_000 * part).checked_div(whole).unwrap_or_default()
}

/// What is open differs from nothing.
fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

fn are_apart(one: Option<&DivisionCode>, other: Option<&DivisionCode>) -> bool {
    one.zip(other).is_some_and(|(one, other)| {
        let (one, other) = (one.as_str(), other.as_str());
        !one.starts_with(other) && !other.starts_with(one)
    })
}

#[cfg(test)]
mod tests;
