//! Limits of this service. They are policy; the defaults are those of the suite.

use chrono::TimeDelta;

use crate::domain::{SessionLimits, TryLimit};

/// How strict identity is.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    pub tries: TryLimit,
    pub sessions: SessionLimits,
    /// Life of an access token: at most 15 minutes, which every verifier insists on.
    pub access_token: TimeDelta,
    /// How long an old signing key is accepted after a new one came. Longer than a token lives, and than replicas
    /// take to be restarted one after the other.
    pub key_overlap: TimeDelta,
    pub hashing: Hashing,
}

/// How many passwords are hashed at a time: each takes 19 MiB and some tens of milliseconds of one core.
#[derive(Debug, Clone, Copy)]
pub struct Hashing {
    pub n_workers: usize,
    /// How many more may wait.
    pub n_waiting: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tries: TryLimit { max_tries: 5, quiet: TimeDelta::minutes(15) },
            sessions: SessionLimits { idle: TimeDelta::hours(12), total: TimeDelta::days(7) },
            access_token: TimeDelta::minutes(15),
            key_overlap: TimeDelta::hours(1),
            hashing: Hashing { n_workers: 2, n_waiting: 64 },
        }
    }
}
