//! What has clocks: issues and orders, each with names of its own for them.

use std::collections::BTreeSet;

use kernel::Timestamp;
use worktime::Limit;

use super::{ClockId, ClockKey, ClockName, Run};
use crate::domain::{Code, Issue, Policy, PolicyVersion, RungRule};

/// Something whose steps are limited in time by the pack and the calendar that it is bound to.
pub trait Clocked {
    type Id: ClockName;

    fn policy_version(&self) -> &PolicyVersion;
    fn calendar_version(&self) -> &str;
    /// Every clock that ever started, in the order of their starts.
    fn runs(&self) -> &[Run<Self::Id>];
    /// Rungs of the ladder that were reached.
    fn reached(&self) -> &BTreeSet<(ClockKey<Self::Id>, Code)>;
    fn is_open(&self) -> bool;
    /// When the last event happened.
    fn updated_at(&self) -> Timestamp;
    /// How long the clock may run by the pack.
    fn limit(&self, id: Self::Id, policy: &Policy) -> Limit;
    fn ladder(policy: &Policy) -> &[RungRule<Self::Id>];
}

impl Clocked for Issue {
    type Id = ClockId;

    fn policy_version(&self) -> &PolicyVersion {
        &self.policy_version
    }

    fn calendar_version(&self) -> &str {
        &self.calendar_version
    }

    fn runs(&self) -> &[Run] {
        &self.runs
    }

    fn reached(&self) -> &BTreeSet<(ClockKey, Code)> {
        &self.rungs
    }

    fn is_open(&self) -> bool {
        self.state().is_open()
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn limit(&self, id: ClockId, policy: &Policy) -> Limit {
        policy.limit(id, self.difficulty)
    }

    fn ladder(policy: &Policy) -> &[RungRule] {
        &policy.ladder
    }
}
