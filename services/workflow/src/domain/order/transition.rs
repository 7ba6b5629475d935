//! The life of an order as one table. What it does not list is refused; next steps and tests read the same rows.

use std::fmt::Write as _;

use super::{Action, State};
use crate::domain::Party;
use Action::{
    Accept, Cancel, ChangeCalendar, Decline, Deliver, LapseRating, Place, Rate, ReachRung, Reschedule,
    Schedule,
};
use Party::{Firm, Liaison, Manager, System};
use State::{Accepted, Cancelled, Declined, Delivered, Placed, Rated, Scheduled, Unrated};

/// One way into the life of an order.
pub type Entry = (Action, Party, State);

/// One legal move.
pub type Transition = (State, Action, Party, State);

/// Every way in.
#[rustfmt::skip]
pub const ENTRIES: &[Entry] = &[
    (Place, Firm,    Placed),
    (Place, Manager, Placed), // on the firm's behalf
];

/// Every legal move.
#[rustfmt::skip]
pub const TRANSITIONS: &[Transition] = &[
    (Placed,    Accept,      Liaison, Accepted),
    (Placed,    Decline,     Liaison, Declined),
    (Placed,    Cancel,      Firm,    Cancelled),
    (Accepted,  Schedule,    Liaison, Scheduled),
    (Accepted,  Cancel,      Firm,    Cancelled),
    (Scheduled, Reschedule,  Liaison, Scheduled),
    (Scheduled, Deliver,     Liaison, Delivered),
    (Scheduled, Cancel,      Firm,    Cancelled),
    (Delivered, Rate,        Firm,    Rated),
    (Delivered, LapseRating, System,  Unrated),   // never satisfied

    (Placed,    ReachRung,   System,  Placed),
    (Accepted,  ReachRung,   System,  Accepted),
    (Scheduled, ReachRung,   System,  Scheduled),
    (Delivered, ReachRung,   System,  Delivered),

    (Placed,    ChangeCalendar, System, Placed),
    (Accepted,  ChangeCalendar, System, Accepted),
    (Scheduled, ChangeCalendar, System, Scheduled),
    (Delivered, ChangeCalendar, System, Delivered),
];

/// Where `action`, taken in `from` by `party`, leads. `None`: it is refused.
pub fn target(from: State, action: Action, party: Party) -> Option<State> {
    TRANSITIONS.iter().find(|row| (row.0, row.1, row.2) == (from, action, party)).map(|row| row.3)
}

/// Every row as a line, in the order of the table: what a review reads.
pub fn render() -> String {
    let mut text = String::new();
    for (action, party, to) in ENTRIES {
        let _ = writeln!(text, "- --{action}/{party}--> {to}");
    }
    for (from, action, party, to) in TRANSITIONS {
        let _ = writeln!(text, "{from} --{action}/{party}--> {to}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use expect_test::expect;

    use super::*;

    #[test]
    fn every_state_can_be_reached_and_left_to_a_final_one() {
        let mut reached: BTreeSet<State> = ENTRIES.iter().map(|row| row.2).collect();
        let mut leads_out: BTreeSet<State> =
            State::ALL.iter().copied().filter(|state| !state.is_open()).collect();
        assert_eq!(leads_out.len(), 4);
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
    }

    #[test]
    fn a_final_state_is_left_by_nothing_and_a_move_has_one_row() {
        assert!(TRANSITIONS.iter().all(|row| row.0.is_open()));
        let moves: BTreeSet<_> = TRANSITIONS.iter().map(|row| (row.0, row.1, row.2)).collect();
        assert_eq!(moves.len(), TRANSITIONS.len());
    }

    #[test]
    fn every_step_has_a_row() {
        for action in Action::ALL {
            let used =
                TRANSITIONS.iter().any(|row| row.1 == *action) || ENTRIES.iter().any(|row| row.0 == *action);
            assert!(used, "{action}");
        }
    }

    #[test]
    fn the_table_stays_as_it_is() {
        expect![[r"
            - --PLACE/FIRM--> PLACED
            - --PLACE/MANAGER--> PLACED
            PLACED --ACCEPT/LIAISON--> ACCEPTED
            PLACED --DECLINE/LIAISON--> DECLINED
            PLACED --CANCEL/FIRM--> CANCELLED
            ACCEPTED --SCHEDULE/LIAISON--> SCHEDULED
            ACCEPTED --CANCEL/FIRM--> CANCELLED
            SCHEDULED --RESCHEDULE/LIAISON--> SCHEDULED
            SCHEDULED --DELIVER/LIAISON--> DELIVERED
            SCHEDULED --CANCEL/FIRM--> CANCELLED
            DELIVERED --RATE/FIRM--> RATED
            DELIVERED --LAPSE_RATING/SYSTEM--> UNRATED
            PLACED --REACH_RUNG/SYSTEM--> PLACED
            ACCEPTED --REACH_RUNG/SYSTEM--> ACCEPTED
            SCHEDULED --REACH_RUNG/SYSTEM--> SCHEDULED
            DELIVERED --REACH_RUNG/SYSTEM--> DELIVERED
            PLACED --CHANGE_CALENDAR/SYSTEM--> PLACED
            ACCEPTED --CHANGE_CALENDAR/SYSTEM--> ACCEPTED
            SCHEDULED --CHANGE_CALENDAR/SYSTEM--> SCHEDULED
            DELIVERED --CHANGE_CALENDAR/SYSTEM--> DELIVERED
        "]]
        .assert_eq(&render());
    }
}
