//! How long things take: percentiles that can be added up from parts.

/// Seconds below this are told exactly; above, to within a sixty-fourth.
const EXACT: i64 = 64;

/// A duration as percentiles tell it: seconds below a minute or so exactly, longer ones rounded up to two digits in
/// base 64, which is off by less than 1.6 %. Durations of many issues are thus few different numbers.
pub(super) fn rounded_up(seconds: i64) -> i64 {
    let seconds = seconds.max(0);
    let mut step = 1;
    while EXACT * step * 2 <= seconds {
        step *= 2;
    }
    if seconds < EXACT { seconds } else { (seconds + step - 1) / step * step }
}

/// The middle and the slow end of durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Seconds that half of them do not exceed.
    pub p50: i64,
    /// Seconds that nine in ten do not exceed.
    pub p90: i64,
}

impl Spread {
    /// Of durations, each with how often it occurs. `None`: there are none.
    pub fn of(durations: impl IntoIterator<Item = (i64, i64)>) -> Option<Self> {
        let mut durations: Vec<_> = durations.into_iter().filter(|(_, n)| *n != 0).collect();
        durations.sort_unstable();
        let total: i64 = durations.iter().map(|(_, n)| n).sum();
        // The smallest that at least so many do not exceed: the nearest rank.
        let at_rank = |percent: i64| {
            let rank = (total * percent + 99) / 100;
            let mut so_far = 0;
            durations.iter().find_map(|(took, n)| {
                so_far += n;
                (rank <= so_far).then_some(*took)
            })
        };
        if total < 1 {
            return None;
        }
        Some(Self { p50: at_rank(50)?, p90: at_rank(90)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_never_told_shorter_and_by_no_sixtieth_longer() {
        let mut last = -1;
        for seconds in (0..5_000).chain((5_000..3_000_000).step_by(997)) {
            let told = rounded_up(seconds);
            assert!(seconds <= told && (told - seconds) * 60 <= seconds, "{seconds} told as {told}");
            assert!(last <= told);
            assert_eq!(rounded_up(told), told);
            last = told;
        }
        assert_eq!(rounded_up(63), 63);
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([(7, 1)]), Some(Spread { p50: 7, p90: 7 }));
        let ten = (1..=10).map(|n| (n, 1));
        assert_eq!(Spread::of(ten), Some(Spread { p50: 5, p90: 9 }));
        assert_eq!(Spread::of([(100, 1), (3, 10)]), Some(Spread { p50: 3, p90: 3 }));
        assert_eq!(Spread::of([(100, 2), (3, 9)]), Some(Spread { p50: 3, p90: 100 }));
    }
}
