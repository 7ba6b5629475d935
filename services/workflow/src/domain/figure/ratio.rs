//! A ratio as figures show it.

use std::fmt;

/// Square of the normal quantile of 97.5 %, in millionths: 95 % lie between the two bounds.
const Z_SQUARED: u128 = 3_841_459;

/// How many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ratio {
    pub numerator: u64,
    pub denominator: u64,
}

impl Ratio {
    /// Tenths of a per cent, rounded half up: 964 is 96.4 %. `None`: there is nothing to divide by.
    pub fn per_mille(self) -> Option<u64> {
        let (numerator, denominator) = (u128::from(self.numerator), u128::from(self.denominator));
        let rounded = (numerator * 2000 + denominator).checked_div(denominator * 2)?;
        u64::try_from(rounded).ok()
    }

    /// The lower end of Wilson's interval of 95 %, in tenths of a per cent, rounded down: what the true share hardly
    /// falls short of. `None`: there is nothing to divide by, or the numerator is no part of the denominator.
    pub fn lower_bound(self) -> Option<u64> {
        let (k, n) = (u128::from(self.numerator), u128::from(self.denominator));
        if n == 0 || n < k {
            return None;
        }
        // The bound is the smaller p with (k / n - p)² = z² p (1 - p) / n.
        let is_below = |p: u128| {
            // At the share itself, both sides may be nothing.
            p == 0
                || n * p < 1000 * k && Z_SQUARED * n * p * (1000 - p) <= (1000 * k - n * p).pow(2) * 1_000_000
        };
        (0..=1000_u64).rev().find(|p| is_below(u128::from(*p)))
    }
}

impl fmt::Display for Ratio {
    /// As "96.4 %", or "n/a".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per_mille() {
            Some(per_mille) => write!(f, "{}.{} %", per_mille / 10, per_mille % 10),
            None => f.write_str("n/a"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: u64, denominator: u64) -> Ratio {
        Ratio { numerator, denominator }
    }

    #[test]
    fn a_ratio_has_one_decimal_rounded_half_up_and_no_value_over_nothing() {
        assert_eq!(ratio(876, 909).to_string(), "96.4 %");
        assert_eq!(ratio(1, 2000).to_string(), "0.1 %");
        assert_eq!(ratio(1, 2001).to_string(), "0.0 %");
        assert_eq!(ratio(115, 68).to_string(), "169.1 %");
        assert_eq!(ratio(0, 0).to_string(), "n/a");
    }

    /// Against the usual formula: (p + z²/2n - z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
    #[test]
    fn the_lower_bound_is_wilsons() {
        assert_eq!(ratio(0, 0).lower_bound(), None);
        assert_eq!(ratio(3, 2).lower_bound(), None);
        assert_eq!(ratio(0, 10).lower_bound(), Some(0));
        for (k, n) in [
            (10_u32, 10_u32),
            (9, 10),
            (5, 10),
            (1, 10),
            (95, 100),
            (50, 100),
            (876, 909),
            (1, 1),
            (9_999, 10_000),
        ] {
            let (share, total, z) = (f64::from(k) / f64::from(n), f64::from(n), 1.959_964_f64);
            let root = (share * (1.0 - share) / total + z * z / (4.0 * total * total)).sqrt();
            let bound = (share + z * z / (2.0 * total) - z * root) / (1.0 + z * z / total);
            let told = ratio(k.into(), n.into()).lower_bound().unwrap();
            let told = f64::from(u32::try_from(told).unwrap());
            assert!(told <= bound * 1000.0 + 1e-3 && bound * 1000.0 < told + 1.0, "{k}/{n}: {told} {bound}");
        }
    }
}
