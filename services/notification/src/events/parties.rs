//! Who has to do with an issue, from the payload of its events.

use kernel::{AccountId, DepartmentId, IssueId, SectionId};
use proto::workflow::v1::{CommentAudience, IssueParties, IssueParty, IssueState};

use super::{
    EventError,
    fields::{id, id_or_none},
    happening::Told,
};
use crate::domain::{
    Audience, Parties, Placeholder, Values,
    announcement::Holder,
    rules::Recipient::{Auditors, Department, Desk, Firm, Handler, Leaders, Liaison, Manager, Operators},
};

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
        confidential,
    } = parties.ok_or(EventError::Field("issue"))?;
    // A state of a later version is one in which we know of nobody who has to act.
    let state = IssueState::try_from(state).unwrap_or(IssueState::Unspecified);
    let told = Told {
        happenings: Vec::new(),
        issue: Some(id::<IssueId>("issue_id", &issue_id)?),
        values: Values::from([(Placeholder::IssueNumber, issue_number.clone())]),
        issue_number,
        parties: Parties {
            enterprise: Some(id("enterprise_id", &enterprise_id)?),
            manager: id_or_none("manager_id", &manager_id)?,
            department: id_or_none("department_id", &department_id)?,
            liaison: id_or_none("liaison_id", &liaison_id)?,
            section: id_or_none("section_id", &section_id)?,
            handler: id_or_none("handler_id", &handler_id)?,
            holder: holder(state),
            confidential,
        },
        actor: actor(actor_party, &actor_id)?,
        named: Vec::new(),
    };
    Ok((told, state))
}

pub(super) fn actor(party: i32, id: &str) -> Result<Option<AccountId>, EventError> {
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

/// Names those whom a comment is for, and nobody else; auditors, who may read what a department writes to itself, are
/// not told of each word.
pub(super) fn name_readers(
    told: &mut Told,
    audience: CommentAudience,
    department: Option<DepartmentId>,
    co_sections: &[String],
) -> Result<(), EventError> {
    match audience {
        // One of a later version: we know nobody whom it is for.
        CommentAudience::Unspecified => return Ok(()),
        CommentAudience::Firm => told.name([Firm, Manager, Desk, Liaison, Handler]),
        CommentAudience::Joint => told.name([Desk, Liaison, Handler]),
        CommentAudience::Audit => told.name([Operators, Auditors, Leaders]),
        CommentAudience::Department if department == told.parties.department => {
            told.name([Department, Handler]);
        }
        CommentAudience::Department => told.named.extend(department.map(Audience::Department)),
    }
    for section in co_sections {
        told.named.push(Audience::Section(id::<SectionId>("co_section_ids", section)?));
    }
    Ok(())
}
