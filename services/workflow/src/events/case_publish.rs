//! From what happened to excellent cases to the messages that others read.

use events::Outgoing;
use kernel::{AccountId, EventId};
use prost::{Message, Name};
use proto::workflow::v1 as pb;
use store::Batch;

use crate::{
    domain::{
        Issue,
        case::{Case, Event, Fact},
    },
    rpc::case::convert::{decision, level, state},
    store::chained::CASES,
};

/// A step with a case, and what stands around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub id: EventId,
    pub event: &'a Event,
    pub before: Option<&'a Case>,
    pub after: &'a Case,
    /// The issue that the case tells of.
    pub issue: &'a Issue,
    pub traceparent: &'a str,
}

/// Puts the event into the outbox.
pub(crate) fn append(batch: &mut Batch, told: Told<'_>) {
    let case = Some(parties(told));
    let at_level = told.after.level().map_or(pb::CaseLevel::Unspecified, level).into();
    match &told.event.fact {
        Fact::Nominated { .. } => put(batch, told, &pb::CaseNominated { case }),
        Fact::Reviewed { decision: decided, .. } => {
            let payload = pb::CaseReviewed { case, decision: decision(*decided).into(), level: at_level };
            put(batch, told, &payload);
        }
        Fact::Published {} => put(batch, told, &pb::CasePublished { case, level: at_level }),
        Fact::Withdrawn { .. } => {
            let from_state =
                told.before.map_or(pb::CaseState::Unspecified, |before| state(before.state())).into();
            put(batch, told, &pb::CaseWithdrawn { case, from_state, level: at_level });
        }
    }
}

fn parties(told: Told<'_>) -> pb::CaseParties {
    let Told { event, after, issue, .. } = told;
    let text = |account: Option<AccountId>| account.map(|id| id.to_string()).unwrap_or_default();
    pb::CaseParties {
        case_id: after.id.to_string(),
        issue_id: after.issue_id.to_string(),
        category: after.category.to_string(),
        department_id: after.department.to_string(),
        nominated_by_id: after.nominated_by.to_string(),
        liaison_id: text(issue.liaison()),
        section_id: issue.section().map(|id| id.to_string()).unwrap_or_default(),
        handler_id: text(issue.handler()),
        manager_id: text(issue.manager),
        actor_id: text(event.by.account()),
        state: state(after.state()).into(),
        issue_number: issue.number.to_string(),
    }
}

fn put<M: Message + Name>(batch: &mut Batch, told: Told<'_>, payload: &M) {
    let outgoing = Outgoing {
        event_id: told.id,
        subject: CASES.name(told.after.id.uuid()),
        subject_version: told.event.version,
        time: told.event.at,
        traceparent: told.traceparent,
    };
    events::append(batch, outgoing, payload);
}
