//! A ratio as figures show it.

use std::fmt;

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

    #[test]
    fn a_ratio_has_one_decimal_rounded_half_up() {
        let show = |numerator, denominator| Ratio { numerator, denominator }.to_string();
        assert_eq!(show(876, 909), "96.4 %");
        assert_eq!(show(761, 841), "90.5 %");
        assert_eq!(show(115, 148), "77.7 %");
        assert_eq!(show(115, 68), "169.1 %");
        assert_eq!(show(1, 2000), "0.1 %");
        assert_eq!(show(1, 2001), "0.0 %");
        assert_eq!(show(0, 3), "0.0 %");
        assert_eq!(show(3, 3), "100.0 %");
        assert_eq!(show(u64::MAX, u64::MAX), "100.0 %");
    }

    #[test]
    fn a_ratio_over_nothing_is_not_available() {
        assert_eq!(Ratio::default().to_string(), "n/a");
        assert_eq!(Ratio { numerator: 5, denominator: 0 }.per_mille(), None);
    }
}
