//! How often a password may be tried.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::TimeDelta;
use kernel::Timestamp;

/// At most so many tries in any stretch of `quiet` (policy, from the configuration).
///
/// A try is counted before the password is looked at, so that tries at the same time cannot pass together. The
/// count is forgotten by a success, and once nothing was counted for `quiet`. Tries that are refused are not
/// counted, so that whoever keeps trying does not shut the owner out for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryLimit {
    pub max_tries: u32,
    pub quiet: TimeDelta,
}

impl TryLimit {
    /// Counts last touched at this instant or earlier are forgotten.
    pub fn forgotten_until(&self, now: Timestamp) -> Timestamp {
        now - self.quiet
    }

    /// Whole seconds, at least 1, until the next try will be looked at, when the last counted one was at `last`.
    pub fn retry_after_seconds(&self, last: Timestamp, now: Timestamp) -> i64 {
        let wait = last + self.quiet - now;
        (wait.num_milliseconds().max(1) + 999) / 1000
    }
}

/// What tries are counted under: a hash, so that names that nobody has are not kept. Names that differ in case or
/// blanks at their ends alone count as one.
pub fn login_digest(login_name: &str) -> Vec<u8> {
    digest(&SHA256, login_name.trim().to_lowercase().as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_rounded_up_to_whole_seconds() {
        let limit = TryLimit { max_tries: 5, quiet: TimeDelta::minutes(15) };
        let last = Timestamp::UNIX_EPOCH + TimeDelta::hours(1);
        assert_eq!(limit.retry_after_seconds(last, last), 900);
        assert_eq!(limit.retry_after_seconds(last, last + TimeDelta::milliseconds(1)), 900);
        assert_eq!(limit.retry_after_seconds(last, last + TimeDelta::milliseconds(899_001)), 1);
        assert_eq!(limit.retry_after_seconds(last, last + TimeDelta::minutes(15)), 1);
    }

    #[test]
    fn names_count_as_one_whatever_their_case() {
        assert_eq!(login_digest("li.wei"), login_digest(" Li.Wei "));
        assert_ne!(login_digest("li.wei"), login_digest("liwei"));
    }
}
