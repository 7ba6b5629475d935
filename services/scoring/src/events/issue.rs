//! What all events of an issue have in common.

use events::ConsumeError;
use kernel::AccountId;
use proto::workflow::v1::{IssueParties, IssueParty};

use super::Missing;
use crate::domain::{Effect, Happening, Lateness, Occasion, Parties, Subject};

/// An issue and who has to do with it; nothing has happened yet.
pub(super) fn happening(issue: Option<IssueParties>) -> Result<Happening, ConsumeError> {
    let IssueParties {
        issue_id,
        issue_number,
        enterprise_id,
        category: _,
        manager_id,
        department_id: _,
        liaison_id,
        section_id: _,
        handler_id,
        actor_id,
        actor_party,
        state: _,
        confidential: _,
    } = issue.ok_or(Missing("issue"))?;
    let is_account = IssueParty::try_from(actor_party) != Ok(IssueParty::Client);
    Ok(Happening {
        subject: Subject::Issue { id: issue_id.parse()?, number: issue_number },
        enterprise: enterprise_id.parse()?,
        actor: if is_account { account(&actor_id)? } else { None },
        parties: Parties {
            manager: account(&manager_id)?,
            liaison: account(&liaison_id)?,
            handler: account(&handler_id)?,
        },
        occasions: Vec::new(),
        lateness: None,
        on_day: None,
        effect: Effect::None,
    })
}

/// The lateness of a clock that stopped after it was due.
pub(super) fn lateness(clock: String, on_time: bool, working_seconds: i64) -> Option<Lateness> {
    (!on_time && 0 < working_seconds).then_some(Lateness { clock, working_seconds })
}

/// The occasion, if it is one.
pub(super) fn occasion_if(condition: bool, occasion: Occasion) -> Vec<Occasion> {
    if condition { vec![occasion] } else { vec![] }
}

fn account(id: &str) -> Result<Option<AccountId>, ConsumeError> {
    if id.is_empty() { Ok(None) } else { Ok(Some(id.parse()?)) }
}
