//! In which state who may take which step: the graph of the mission, row by row.

use proto::workflow::v1::{IssueAction as A, IssueParty as P, IssueState as S};

const WORK: &[S] = &[S::InProgress, S::Planned, S::Rectifying];
const OPEN: &[S] = &[
    S::Triage,
    S::Submitted,
    S::Signed,
    S::ReturnPending,
    S::Dispatched,
    S::InProgress,
    S::AwaitingFirm,
    S::Planned,
    S::Replied,
    S::FedBack,
    S::Rectifying,
    S::PendingAudit,
    S::WithdrawPending,
];
const BEFORE_REPLY: &[S] =
    &[S::Triage, S::Submitted, S::Signed, S::Dispatched, S::InProgress, S::AwaitingFirm, S::Planned];
/// While other sections may help.
const HELPED: &[S] =
    &[S::Signed, S::ReturnPending, S::Dispatched, S::InProgress, S::AwaitingFirm, S::Planned, S::Rectifying];
/// Open, and with a department.
const DESK: &[S] = &[
    S::Submitted,
    S::Signed,
    S::Dispatched,
    S::InProgress,
    S::AwaitingFirm,
    S::Planned,
    S::Replied,
    S::FedBack,
    S::Rectifying,
    S::PendingAudit,
];
/// Somebody else than the firm has to act.
const WITH_OFFICES: &[S] = &[
    S::Triage,
    S::Submitted,
    S::Signed,
    S::ReturnPending,
    S::Dispatched,
    S::InProgress,
    S::Planned,
    S::Replied,
    S::Rectifying,
    S::PendingAudit,
];
const ALL: &[S] = &[
    S::Triage,
    S::Submitted,
    S::Signed,
    S::ReturnPending,
    S::Dispatched,
    S::InProgress,
    S::AwaitingFirm,
    S::Planned,
    S::Replied,
    S::FedBack,
    S::Rectifying,
    S::PendingAudit,
    S::WithdrawPending,
    S::Closed,
    S::Withdrawn,
    S::OutOfScope,
    S::Merged,
];

/// Step, the states in which it is taken, and by whom.
pub const ROWS: &[(A, &[S], &[P])] = &[
    (A::Confirm, OPEN, &[P::Firm]),
    (A::Assign, &[S::Triage], &[P::Operator]),
    (A::Sign, &[S::Submitted], &[P::Liaison]),
    (A::RequestReturn, &[S::Signed], &[P::Liaison]),
    (A::RuleOnReturn, &[S::ReturnPending], &[P::Operator]),
    (A::RejectOutOfScope, &[S::Submitted], &[P::Liaison]),
    (A::RejectOutOfScope, &[S::Triage], &[P::Operator]),
    (A::AppealScope, &[S::OutOfScope], &[P::Firm]),
    (A::Dispatch, &[S::Signed], &[P::Liaison]),
    (A::AddCoSection, &[S::Dispatched, S::InProgress, S::Planned, S::Rectifying], &[P::Liaison]),
    (A::ReplyCoTask, HELPED, &[P::CoSection]),
    (A::Accept, &[S::Dispatched], &[P::Section]),
    (A::Object, &[S::Dispatched], &[P::Section]),
    (A::RecordContact, WORK, &[P::Section]),
    (A::RecordProgress, WORK, &[P::Section]),
    (A::RecordInterimMeasure, WORK, &[P::Section]),
    (A::AskFirm, &[S::InProgress], &[P::Section]),
    (A::SupplyInformation, &[S::AwaitingFirm], &[P::Firm, P::Manager]),
    (A::RequestExtension, &[S::InProgress, S::Planned], &[P::Section]),
    (A::DecideExtension, &[S::InProgress, S::AwaitingFirm, S::Planned], &[P::Liaison]),
    (A::Plan, &[S::InProgress], &[P::Section]),
    (A::Replan, &[S::Planned], &[P::Section]),
    (A::ReviewPlan, &[S::Planned], &[P::Liaison]),
    (A::Reply, WORK, &[P::Section]),
    (A::SendBack, &[S::Replied], &[P::Liaison]),
    (A::FeedBack, &[S::Replied, S::Merged], &[P::Liaison]),
    (A::Rate, &[S::FedBack, S::Merged], &[P::Firm]),
    (A::Dispute, &[S::FedBack, S::Merged], &[P::Firm]),
    (A::Audit, &[S::PendingAudit], &[P::Auditor]),
    (A::Reopen, &[S::Closed], &[P::Firm]),
    (A::RequestWithdrawal, BEFORE_REPLY, &[P::Firm]),
    (A::DecideWithdrawal, &[S::WithdrawPending], &[P::Operator]),
    (A::Merge, &[S::Triage, S::Submitted, S::Signed], &[P::Operator]),
    (A::Merge, &[S::Submitted], &[P::Liaison]),
    (
        A::Absorb,
        &[S::Submitted, S::Signed, S::Dispatched, S::InProgress, S::AwaitingFirm, S::Planned],
        &[P::Operator],
    ),
    (A::Absorb, &[S::Submitted, S::Signed], &[P::Liaison]),
    (A::Unmerge, &[S::Merged], &[P::Operator]),
    (A::Supervise, OPEN, &[P::Auditor]),
    (A::Instruct, OPEN, &[P::Leader]),
    (A::AnswerInstruction, DESK, &[P::Liaison]),
    (A::AnswerInstruction, &[S::Triage, S::ReturnPending, S::WithdrawPending], &[P::Operator]),
    (
        A::Comment,
        ALL,
        &[P::Firm, P::Manager, P::Liaison, P::Section, P::CoSection, P::Operator, P::Auditor, P::Leader],
    ),
    (A::Urge, WITH_OFFICES, &[P::Firm, P::Manager]),
    (A::Urge, &[S::Dispatched, S::InProgress, S::Planned, S::Rectifying], &[P::Liaison]),
];

/// In which of these capacities the step may be taken in this state, in the order of the table.
pub fn fitting(action: A, state: S, parties: &[P]) -> Vec<P> {
    let rows = ROWS.iter().filter(|(of, states, _)| *of == action && states.contains(&state));
    rows.flat_map(|(_, _, by)| by.iter()).copied().filter(|party| parties.contains(party)).collect()
}
