//! Limits of figures: tiers that units are ranked in, and what the public is shown. Data, read from a file and checked
//! before use.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{FigureId, Ratio};
use crate::domain::{
    Fault,
    policy::{Check, FormError},
};

/// No municipality shows cells over fewer issues or firms: who they are of could be guessed.
const LEAST_SHOWN: u64 = 5;

/// Who is ranked, and what the public is shown. Source: `packs/figures.toml`, or the file that stands in for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// At least 1; higher for a newer file.
    pub version: u32,
    pub rank: RankLimits,
    pub public: PublicLimits,
    /// What the public sees, each once.
    pub public_figures: Vec<FigureId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankLimits {
    /// Units with fewer issues in the base are not ranked.
    pub min_issues: u64,
    /// Tenths of a per cent that the lower bound reaches in the first tier.
    pub first: u64,
    /// The same for the second.
    pub second: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    rank: RankLimits,
    public: Public,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Public {
    figures: Vec<String>,
    min_issues: u64,
    min_firms: u64,
}

impl Limits {
    /// Those that come with the suite.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Limits> = LazyLock::new(|| {
            Limits::parse(include_str!("../../../packs/figures.toml"))
                .expect("a test reads the embedded limits")
        });
        &BUILT_IN
    }

    /// Reads limits, written as TOML. Fails with place and reason of each fault; a field that is unknown or missing is
    /// one.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let file = toml::from_str(text).map_err(|error| vec![FormError::Toml(error).fault(text)])?;
        let File { version, rank, public: Public { figures, min_issues, min_firms } } = file;
        let mut check = Check::default();
        if version == 0 {
            check.fault("version", "must be at least 1", "至少为 1");
        }
        if rank.min_issues == 0 {
            check.fault("rank.min_issues", "must be at least 1", "至少为 1");
        }
        if 1_000 < rank.first {
            check.fault(
                "rank.first",
                "must be at most 1000 tenths of a per cent",
                "至多为 1000（千分之一千）",
            );
        }
        if rank.first <= rank.second {
            check.fault("rank.second", "must be below first", "须低于 first");
        }
        for (place, least) in [("public.min_issues", min_issues), ("public.min_firms", min_firms)] {
            if least < LEAST_SHOWN {
                check.fault(
                    place,
                    format!("must be at least {LEAST_SHOWN}"),
                    format!("至少为 {LEAST_SHOWN}"),
                );
            }
        }
        let public_figures: Vec<FigureId> = check.list("public.figures", &figures);
        for (i, name) in figures.iter().enumerate() {
            if name.parse().is_ok_and(|figure: FigureId| !figure.can_be_public()) {
                check.fault(
                    format!("public.figures[{i}]"),
                    format!("{name} is not for the public: small cells of it cannot be hidden"),
                    format!("{name} 不能公开：其小单元无法隐去"),
                );
            }
        }
        let faults = check.faults(text);
        let public = PublicLimits { min_issues, min_firms };
        if faults.is_empty() { Ok(Self { version, rank, public, public_figures }) } else { Err(faults) }
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
    fn limits_are_read_and_every_fault_is_told_with_its_place_and_line() {
        let text = include_str!("../../../packs/figures.toml");
        let faults = |from: &str, to: &str| {
            assert!(text.contains(from), "{from:?} does not stand in the file");
            let faults = Limits::parse(&text.replacen(from, to, 1)).unwrap_err();
            let show = |fault: &Fault| format!("{:?} {fault}", fault.line.unwrap_or_default());
            faults.iter().map(show).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(faults("version = 1", "version = 0"), "4 version: must be at least 1");
        assert_eq!(faults("first = 850", "first = 700"), "12 rank.second: must be below first");
        assert_eq!(
            faults("first = 850", "first = 1001"),
            "11 rank.first: must be at most 1000 tenths of a per cent"
        );
        assert_eq!(faults("min_issues = 10", "min_issues = 0"), "8 rank.min_issues: must be at least 1");
        assert_eq!(faults("\"M9\"", "\"M99\""), "16 public.figures[4]: \"M99\" is no FigureId");
        assert_eq!(faults("\"M9\"", "\"M1\""), "16 public.figures: names something twice");
        for hidden in ["M13.returned", "M23.C4", "M24.completion"] {
            let told = faults("\"M9\"", &format!("{hidden:?}"));
            assert!(
                told.starts_with("16 public.figures[4]: ") && told.contains("not for the public"),
                "{told}"
            );
        }
        let unknown = faults("[public]", "[public]\nextra = 1");
        assert!(unknown.starts_with("15 ") && unknown.contains("unknown field `extra`"), "{unknown}");
        assert!(faults("min_firms = 5", "").contains("missing field `min_firms`"));
    }

    #[test]
    fn nobody_configures_cells_over_fewer_than_five_issues_or_firms_to_be_shown() {
        let text = include_str!("../../../packs/figures.toml");
        for field in ["min_issues", "min_firms"] {
            for (least, taken) in [(0, false), (4, false), (5, true), (20, true)] {
                let text = text.replacen(&format!("{field} = 5"), &format!("{field} = {least}"), 1);
                match Limits::parse(&text) {
                    Ok(_) => assert!(taken, "{field} = {least}"),
                    Err(faults) => {
                        assert!(!taken, "{faults:?}");
                        assert_eq!(faults[0].place, format!("public.{field}"));
                        assert_eq!(faults[0].zh, "至少为 5");
                    }
                }
            }
        }
    }
}
