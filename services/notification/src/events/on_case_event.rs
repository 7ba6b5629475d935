//! A step of an excellent case. Its firm is told of none: a case names nobody, and its events lead to no firm.

use proto::workflow::v1::{self as pb, CaseDecision, CaseLevel, CaseParties, CaseState};

use super::{
    EventError,
    fields::{code, id, id_or_none},
    happening::{Told, event_readers},
};
use crate::domain::{Audience, Parties, Placeholder, Values, announcement::Holder, rules::Happening};

event_readers! { case by read_parties:
    CaseNominated {} => |told, _state| { told.happened(Happening::CaseNominated); }
    CaseReviewed { decision, level } => |told, _state| {
        let is_accepted = decision == i32::from(CaseDecision::Accepted);
        told.happened(if is_accepted { Happening::CaseAccepted } else { Happening::CaseRejected });
        told.value(Placeholder::CaseLevel, level_code(level));
    }
    CasePublished { level } => |told, _state| {
        told.happened(Happening::CasePublished);
        told.value(Placeholder::CaseLevel, level_code(level));
    }
    CaseWithdrawn {} => |told, _state| { told.happened(Happening::CaseWithdrawn); }
}

fn level_code(level: i32) -> String {
    code(level, "CASE_LEVEL_", CaseLevel::as_str_name)
}

/// What every event of a case tells; nothing has happened yet. Who nominated it is named by all.
fn read_parties(parties: Option<CaseParties>) -> Result<(Told, CaseState), EventError> {
    let CaseParties {
        case_id: _,
        issue_id,
        category: _,
        department_id,
        nominated_by_id,
        liaison_id,
        section_id,
        handler_id,
        manager_id,
        actor_id,
        state,
        issue_number,
    } = parties.ok_or(EventError::Field("case"))?;
    let state = CaseState::try_from(state).unwrap_or(CaseState::Unspecified);
    let told = Told {
        happenings: Vec::new(),
        issue: Some(id("issue_id", &issue_id)?),
        values: Values::from([(Placeholder::IssueNumber, issue_number.clone())]),
        issue_number,
        parties: Parties {
            enterprise: None,
            manager: id_or_none("manager_id", &manager_id)?,
            department: id_or_none("department_id", &department_id)?,
            liaison: id_or_none("liaison_id", &liaison_id)?,
            section: id_or_none("section_id", &section_id)?,
            handler: id_or_none("handler_id", &handler_id)?,
            holder: Holder::Nobody,
            confidential: false,
        },
        actor: id_or_none("actor_id", &actor_id)?,
        named: vec![Audience::Account(id("nominated_by_id", &nominated_by_id)?)],
    };
    Ok((told, state))
}
