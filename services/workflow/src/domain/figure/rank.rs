//! Limits of figures, and the tiers that units are ranked in.

use std::sync::LazyLock;

use super::Ratio;

/// Who is ranked, and what the public is shown. Source: `packs/figures.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub rank: RankLimits,
    pub public: PublicLimits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankLimits {
    /// Units with fewer issues in the base are not ranked.
    pub min_issues: u64,
    /// Tenths of a per cent that the lower bound reaches in the first tier.
    pub first: u64,
    /// The same for the second.
    pub second: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicLimits {
    /// A cell over fewer issues is hidden.
    pub min_issues: u64,
    /// So is one over issues of fewer firms.
    pub min_firms: u64,
}

/// Where a unit stands among its like. Units of a tier are not told apart: their numbers are too alike for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    First,
    Second,
    Third,
    /// Too few issues to tell.
    Unranked,
}

impl Limits {
    /// Those that come with the suite.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Limits> = LazyLock::new(|| {
            toml::from_str(include_str!("../../../packs/figures.toml"))
                .expect("a test reads the embedded limits")
        });
        &BUILT_IN
    }

    /// The tier of a unit.
    pub fn tier(&self, ratio: Ratio) -> Tier {
        let RankLimits { min_issues, first, second } = self.rank;
        match ratio.lower_bound() {
            Some(_) if ratio.denominator < min_issues => Tier::Unranked,
            Some(bound) if first <= bound => Tier::First,
            Some(bound) if second <= bound => Tier::Second,
            Some(_) => Tier::Third,
            None => Tier::Unranked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(numerator: u64, denominator: u64) -> Tier {
        Limits::built_in().tier(Ratio { numerator, denominator })
    }

    #[test]
    fn a_few_lucky_issues_rank_nobody_first() {
        assert_eq!(tier(9, 9), Tier::Unranked);
        assert_eq!(tier(10, 10), Tier::Second);
        assert_eq!(tier(50, 50), Tier::First);
        assert_eq!(tier(960, 1_000), Tier::First);
        assert_eq!(tier(5, 10), Tier::Third);
        assert_eq!(tier(0, 0), Tier::Unranked);
    }

    #[test]
    fn the_limits_are_in_order() {
        let Limits { rank, public } = *Limits::built_in();
        assert!(rank.second < rank.first && rank.first <= 1000 && 0 < rank.min_issues);
        assert!(0 < public.min_issues && 0 < public.min_firms);
    }
}
