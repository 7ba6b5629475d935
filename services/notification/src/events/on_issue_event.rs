//! A step of an issue: what it means for those who have to do with the issue.

use proto::workflow::v1::{
    self as pb, AuditDecision, CommentAudience, EscalationCause, ExtensionDecision, IssueState, Outcome,
    WithdrawalDecision,
};

use super::{
    EventError,
    fields::{code, day, id, id_or_none, instant},
    happening::{Told, event_readers},
    parties,
};
use crate::domain::{
    Audience, Placeholder,
    rules::{Happening, Recipient},
};

// What a payload has besides, times and lateness above all, is for other readers: a new field changes nothing here.
event_readers! { issue by parties::read:
    IssueSubmitted { on_behalf } => |told, state| {
        let unrouted = state == IssueState::Triage;
        told.happened(if unrouted { Happening::Unrouted } else { Happening::Submitted });
        if on_behalf {
            told.happened(Happening::RaisedOnBehalf);
        }
    }
    IssueConfirmed {} => |told, _state| { told.happened(Happening::Confirmed); }
    IssueAssigned {} => |told, _state| { told.happened(Happening::Assigned); }
    IssueSigned {} => |told, _state| { told.happened(Happening::Signed); }
    IssueDispatched {} => |told, _state| { told.happened(Happening::Dispatched); }
    IssueAccepted {} => |told, _state| { told.happened(Happening::Accepted); }
    IssueObjected {} => |told, _state| { told.happened(Happening::Objected); }
    IssueContacted {} => |told, _state| { told.happened(Happening::Contacted); }
    IssueProgressed {} => |told, _state| { told.happened(Happening::Progressed); }
    InterimMeasureRecorded {} => |told, _state| { told.happened(Happening::InterimMeasure); }
    FirmAsked { supply_until_time } => |told, _state| {
        told.happened(Happening::FirmAsked);
        told.at(Placeholder::Until, instant("supply_until_time", supply_until_time)?);
    }
    InformationSupplied {} => |told, _state| { told.happened(Happening::InformationSupplied); }
    WorkResumed {} => |told, _state| { told.happened(Happening::QuestionLapsed); }
    IssuePlanned { committed_date } => |told, _state| {
        told.happened(Happening::Planned);
        told.value(Placeholder::CommittedDate, day("committed_date", committed_date)?);
    }
    IssueReplanned { committed_date } => |told, _state| {
        told.happened(Happening::Replanned);
        told.value(Placeholder::CommittedDate, day("committed_date", committed_date)?);
    }
    PlanReviewed {} => |told, _state| { told.happened(Happening::PlanReviewed); }
    ExtensionRequested { working_days } => |told, _state| {
        told.happened(Happening::ExtensionRequested);
        told.value(Placeholder::WorkingDays, working_days.to_string());
    }
    ExtensionDecided { decision, due_time } => |told, _state| {
        let is_granted = decision == i32::from(ExtensionDecision::Granted);
        told.happened(if is_granted { Happening::ExtensionGranted } else { Happening::ExtensionDenied });
        told.at(Placeholder::Due, instant("due_time", due_time)?);
    }
    IssueReplied { outcome } => |told, _state| {
        told.happened(Happening::Replied);
        told.value(Placeholder::Outcome, outcome_code(outcome));
    }
    ReplySentBack {} => |told, _state| { told.happened(Happening::SentBack); }
    IssueFedBack { outcome, rate_until_time } => |told, _state| {
        told.happened(Happening::FedBack);
        told.value(Placeholder::Outcome, outcome_code(outcome));
        told.at(Placeholder::RateUntil, instant("rate_until_time", rate_until_time)?);
    }
    MergedIssueFedBack { outcome, rate_until_time } => |told, _state| {
        told.happened(Happening::FedBack);
        told.value(Placeholder::Outcome, outcome_code(outcome));
        told.at(Placeholder::RateUntil, instant("rate_until_time", rate_until_time)?);
    }
    IssueRated { stars, low } => |told, state| {
        told.happened(if low { Happening::RatedLow } else { Happening::Rated });
        told.happenings.extend(audit(state));
        told.value(Placeholder::Stars, stars.to_string());
    }
    IssueDisputed {} => |told, _state| { told.happened(Happening::Disputed); }
    RatingLapsed {} => |told, state| {
        told.happened(Happening::RatingLapsed);
        told.happenings.extend(audit(state));
    }
    IssueAudited { decision } => |told, _state| {
        if decision == i32::from(AuditDecision::Failed) {
            told.happened(Happening::AuditFailed);
        }
    }
    IssueClosed { outcome } => |told, _state| {
        told.happened(Happening::Closed);
        told.value(Placeholder::Outcome, outcome_code(outcome));
    }
    IssueReopened { reopens } => |told, _state| {
        told.happened(Happening::Reopened);
        told.value(Placeholder::Reopens, reopens.to_string());
    }
    ReturnRequested { returns } => |told, _state| {
        told.happened(Happening::ReturnRequested);
        told.value(Placeholder::Returns, returns.to_string());
    }
    ReturnUpheld { returning_department_id, sign_until_time } => |told, _state| {
        told.happened(Happening::ReturnUpheld);
        let returning = id_or_none("returning_department_id", &returning_department_id)?;
        told.named.extend(returning.map(Audience::Department));
        until(told, "sign_until_time", sign_until_time)?;
    }
    ReturnDenied {} => |told, _state| { told.happened(Happening::ReturnDenied); }
    ScopeRejected { appealable, appeal_until_time } => |told, _state| {
        told.happened(if appealable { Happening::ScopeRejected } else { Happening::ScopeRejectedFinally });
        until(told, "appeal_until_time", appeal_until_time)?;
    }
    ScopeAppealed {} => |told, _state| { told.happened(Happening::ScopeAppealed); }
    IssueEscalated { cause, supervision_level } => |told, _state| {
        told.happened(Happening::Escalated);
        let cause = code(cause, "ESCALATION_CAUSE_", EscalationCause::as_str_name);
        told.value(Placeholder::EscalationCause, cause);
        told.value(Placeholder::SupervisionLevel, supervision_level.to_string());
    }
    CoSectionAdded { co_section_id, co_department_id, reply_until_time } => |told, _state| {
        told.happened(Happening::CoSectionAdded);
        told.named.push(Audience::Section(id("co_section_id", &co_section_id)?));
        // The liaisons of another department see to it that their section helps.
        let theirs = Some(id("co_department_id", &co_department_id)?);
        told.named.extend(theirs.filter(|_| theirs != told.parties.department).map(Audience::Department));
        until(told, "reply_until_time", reply_until_time)?;
    }
    CoTaskReplied {} => |told, _state| { told.happened(Happening::CoTaskReplied); }
    WithdrawalRequested {} => |told, _state| { told.happened(Happening::WithdrawalRequested); }
    WithdrawalDecided { decision } => |told, _state| {
        let is_confirmed = decision == i32::from(WithdrawalDecision::Confirmed);
        told.happened(if is_confirmed { Happening::Withdrawn } else { Happening::WithdrawalDenied });
    }
    IssueMerged {} => |told, _state| { told.happened(Happening::Merged); }
    IssueUnmerged {} => |told, _state| { told.happened(Happening::Unmerged); }
    IssueAbsorbed {} => |told, _state| { told.happened(Happening::Absorbed); }
    IssueReleased {} => |told, _state| { told.happened(Happening::Released); }
    IssueSupervised { supervision_level } => |told, _state| {
        let is_lifted = supervision_level == 0;
        told.happened(if is_lifted { Happening::SupervisionLifted } else { Happening::Supervised });
        told.value(Placeholder::SupervisionLevel, supervision_level.to_string());
    }
    IssueInstructed { answer_until_time } => |told, _state| {
        told.happened(Happening::Instructed);
        until(told, "answer_until_time", answer_until_time)?;
    }
    InstructionAnswered { leader_id } => |told, _state| {
        told.happened(Happening::InstructionAnswered);
        match id_or_none("leader_id", &leader_id)? {
            Some(leader) => told.named.push(Audience::Account(leader)),
            None => told.name([Recipient::Leaders]),
        }
    }
    IssueCommented { audience, comment_department_id, co_section_ids } => |told, _state| {
        told.happened(Happening::Commented);
        let audience = CommentAudience::try_from(audience).unwrap_or(CommentAudience::Unspecified);
        let department = id_or_none("comment_department_id", &comment_department_id)?;
        parties::name_readers(told, audience, department, &co_section_ids)?;
    }
    IssueUrged { urges } => |told, _state| {
        told.happened(Happening::Urged);
        told.value(Placeholder::Urges, urges.to_string());
    }
}

/// Until when somebody has to act, or may. Events of older versions do not tell it of every step; the text then shows
/// that something is missing.
fn until(
    told: &mut Told,
    field: &'static str,
    time: Option<prost_types::Timestamp>,
) -> Result<(), EventError> {
    if time.is_some() {
        told.at(Placeholder::Until, instant(field, time)?);
    }
    Ok(())
}

/// An auditor has to decide from now on.
fn audit(state: IssueState) -> Option<Happening> {
    (state == IssueState::PendingAudit).then_some(Happening::AwaitsAudit)
}

fn outcome_code(outcome: i32) -> String {
    code(outcome, "OUTCOME_", Outcome::as_str_name)
}
