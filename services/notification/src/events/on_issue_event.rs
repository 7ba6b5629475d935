//! A step of an issue: what it means for those who have to do with the issue.

use chrono::DateTime;
use events::Received;
use kernel::Timestamp;
use prost::Name as _;
use proto::workflow::v1::{self as pb, AuditDecision, IssueState, Outcome};

use super::{EventError, happening::Told, parties};
use crate::domain::{Placeholder, rules::Happening};

/// Reads the payload as each of the types in turn, and lets its arm add to what every event tells.
macro_rules! issue_events {
    ($($name:ident { $($field:ident),* $(,)? } => |$told:ident, $state:ident| $body:block)*) => {
        /// Full names of the payloads that are read here.
        pub(super) fn types() -> Vec<String> {
            vec![$(pb::$name::full_name()),*]
        }

        pub(super) fn read(event: &Received) -> Result<Told, EventError> {
            $(if let Some(payload) = event.payload::<pb::$name>()? {
                let pb::$name { issue, $($field,)* .. } = payload;
                let (mut told, state) = parties::read(issue)?;
                let ($told, $state) = (&mut told, state);
                $body
                return Ok(told);
            })*
            Err(EventError::Type)
        }
    };
}

// What a payload has besides, times and lateness above all, is for other readers: a new field changes nothing here.
issue_events! {
    IssueSubmitted { on_behalf } => |told, state| {
        let unrouted = state == IssueState::Triage;
        told.happenings.push(if unrouted { Happening::Unrouted } else { Happening::Submitted });
        if on_behalf {
            told.happenings.push(Happening::RaisedOnBehalf);
        }
    }
    IssueAssigned {} => |told, _state| { told.happenings.push(Happening::Assigned); }
    IssueSigned {} => |told, _state| { told.happenings.push(Happening::Signed); }
    IssueDispatched {} => |told, _state| { told.happenings.push(Happening::Dispatched); }
    IssueAccepted {} => |told, _state| { told.happenings.push(Happening::Accepted); }
    IssueObjected {} => |told, _state| { told.happenings.push(Happening::Objected); }
    IssueContacted {} => |told, _state| { told.happenings.push(Happening::Contacted); }
    IssueProgressed {} => |told, _state| { told.happenings.push(Happening::Progressed); }
    InterimMeasureRecorded {} => |told, _state| { told.happenings.push(Happening::InterimMeasure); }
    IssuePlanned { committed_date } => |told, _state| {
        told.happenings.push(Happening::Planned);
        told.values.insert(Placeholder::CommittedDate, day(committed_date)?);
    }
    IssueReplanned { committed_date } => |told, _state| {
        told.happenings.push(Happening::Replanned);
        told.values.insert(Placeholder::CommittedDate, day(committed_date)?);
    }
    IssueReplied { outcome } => |told, _state| {
        told.happenings.push(Happening::Replied);
        told.values.insert(Placeholder::Outcome, outcome_code(outcome));
    }
    ReplySentBack {} => |told, _state| { told.happenings.push(Happening::SentBack); }
    IssueFedBack { outcome, rate_until_time } => |told, _state| {
        told.happenings.push(Happening::FedBack);
        told.values.insert(Placeholder::Outcome, outcome_code(outcome));
        told.values.insert(Placeholder::RateUntil, instant("rate_until_time", rate_until_time)?.to_rfc3339());
    }
    IssueRated { stars, low } => |told, state| {
        told.happenings.push(if low { Happening::RatedLow } else { Happening::Rated });
        told.happenings.extend(audit(state));
        told.values.insert(Placeholder::Stars, stars.to_string());
    }
    IssueDisputed {} => |told, _state| { told.happenings.push(Happening::Disputed); }
    RatingLapsed {} => |told, state| {
        told.happenings.push(Happening::RatingLapsed);
        told.happenings.extend(audit(state));
    }
    IssueAudited { decision } => |told, _state| {
        if decision == i32::from(AuditDecision::Failed) {
            told.happenings.push(Happening::AuditFailed);
        }
    }
    IssueClosed { outcome } => |told, _state| {
        told.happenings.push(Happening::Closed);
        told.values.insert(Placeholder::Outcome, outcome_code(outcome));
    }
    IssueReopened { reopens } => |told, _state| {
        told.happenings.push(Happening::Reopened);
        told.values.insert(Placeholder::Reopens, reopens.to_string());
    }
    IssueUrged { urges } => |told, _state| {
        told.happenings.push(Happening::Urged);
        told.values.insert(Placeholder::Urges, urges.to_string());
    }
}

/// An auditor has to decide from now on.
fn audit(state: IssueState) -> Option<Happening> {
    (state == IssueState::PendingAudit).then_some(Happening::AwaitsAudit)
}

fn day(date: Option<proto::common::v1::Date>) -> Result<String, EventError> {
    let date = date.ok_or(EventError::Field("committed_date"))?;
    Ok(format!("{:04}-{:02}-{:02}", date.year, date.month, date.day))
}

pub(super) fn instant(
    field: &'static str,
    time: Option<prost_types::Timestamp>,
) -> Result<Timestamp, EventError> {
    let time = time.ok_or(EventError::Field(field))?;
    let nanos = u32::try_from(time.nanos).map_err(|_| EventError::Field(field))?;
    DateTime::from_timestamp(time.seconds, nanos).ok_or(EventError::Field(field))
}

/// The code without the enum's name; a later version's outcome is shown by its number.
fn outcome_code(outcome: i32) -> String {
    Outcome::try_from(outcome).map_or_else(
        |_| outcome.to_string(),
        |outcome| outcome.as_str_name().trim_start_matches("OUTCOME_").to_owned(),
    )
}
