//! The opening hours of one working day, in nanoseconds since local midnight.

/// The intervals of every working day: in order, not overlapping, none of them empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hours {
    intervals: Vec<(i64, i64)>,
    total: i64,
}

impl Hours {
    /// The caller has checked that the intervals are as [`Hours`] promises, and at least one.
    pub(crate) fn new(intervals: Vec<(i64, i64)>) -> Self {
        let total = intervals.iter().map(|(opens, closes)| closes - opens).sum();
        Self { intervals, total }
    }

    /// Working time of a whole working day.
    pub(crate) fn total(&self) -> i64 {
        self.total
    }

    pub(crate) fn intervals(&self) -> &[(i64, i64)] {
        &self.intervals
    }

    /// Working time from midnight to `time`.
    pub(crate) fn worked_by(&self, time: i64) -> i64 {
        self.intervals.iter().map(|&(opens, closes)| time.clamp(opens, closes) - opens).sum()
    }

    /// The first moment by which `worked` has been worked; `worked` is above 0 and at most [`Hours::total`].
    pub(crate) fn reached(&self, worked: i64) -> i64 {
        let (mut at, mut left) = (0, worked);
        for &(opens, closes) in &self.intervals {
            at = closes.min(opens + left);
            left -= closes - opens;
            if left <= 0 {
                break;
            }
        }
        at
    }

    /// `time` itself when it is worked, otherwise the next opening of the same day, if any.
    pub(crate) fn next_opening(&self, time: i64) -> Option<i64> {
        self.intervals.iter().find(|(_, closes)| time < *closes).map(|(opens, _)| time.max(*opens))
    }
}
