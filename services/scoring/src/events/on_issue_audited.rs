//! An auditor decided: what waits for it counts, or is void.

use events::ConsumeError;
use proto::workflow::v1::{AuditDecision, IssueAudited};

use super::{Missing, issue};
use crate::domain::{Effect, Happening, Occasion};

pub(super) fn read(payload: IssueAudited) -> Result<Happening, ConsumeError> {
    let IssueAudited { issue, decision, failure_code: _, on_time: _, late_working_seconds: _ } = payload;
    let (effect, occasions) = match AuditDecision::try_from(decision) {
        Ok(AuditDecision::Passed) => (Effect::Pass, vec![]),
        Ok(AuditDecision::Failed) => (Effect::Unsettle, vec![Occasion::AuditFailed]),
        // Points must not hang on a guess: the event is put aside until this version knows the decision.
        Ok(AuditDecision::Unspecified) | Err(_) => return Err(Missing("decision").into()),
    };
    Ok(Happening { occasions, effect, ..issue::happening(issue)? })
}
