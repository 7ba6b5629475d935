//! The section replied: what an earlier reply promised is void, and what this one promises waits for the audit.

use events::ConsumeError;
use proto::workflow::v1::{IssueReplied, Outcome};

use super::issue;
use crate::domain::{Effect, Happening, Occasion};

pub(super) fn read(payload: IssueReplied) -> Result<Happening, ConsumeError> {
    let IssueReplied { issue, outcome, stopped_clock, on_time, late_working_seconds, plan_kept } = payload;
    let mut occasions = match Outcome::try_from(outcome) {
        Ok(Outcome::Resolved) => vec![Occasion::IssueResolved],
        Ok(Outcome::PlannedDelivered) if plan_kept => vec![Occasion::PlanKept],
        Ok(Outcome::PlannedDelivered) => vec![Occasion::PlanDeliveredLate],
        // A value of a newer version does not count as solved either.
        Ok(Outcome::Explained | Outcome::Partial | Outcome::Infeasible | Outcome::Unspecified) | Err(_) => {
            vec![]
        }
    };
    let lateness = issue::lateness(stopped_clock, on_time, late_working_seconds);
    occasions.extend(lateness.as_ref().map(|_| Occasion::ReplyOverdue));
    Ok(Happening { occasions, lateness, effect: Effect::Unsettle, ..issue::happening(issue)? })
}
