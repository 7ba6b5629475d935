//! The life of a case as one table. What it does not list is refused.

use super::{Action, State};
use crate::domain::Party;
use Action::{Nominate, Publish, Review, Withdraw};
use Party::{Auditor, Liaison, Operator};
use State::{Accepted, Nominated, Published, Rejected, Withdrawn};

/// One legal move. Where a step has several rows, the command chooses among them.
pub type Transition = (State, Action, Party, State);

/// The way in.
pub const ENTRY: (Action, Party, State) = (Nominate, Liaison, Nominated);

/// Every legal move.
#[rustfmt::skip]
pub const TRANSITIONS: &[Transition] = &[
    (Nominated, Review,   Auditor,  Accepted),
    (Nominated, Review,   Auditor,  Rejected),
    (Nominated, Withdraw, Operator, Withdrawn),
    (Accepted,  Publish,  Operator, Published),
    (Accepted,  Withdraw, Operator, Withdrawn),
    (Published, Withdraw, Operator, Withdrawn),
];

/// Where `action`, taken in `from` by `party`, may lead; empty if it is refused.
pub fn targets(from: State, action: Action, party: Party) -> impl Iterator<Item = State> {
    TRANSITIONS.iter().filter(move |row| (row.0, row.1, row.2) == (from, action, party)).map(|row| row.3)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_state_can_be_reached_and_left_to_a_final_one() {
        let mut reached = BTreeSet::from([ENTRY.2]);
        let mut leads_out: BTreeSet<State> =
            State::ALL.iter().copied().filter(|state| !state.is_open()).collect();
        assert_eq!(leads_out, BTreeSet::from([Rejected, Withdrawn]));
        for _ in State::ALL {
            let next: Vec<_> =
                TRANSITIONS.iter().filter(|row| reached.contains(&row.0)).map(|row| row.3).collect();
            reached.extend(next);
            let before: Vec<_> =
                TRANSITIONS.iter().filter(|row| leads_out.contains(&row.3)).map(|row| row.0).collect();
            leads_out.extend(before);
        }
        assert_eq!(reached.len(), State::ALL.len());
        assert_eq!(leads_out.len(), State::ALL.len());
        assert!(TRANSITIONS.iter().all(|row| row.0.is_open()), "a final state is left by nothing");
    }
}
