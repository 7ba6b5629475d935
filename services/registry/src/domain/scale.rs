//! The size of an enterprise by the statistical rule of 2017 (统计上大中小微型企业划分办法（2017）).

use super::codes::IndustryCode;

/// How large an enterprise is, the smallest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scale {
    Micro,
    Small,
    Medium,
    Large,
}

/// The three indicators of the rule for the last year; `None`: not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Indicators {
    /// People employed at the end of the year, at least 0.
    pub employees: Option<i64>,
    /// Revenue of the year in yuan, at least 0.
    pub revenue_yuan: Option<i64>,
    /// Total assets at the end of the year in yuan, at least 0.
    pub assets_yuan: Option<i64>,
}

#[derive(Clone, Copy)]
enum Indicator {
    /// 从业人员, people.
    Employees,
    /// 营业收入, thresholds in 10,000 yuan.
    Revenue,
    /// 资产总额, thresholds in 10,000 yuan.
    Assets,
}
use Indicator::{Assets, Employees, Revenue};

/// The least values of small, medium and large.
type Limits = (Indicator, [i64; 3]);

/// The lines of the rule's table.
#[rustfmt::skip]
mod line {
    use super::{Assets, Employees, Limits, Revenue};

    pub(super) const FARMING: &[Limits] = &[(Revenue, [50, 500, 20_000])];
    pub(super) const INDUSTRY: &[Limits] = &[(Employees, [20, 300, 1_000]), (Revenue, [300, 2_000, 40_000])];
    pub(super) const CONSTRUCTION: &[Limits] = &[(Revenue, [300, 6_000, 80_000]), (Assets, [300, 5_000, 80_000])];
    pub(super) const WHOLESALE: &[Limits] = &[(Employees, [5, 20, 200]), (Revenue, [1_000, 5_000, 40_000])];
    pub(super) const RETAIL: &[Limits] = &[(Employees, [10, 50, 300]), (Revenue, [100, 500, 20_000])];
    pub(super) const TRANSPORT: &[Limits] = &[(Employees, [20, 300, 1_000]), (Revenue, [200, 3_000, 30_000])];
    pub(super) const STORAGE: &[Limits] = &[(Employees, [20, 100, 200]), (Revenue, [100, 1_000, 30_000])];
    pub(super) const POST: &[Limits] = &[(Employees, [20, 300, 1_000]), (Revenue, [100, 2_000, 30_000])];
    pub(super) const LODGING_CATERING: &[Limits] = &[(Employees, [10, 100, 300]), (Revenue, [100, 2_000, 10_000])];
    pub(super) const INFORMATION: &[Limits] = &[(Employees, [10, 100, 2_000]), (Revenue, [100, 1_000, 100_000])];
    pub(super) const SOFTWARE: &[Limits] = &[(Employees, [10, 100, 300]), (Revenue, [50, 1_000, 10_000])];
    pub(super) const PROPERTY_DEVELOPMENT: &[Limits] = &[(Revenue, [100, 1_000, 200_000]), (Assets, [2_000, 5_000, 10_000])];
    pub(super) const PROPERTY_MANAGEMENT: &[Limits] = &[(Employees, [100, 300, 1_000]), (Revenue, [500, 1_000, 5_000])];
    pub(super) const LEASING_BUSINESS: &[Limits] = &[(Employees, [10, 100, 300]), (Assets, [100, 8_000, 120_000])];
    pub(super) const OTHER: &[Limits] = &[(Employees, [10, 100, 300])];
}

/// The scale of an enterprise: the largest whose least values all its indicators reach, micro if any stays
/// below small. `None` when an indicator that decides is not known, or when the rule leaves the industry out
/// (railways, finance, education, health care, letting of own property, public administration, or a property
/// firm whose group is not told).
pub(crate) fn scale(industry: &IndustryCode, indicators: Indicators) -> Option<Scale> {
    let mut smallest = Scale::Large;
    let mut unknown = false;
    for (indicator, limits) in limits(industry)? {
        let (value, unit) = match indicator {
            Employees => (indicators.employees, 1),
            Revenue => (indicators.revenue_yuan, 10_000),
            Assets => (indicators.assets_yuan, 10_000),
        };
        match value {
            Some(value) => smallest = smallest.min(reached(value, *limits, unit)),
            None => unknown = true,
        }
    }
    // One indicator below small settles it, whatever the other is.
    (smallest == Scale::Micro || !unknown).then_some(smallest)
}

fn reached(value: i64, [small, medium, large]: [i64; 3], unit: i64) -> Scale {
    if value < small * unit {
        Scale::Micro
    } else if value < medium * unit {
        Scale::Small
    } else if value < large * unit {
        Scale::Medium
    } else {
        Scale::Large
    }
}

fn limits(industry: &IndustryCode) -> Option<&'static [Limits]> {
    match industry.division() {
        1..=5 => Some(line::FARMING),
        6..=46 => Some(line::INDUSTRY),
        47..=50 => Some(line::CONSTRUCTION),
        51 => Some(line::WHOLESALE),
        52 => Some(line::RETAIL),
        54..=58 => Some(line::TRANSPORT),
        59 => Some(line::STORAGE),
        60 => Some(line::POST),
        61 | 62 => Some(line::LODGING_CATERING),
        63 | 64 => Some(line::INFORMATION),
        65 => Some(line::SOFTWARE),
        70 => match industry.group()? {
            "701" => Some(line::PROPERTY_DEVELOPMENT),
            "702" => Some(line::PROPERTY_MANAGEMENT),
            "703" | "709" => Some(line::OTHER),
            _ => None,
        },
        71 | 72 => Some(line::LEASING_BUSINESS),
        73..=82 | 85..=90 => Some(line::OTHER),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Indicators: people, revenue and assets in 10,000 yuan; `-1`: not known.
    fn check(industry: &str, [employees, revenue, assets]: [i64; 3], expected: Option<Scale>) {
        let known = |value: i64, unit: i64| (value >= 0).then_some(value * unit);
        let indicators = Indicators {
            employees: known(employees, 1),
            revenue_yuan: known(revenue, 10_000),
            assets_yuan: known(assets, 10_000),
        };
        let industry_code = industry.parse().unwrap();
        assert_eq!(scale(&industry_code, indicators), expected, "{industry} {indicators:?}");
    }

    #[test]
    fn an_enterprise_is_as_large_as_its_smallest_indicator() {
        check("C1441", [1_000, 40_000, -1], Some(Scale::Large));
        check("C1441", [999, 40_000, -1], Some(Scale::Medium));
        check("C1441", [1_000, 39_999, -1], Some(Scale::Medium));
        check("C1441", [1_000, 2_000, -1], Some(Scale::Medium));
        check("C1441", [1_000, 1_999, -1], Some(Scale::Small));
        check("C1441", [20, 300, -1], Some(Scale::Small));
        check("C1441", [1_000, 299, -1], Some(Scale::Micro));
        check("C1441", [19, 40_000, -1], Some(Scale::Micro));
    }

    #[test]
    fn one_indicator_below_small_settles_it_and_otherwise_all_must_be_known() {
        check("C1441", [19, -1, -1], Some(Scale::Micro));
        check("C1441", [-1, 299, -1], Some(Scale::Micro));
        check("C1441", [20, -1, -1], None);
        check("C1441", [-1, -1, 1_000_000], None);
    }

    #[test]
    fn revenue_is_compared_to_the_yuan() {
        let industry = "A01".parse().unwrap();
        let of = |revenue| scale(&industry, Indicators { revenue_yuan: Some(revenue), ..Default::default() });
        assert_eq!(of(499_999), Some(Scale::Micro));
        assert_eq!(of(500_000), Some(Scale::Small));
        assert_eq!(of(0), Some(Scale::Micro));
    }

    /// For each line of the table: just at the three limits, in the order of its indicators.
    #[test]
    fn every_line_of_the_table_has_its_own_limits() {
        #[rustfmt::skip]
        let lines: [(&str, [[i64; 3]; 3]); 17] = [
            ("A0111", [[-1, 50, -1],      [-1, 500, -1],      [-1, 20_000, -1]]),
            ("B06",   [[20, 300, -1],     [300, 2_000, -1],   [1_000, 40_000, -1]]),
            ("D4411", [[20, 300, -1],     [300, 2_000, -1],   [1_000, 40_000, -1]]),
            ("E47",   [[-1, 300, 300],    [-1, 6_000, 5_000], [-1, 80_000, 80_000]]),
            ("F51",   [[5, 1_000, -1],    [20, 5_000, -1],    [200, 40_000, -1]]),
            ("F52",   [[10, 100, -1],     [50, 500, -1],      [300, 20_000, -1]]),
            ("G54",   [[20, 200, -1],     [300, 3_000, -1],   [1_000, 30_000, -1]]),
            ("G59",   [[20, 100, -1],     [100, 1_000, -1],   [200, 30_000, -1]]),
            ("G60",   [[20, 100, -1],     [300, 2_000, -1],   [1_000, 30_000, -1]]),
            ("H61",   [[10, 100, -1],     [100, 2_000, -1],   [300, 10_000, -1]]),
            ("H62",   [[10, 100, -1],     [100, 2_000, -1],   [300, 10_000, -1]]),
            ("I64",   [[10, 100, -1],     [100, 1_000, -1],   [2_000, 100_000, -1]]),
            ("I65",   [[10, 50, -1],      [100, 1_000, -1],   [300, 10_000, -1]]),
            ("K701",  [[-1, 100, 2_000],  [-1, 1_000, 5_000], [-1, 200_000, 10_000]]),
            ("K702",  [[100, 500, -1],    [300, 1_000, -1],   [1_000, 5_000, -1]]),
            ("L72",   [[10, -1, 100],     [100, -1, 8_000],   [300, -1, 120_000]]),
            ("M73",   [[10, -1, -1],      [100, -1, -1],      [300, -1, -1]]),
        ];
        for (industry, at) in lines {
            for (indicators, (reached, below)) in at.into_iter().zip([
                (Scale::Small, Scale::Micro),
                (Scale::Medium, Scale::Small),
                (Scale::Large, Scale::Medium),
            ]) {
                check(industry, indicators, Some(reached));
                for which in 0..3 {
                    if indicators[which] >= 0 {
                        let mut less = indicators;
                        less[which] -= 1;
                        check(industry, less, Some(below));
                    }
                }
            }
        }
    }

    #[test]
    fn industries_that_the_rule_leaves_out_have_no_scale() {
        for industry in ["G53", "J66", "P83", "Q84", "S92", "T97", "K70", "K704"] {
            check(industry, [1_000, 1_000_000, 1_000_000], None);
        }
        for industry in ["N77", "O81", "Q85", "R86", "K703", "K709"] {
            check(industry, [300, -1, -1], Some(Scale::Large));
        }
    }
}
