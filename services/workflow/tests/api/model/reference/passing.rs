//! What happens by itself once its time has come.

use proto::workflow::v1::IssueState;

use super::{Model, calendar::Second};

impl Model {
    /// The system has looked at every issue at this moment. Tells which of them changed.
    pub fn sweep(&mut self, now: Second) -> Vec<usize> {
        let mut changed = Vec::new();
        for (id, issue) in self.issues.iter_mut().enumerate() {
            if let Some(until) = issue.supply_until()
                && until < now
            {
                issue.answered(until, now);
                changed.push(id);
            }
            if let Some(c6) = issue.running(6)
                && issue.clocks[c6].due() < now
            {
                issue.drop_clock(6, now);
                if issue.state != IssueState::Merged {
                    issue.awaits_audit(now);
                }
                changed.push(id);
            }
        }
        changed
    }
}
