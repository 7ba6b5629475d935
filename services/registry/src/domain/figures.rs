//! Shares, as figures are published.

/// Numerator of denominator in tenths of a percent, rounded half up: 0 to 1000 when `part` is part of `whole`.
/// `None`: the denominator is 0, so there is no such share.
pub(crate) fn per_mille(part: i64, whole: i64) -> Option<i32> {
    if whole <= 0 {
        return None;
    }
    let doubled = 2 * 1_000 * i128::from(part) + i128::from(whole);
    i32::try_from(doubled.div_euclid(2 * i128::from(whole))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_half_up_to_one_decimal_of_a_percent() {
        assert_eq!(per_mille(876, 909), Some(964));
        assert_eq!(per_mille(115, 148), Some(777));
        assert_eq!(per_mille(1, 2_000), Some(1));
        assert_eq!(per_mille(1, 2_001), Some(0));
        assert_eq!(per_mille(0, 7), Some(0));
        assert_eq!(per_mille(7, 7), Some(1_000));
    }

    #[test]
    fn there_is_no_share_of_nothing() {
        assert_eq!(per_mille(0, 0), None);
    }
}
