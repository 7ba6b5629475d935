//! What the registry takes at most, as its contract says. It has no settings of its own beside those of the suite.

/// Enterprises got in one request; fewer than a page holds.
pub(crate) const MAX_BATCH: usize = 100;
/// Appointments handed over in one request.
pub(crate) const MAX_HANDOVER: usize = 100;
/// Issues linked to one visit.
pub(crate) const MAX_ISSUES: usize = 20;
/// People in one enterprise.
pub(crate) const MAX_EMPLOYEES: i64 = 10_000_000;
/// Yuan of revenue or assets of one enterprise.
pub(crate) const MAX_YUAN: i64 = 1_000_000_000_000_000;
