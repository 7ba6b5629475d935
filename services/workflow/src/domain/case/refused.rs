//! Why a step with a case is not taken.

use std::fmt;

use super::{Action, State};
use crate::domain::{Party, State as IssueState};

/// Why a step is not taken. Nothing has happened then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The table has no such row for any capacity of the actor.
    #[error("{action} is not possible in {from} for this person")]
    NotAllowed { from: State, action: Action },
    /// Nobody may nominate a case in the actor's capacity.
    #[error("cases are nominated by the liaison of the department in charge")]
    MayNotNominate,
    /// The table has the row, but the person has to do with the case or its issue otherwise.
    #[error("{action} is not for a person who is {tie} here")]
    ConflictOfDuty { action: Action, tie: Tie },
    #[error("the issue is in {state}, not closed")]
    NotClosed { state: IssueState },
    #[error("the issue is confidential")]
    Confidential,
}

/// What somebody is to a case or its issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    Nominator,
    Reviewer,
    /// Capacity in which the person has to do with the issue.
    Issue(Party),
}

impl fmt::Display for Tie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nominator => f.write_str("NOMINATOR"),
            Self::Reviewer => f.write_str("REVIEWER"),
            Self::Issue(party) => party.fmt(f),
        }
    }
}
