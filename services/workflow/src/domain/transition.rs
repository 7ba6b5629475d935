//! The lifecycle as one table. What it does not list is refused; next steps, diagram and tests read the same rows.

use std::{fmt::Write as _, sync::LazyLock};

use super::{Action, Party, State};
use Action::{
    Absorb, Accept, AddCoSection, AnswerInstruction, AppealScope, AskFirm, Assign, Audit, ChangeCalendar,
    Comment, Confirm, DecideExtension, DecideWithdrawal, Dispatch, Dispute, FeedBack, Instruct, LapseRating,
    Merge, NoteDelivery, Object, Plan, Rate, ReachRung, RecordContact, RecordInterimMeasure, RecordProgress,
    RejectOutOfScope, Release, Reopen, Replan, Reply, ReplyCoTask, RequestExtension, RequestReturn,
    RequestWithdrawal, ResumeWork, ReviewPlan, RuleOnReturn, SendBack, Sign, Submit, Supervise,
    SupplyInformation, Unmerge, Urge,
};
use Party::{Auditor, Client, CoSection, Firm, Leader, Liaison, Manager, Operator, Section, System};
use State::{
    AwaitingFirm, Closed, Dispatched, FedBack, InProgress, Merged, OutOfScope, PendingAudit, Planned,
    Rectifying, Replied, ReturnPending, Signed, Submitted, Triage, WithdrawPending, Withdrawn,
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

/// The moves that lead on.
#[rustfmt::skip]
const MOVES: &[Transition] = &[
    (Triage,        Assign,               Operator, Submitted),
    (Triage,        RejectOutOfScope,     Operator, OutOfScope),
    (Submitted,     Sign,                 Liaison,  Signed),
    (Submitted,     RejectOutOfScope,     Liaison,  OutOfScope),
    (OutOfScope,    AppealScope,          Firm,     Triage),       // once
    (Signed,        Dispatch,             Liaison,  Dispatched),
    (Signed,        RequestReturn,        Liaison,  ReturnPending),
    (ReturnPending, RuleOnReturn,         Operator, Submitted),    // upheld: another department
    (ReturnPending, RuleOnReturn,         Operator, Signed),       // denied
    (Dispatched,    Accept,               Section,  InProgress),
    (Dispatched,    Object,               Section,  Signed),       // not ours: back to the liaison
    (InProgress,    AskFirm,              Section,  AwaitingFirm),
    (AwaitingFirm,  SupplyInformation,    Firm,     InProgress),
    (AwaitingFirm,  SupplyInformation,    Manager,  InProgress),
    (AwaitingFirm,  ResumeWork,           System,   InProgress),   // the firm did not answer in time
    (InProgress,    Plan,                 Section,  Planned),      // not solved
    (InProgress,    Reply,                Section,  Replied),
    (Planned,       Reply,                Section,  Replied),
    (Replied,       SendBack,             Liaison,  InProgress),
    (Replied,       SendBack,             Liaison,  Rectifying),   // a reply given in rectification
    (Replied,       FeedBack,             Liaison,  FedBack),
    (FedBack,       Rate,                 Firm,     PendingAudit),
    (FedBack,       Rate,                 Firm,     Rectifying),   // low stars
    (FedBack,       Dispute,              Firm,     Rectifying),
    (FedBack,       LapseRating,          System,   PendingAudit), // unrated, never satisfied
    (Rectifying,    Reply,                Section,  Replied),
    (PendingAudit,  Audit,                Auditor,  Closed),
    (PendingAudit,  Audit,                Auditor,  InProgress),   // failed
    (Closed,        Reopen,               Firm,     InProgress),   // the same handler goes on
    (Closed,        Reopen,               Firm,     Dispatched),   // reopened too often for that

    (Triage,        RequestWithdrawal,    Firm,     WithdrawPending),
    (Submitted,     RequestWithdrawal,    Firm,     WithdrawPending),
    (Signed,        RequestWithdrawal,    Firm,     WithdrawPending),
    (Dispatched,    RequestWithdrawal,    Firm,     WithdrawPending),
    (InProgress,    RequestWithdrawal,    Firm,     WithdrawPending),
    (AwaitingFirm,  RequestWithdrawal,    Firm,     WithdrawPending),
    (Planned,       RequestWithdrawal,    Firm,     WithdrawPending),
    (WithdrawPending, DecideWithdrawal,   Operator, Withdrawn),
    (WithdrawPending, DecideWithdrawal,   Operator, Triage),       // denied: back to where it was
    (WithdrawPending, DecideWithdrawal,   Operator, Submitted),
    (WithdrawPending, DecideWithdrawal,   Operator, Signed),
    (WithdrawPending, DecideWithdrawal,   Operator, Dispatched),
    (WithdrawPending, DecideWithdrawal,   Operator, InProgress),
    (WithdrawPending, DecideWithdrawal,   Operator, Planned),

    (Triage,        Merge,                Operator, Merged),
    (Submitted,     Merge,                Operator, Merged),
    (Signed,        Merge,                Operator, Merged),
    (Submitted,     Merge,                Liaison,  Merged),
    (Merged,        Unmerge,              Operator, Submitted),
    (Merged,        Rate,                 Firm,     Rectifying),   // low stars: from here on it is handled by itself
    (Merged,        Dispute,              Firm,     Rectifying),
];

/// A step that leaves the state as it is, for each of the states in which it may be taken.
type Stay = (Action, Party, &'static [State]);

/// While the department has it and the section works.
const WORK: &[State] = &[InProgress, Planned, Rectifying];
/// Before anything was replied.
const UNANSWERED: &[State] = &[Submitted, Signed, Dispatched, InProgress, AwaitingFirm, Planned];
/// Somebody other than the firm has to act.
const OURS: &[State] = &[
    Triage,
    Submitted,
    Signed,
    ReturnPending,
    Dispatched,
    InProgress,
    Planned,
    Replied,
    Rectifying,
    PendingAudit,
];
const OPEN: &[State] = &[
    Triage,
    Submitted,
    Signed,
    ReturnPending,
    Dispatched,
    InProgress,
    AwaitingFirm,
    Planned,
    Replied,
    FedBack,
    Rectifying,
    PendingAudit,
    WithdrawPending,
];
/// While other sections may help.
const HELPED: &[State] = &[Signed, ReturnPending, Dispatched, InProgress, AwaitingFirm, Planned, Rectifying];
/// In which an issue may stand that others were merged into.
const PARENT: &[State] = &[
    Submitted,
    Signed,
    ReturnPending,
    Dispatched,
    InProgress,
    AwaitingFirm,
    Planned,
    Replied,
    FedBack,
    Rectifying,
    PendingAudit,
    Closed,
];
/// Open, and with a department.
const DESK: &[State] = &[
    Submitted,
    Signed,
    Dispatched,
    InProgress,
    AwaitingFirm,
    Planned,
    Replied,
    FedBack,
    Rectifying,
    PendingAudit,
];

#[rustfmt::skip]
const STAYS: &[Stay] = &[
    (Confirm,              Firm,      OPEN),
    (RecordContact,        Section,   WORK),
    (RecordProgress,       Section,   WORK),
    (RecordInterimMeasure, Section,   WORK),                        // solves nothing
    (Replan,               Section,   &[Planned]),
    (ReviewPlan,           Liaison,   &[Planned]),
    (RequestExtension,     Section,   &[InProgress, Planned]),
    (DecideExtension,      Liaison,   &[InProgress, AwaitingFirm, Planned]),
    (AddCoSection,         Liaison,   &[Dispatched, InProgress, Planned, Rectifying]),
    (ReplyCoTask,          CoSection, HELPED),
    (FeedBack,             Liaison,   &[Merged]),                   // each firm is told by itself
    (Rate,                 Firm,      &[Merged]),                   // and has a vote of its own
    (LapseRating,          System,    &[Merged]),
    (Absorb,               Operator,  UNANSWERED),
    (Absorb,               Liaison,   &[Submitted, Signed]),
    (NoteDelivery,         Liaison,   &[FedBack, PendingAudit]),
    (Release,              Operator,  PARENT),
    (Release,              System,    PARENT),                  // its firm was not satisfied
    (Supervise,            Auditor,   OPEN),
    (Instruct,             Leader,    OPEN),
    (AnswerInstruction,    Liaison,   DESK),
    (AnswerInstruction,    Operator,  &[Triage, ReturnPending, WithdrawPending]),
    (Comment,              Firm,      State::ALL),
    (Comment,              Manager,   State::ALL),
    (Comment,              Liaison,   State::ALL),
    (Comment,              Section,   State::ALL),
    (Comment,              CoSection, State::ALL),
    (Comment,              Operator,  State::ALL),
    (Comment,              Auditor,   State::ALL),
    (Comment,              Leader,    State::ALL),
    (Urge,                 Firm,      OURS),                        // never while the firm itself has to act
    (Urge,                 Manager,   OURS),
    (Urge,                 Liaison,   &[Dispatched, InProgress, Planned, Rectifying]),
    (ReachRung,            System,    OPEN),
    (ReachRung,            System,    &[Merged]),                   // the firm is reminded of its vote
    (ChangeCalendar,       System,    OPEN),
    (ChangeCalendar,       System,    &[Merged]),                   // while its firm has a vote
];

/// Every legal move.
pub static TRANSITIONS: LazyLock<Vec<Transition>> = LazyLock::new(|| {
    let stays = STAYS
        .iter()
        .flat_map(|(action, party, states)| states.iter().map(|state| (*state, *action, *party, *state)));
    MOVES.iter().copied().chain(stays).collect()
});

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
    for (from, action, party, to) in TRANSITIONS.iter() {
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
