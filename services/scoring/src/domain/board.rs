//! Places on a board: rank and tier.

use kernel::AccountId;

use super::RuleSet;

/// Where somebody stands, as the ledger counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub account: AccountId,
    /// From 1; equal points share a rank.
    pub rank: i64,
    pub points: i64,
}

/// The same, with the tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub standing: Standing,
    pub tier: &'a super::rules::Tier,
}

/// Puts each into the first tier that reaches down to its rank. A tier's share of the board is rounded up, so that the
/// first of two is in the best one.
pub(crate) fn places<'a>(standings: &[Standing], n_people: i64, rules: &'a RuleSet) -> Vec<Place<'a>> {
    let place = |standing: &Standing| {
        let reaches = |top_percent: u8| (n_people * i64::from(top_percent) + 99) / 100;
        let tier = rules.tiers.iter().find(|tier| standing.rank <= reaches(tier.top_percent));
        Place {
            standing: *standing,
            tier: tier.or(rules.tiers.last()).expect("rules have a tier that takes all"),
        }
    };
    standings.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn tiers_take_their_share_of_the_board_rounded_up() {
        let tiers = |n: i64, ranks: &[i64]| {
            let standing =
                |rank: &i64| Standing { account: AccountId::new(Uuid::nil()), rank: *rank, points: 0 };
            let standings: Vec<_> = ranks.iter().map(standing).collect();
            let codes = places(&standings, n, RuleSet::starter());
            codes.iter().map(|place| place.tier.code.as_str()).collect::<String>()
        };
        assert_eq!(tiers(1, &[1]), "A");
        assert_eq!(tiers(10, &[1, 2, 3, 4, 5, 10]), "ABBBCC");
        assert_eq!(tiers(11, &[1, 2, 3]), "AAB");
        assert_eq!(tiers(10, &[1, 1, 1]), "AAA");
    }
}
