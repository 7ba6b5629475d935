//! The lifecycle as one table. What it does not list is refused; next steps, diagram and tests read the same rows.

use std::fmt::Write as _;

use super::{Action, Party, State};
use Action::{
    Accept, Assign, Audit, Confirm, Dispatch, Dispute, FeedBack, LapseRating, Object, Plan, Rate, ReachRung,
    RecordContact, RecordInterimMeasure, RecordProgress, Reopen, Replan, Reply, SendBack, Sign, Submit, Urge,
};
use Party::{Auditor, Client, Firm, Liaison, Manager, Operator, Section, System};
use State::{
    Closed, Dispatched, FedBack, InProgress, PendingAudit, Planned, Rectifying, Replied, Signed, Submitted,
    Triage,
};

/// One way into the lifecycle.
pub type Entry = (Action, Party, State);

/// One legal move. Where a step has several rows, its guard chooses among them by what the command and the issue say.
pub type Transition = (State, Action, Party, State);

/// Every way in.
#[rustfmt::skip]
pub const ENTRIES: &[Entry] = &[
    (Submit, Firm,    Submitted),
    (Submit, Firm,    Triage),     // routing found no single department
    (Submit, Manager, Submitted),
    (Submit, Manager, Triage),
    (Submit, Client,  Submitted),
    (Submit, Client,  Triage),
];

/// Every legal move.
#[rustfmt::skip]
pub const TRANSITIONS: &[Transition] = &[
    (Triage,       Assign,               Operator, Submitted),
    (Submitted,    Sign,                 Liaison,  Signed),
    (Signed,       Dispatch,             Liaison,  Dispatched),
    (Dispatched,   Accept,               Section,  InProgress),
    (Dispatched,   Object,               Section,  Signed),       // not ours: back to the liaison
    (InProgress,   RecordContact,        Section,  InProgress),
    (InProgress,   RecordProgress,       Section,  InProgress),
    (InProgress,   RecordInterimMeasure, Section,  InProgress),   // solves nothing
    (InProgress,   Plan,                 Section,  Planned),      // nor does this
    (InProgress,   Reply,                Section,  Replied),
    (Planned,      RecordContact,        Section,  Planned),
    (Planned,      RecordProgress,       Section,  Planned),
    (Planned,      RecordInterimMeasure, Section,  Planned),
    (Planned,      Replan,               Section,  Planned),
    (Planned,      Reply,                Section,  Replied),
    (Replied,      SendBack,             Liaison,  InProgress),
    (Replied,      SendBack,             Liaison,  Rectifying),   // a reply given in rectification
    (Replied,      FeedBack,             Liaison,  FedBack),
    (FedBack,      Rate,                 Firm,     PendingAudit),
    (FedBack,      Rate,                 Firm,     Rectifying),   // low stars
    (FedBack,      Dispute,              Firm,     Rectifying),
    (FedBack,      LapseRating,          System,   PendingAudit), // unrated, never satisfied
    (Rectifying,   RecordContact,        Section,  Rectifying),
    (Rectifying,   RecordProgress,       Section,  Rectifying),
    (Rectifying,   RecordInterimMeasure, Section,  Rectifying),
    (Rectifying,   Reply,                Section,  Replied),
    (PendingAudit, Audit,                Auditor,  Closed),
    (PendingAudit, Audit,                Auditor,  InProgress),   // failed
    (Closed,       Reopen,               Firm,     InProgress),   // the same handler goes on
    (Closed,       Reopen,               Firm,     Dispatched),   // reopened too often for that

    (Triage,       Confirm,              Firm,     Triage),
    (Submitted,    Confirm,              Firm,     Submitted),
    (Signed,       Confirm,              Firm,     Signed),
    (Dispatched,   Confirm,              Firm,     Dispatched),
    (InProgress,   Confirm,              Firm,     InProgress),
    (Planned,      Confirm,              Firm,     Planned),
    (Replied,      Confirm,              Firm,     Replied),
    (FedBack,      Confirm,              Firm,     FedBack),
    (Rectifying,   Confirm,              Firm,     Rectifying),
    (PendingAudit, Confirm,              Firm,     PendingAudit),

    (Triage,       Urge,                 Firm,     Triage),       // never while the firm itself has to act
    (Submitted,    Urge,                 Firm,     Submitted),
    (Signed,       Urge,                 Firm,     Signed),
    (Dispatched,   Urge,                 Firm,     Dispatched),
    (InProgress,   Urge,                 Firm,     InProgress),
    (Planned,      Urge,                 Firm,     Planned),
    (Replied,      Urge,                 Firm,     Replied),
    (Rectifying,   Urge,                 Firm,     Rectifying),
    (PendingAudit, Urge,                 Firm,     PendingAudit),
    (Triage,       Urge,                 Manager,  Triage),
    (Submitted,    Urge,                 Manager,  Submitted),
    (Signed,       Urge,                 Manager,  Signed),
    (Dispatched,   Urge,                 Manager,  Dispatched),
    (InProgress,   Urge,                 Manager,  InProgress),
    (Planned,      Urge,                 Manager,  Planned),
    (Replied,      Urge,                 Manager,  Replied),
    (Rectifying,   Urge,                 Manager,  Rectifying),
    (PendingAudit, Urge,                 Manager,  PendingAudit),

    (Triage,       ReachRung,            System,   Triage),
    (Submitted,    ReachRung,            System,   Submitted),
    (Signed,       ReachRung,            System,   Signed),
    (Dispatched,   ReachRung,            System,   Dispatched),
    (InProgress,   ReachRung,            System,   InProgress),
    (Planned,      ReachRung,            System,   Planned),
    (Replied,      ReachRung,            System,   Replied),
    (FedBack,      ReachRung,            System,   FedBack),
    (Rectifying,   ReachRung,            System,   Rectifying),
    (PendingAudit, ReachRung,            System,   PendingAudit),
];

/// Where `action`, taken in `from` by `party`, may lead; empty if it is refused.
pub fn targets(from: State, action: Action, party: Party) -> impl Iterator<Item = State> {
    TRANSITIONS.iter().filter(move |row| (row.0, row.1, row.2) == (from, action, party)).map(|row| row.3)
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

/// The diagram of the moves from state to state in Mermaid's notation; steps that stay where they are are left out.
pub fn mermaid() -> String {
    let mut text = String::from("stateDiagram-v2\n");
    let mut line = |from: &str, to: &str, label: String| {
        let line = format!("    {from} --> {to}: {label}\n");
        if !text.contains(&line) {
            text.push_str(&line);
        }
    };
    for (action, _, to) in ENTRIES {
        line("[*]", to.name(), action.to_string());
    }
    for (from, action, party, to) in TRANSITIONS.iter().filter(|row| row.0 != row.3) {
        line(from.name(), to.name(), format!("{action} ({party})"));
    }
    for state in State::ALL.iter().filter(|state| !state.is_open()) {
        line(state.name(), "[*]", "final".to_owned());
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use expect_test::expect_file;

    use super::*;

    #[test]
    fn every_state_can_be_reached_and_left_to_a_final_one() {
        let mut reached: BTreeSet<State> = ENTRIES.iter().map(|row| row.2).collect();
        let mut leads_out: BTreeSet<State> =
            State::ALL.iter().copied().filter(|state| !state.is_open()).collect();
        assert_eq!(leads_out.len(), 1);
        for _ in State::ALL {
            reached.extend(
                TRANSITIONS
                    .iter()
                    .filter(|row| reached.contains(&row.0))
                    .map(|row| row.3)
                    .collect::<Vec<_>>(),
            );
            leads_out.extend(
                TRANSITIONS
                    .iter()
                    .filter(|row| leads_out.contains(&row.3))
                    .map(|row| row.0)
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(reached.len(), State::ALL.len());
        assert_eq!(leads_out.len(), State::ALL.len());
    }

    #[test]
    fn no_row_stands_twice() {
        let rows: BTreeSet<_> = TRANSITIONS.iter().collect();
        assert_eq!(rows.len(), TRANSITIONS.len());
        let entries: BTreeSet<_> = ENTRIES.iter().collect();
        assert_eq!(entries.len(), ENTRIES.len());
    }

    #[test]
    fn every_step_and_every_party_has_a_row() {
        for action in Action::ALL {
            let used =
                TRANSITIONS.iter().any(|row| row.1 == *action) || ENTRIES.iter().any(|row| row.0 == *action);
            assert!(used, "{action}");
        }
        for party in Party::ALL {
            let used =
                TRANSITIONS.iter().any(|row| row.2 == *party) || ENTRIES.iter().any(|row| row.1 == *party);
            assert!(used, "{party}");
        }
    }

    #[test]
    fn whoever_holds_an_issue_has_a_step_that_moves_it_on() {
        for state in State::ALL.iter().filter(|state| state.is_open()) {
            let moves_on = TRANSITIONS.iter().any(|(from, _, party, to)| {
                from == state && to != state && party.name() == state.holder().name()
            });
            assert!(moves_on, "{state}");
        }
    }

    #[test]
    fn the_table_reads_as_reviewed() {
        expect_file!["goldens/transitions.txt"].assert_eq(&render());
        expect_file!["goldens/lifecycle.mmd"].assert_eq(&mermaid());
    }
}
