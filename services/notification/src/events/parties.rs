//! Who has to do with an issue, from the payload of its events.

use std::str::FromStr;

use kernel::{AccountId, IssueId};
use proto::workflow::v1::{IssueParties, IssueParty, IssueState};

use super::{EventError, happening::Told};
use crate::domain::{Parties, Placeholder, Values, announcement::Holder};

/// What every event of an issue tells; nothing has happened yet.
pub(super) fn read(parties: Option<IssueParties>) -> Result<(Told, IssueState), EventError> {
    let IssueParties {
        issue_id,
        issue_number,
        enterprise_id,
        category: _,
        manager_id,
        department_id,
        liaison_id,
        section_id,
        handler_id,
        actor_id,
        actor_party,
        state,
    } = parties.ok_or(EventError::Field("issue"))?;
    // A state of a later version is one in which we know of nobody who has to act.
    let state = IssueState::try_from(state).unwrap_or(IssueState::Unspecified);
    let told = Told {
        happenings: Vec::new(),
        issue: id::<IssueId>("issue_id", &issue_id)?,
        values: Values::from([(Placeholder::IssueNumber, issue_number.clone())]),
        issue_number,
        parties: Parties {
            enterprise: id("enterprise_id", &enterprise_id)?,
            manager: id_or_none("manager_id", &manager_id)?,
            department: id_or_none("department_id", &department_id)?,
            liaison: id_or_none("liaison_id", &liaison_id)?,
            section: id_or_none("section_id", &section_id)?,
            handler: id_or_none("handler_id", &handler_id)?,
            holder: holder(state),
        },
        actor: actor(actor_party, &actor_id)?,
        named: Vec::new(),
    };
    Ok((told, state))
}

fn actor(party: i32, id: &str) -> Result<Option<AccountId>, EventError> {
    match IssueParty::try_from(party) {
        // The id is none of an account.
        Ok(IssueParty::Client | IssueParty::System) => Ok(None),
        _ => id_or_none("actor_id", id),
    }
}

fn holder(state: IssueState) -> Holder {
    match state {
        IssueState::Unspecified
        | IssueState::Closed
        | IssueState::Withdrawn
        | IssueState::OutOfScope
        | IssueState::Merged => Holder::Nobody,
        IssueState::Triage | IssueState::ReturnPending | IssueState::WithdrawPending => Holder::Operators,
        IssueState::Submitted | IssueState::Signed | IssueState::Replied => Holder::Liaison,
        IssueState::Dispatched | IssueState::InProgress | IssueState::Planned | IssueState::Rectifying => {
            Holder::Section
        }
        IssueState::FedBack | IssueState::AwaitingFirm => Holder::Firm,
        IssueState::PendingAudit => Holder::Auditors,
    }
}

fn id<T: FromStr>(field: &'static str, text: &str) -> Result<T, EventError> {
    text.parse().map_err(|_| EventError::Field(field))
}

fn id_or_none<T: FromStr>(field: &'static str, text: &str) -> Result<Option<T>, EventError> {
    if text.is_empty() { Ok(None) } else { id(field, text).map(Some) }
}
