//! What is to be told because of one event, and to whom.

use kernel::{AccountId, DepartmentId, EnterpriseId, EventId, IssueId, SectionId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{placeholder::Values, rules::Recipient, template::TemplateRef};

/// People who are to be told, as far as an event knows them. Who they are is asked when they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Audience {
    /// One person.
    Account(AccountId),
    /// Whoever acts for the firm.
    Firm(EnterpriseId),
    /// The liaisons of the department.
    Department(DepartmentId),
    /// The handlers in the section.
    Section(SectionId),
    /// The operators of the platform.
    Operators,
    Auditors,
}

/// Who has to act on an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Nobody,
    Operators,
    Liaison,
    Section,
    Firm,
    Auditors,
}

/// Who has to do with an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parties {
    pub enterprise: EnterpriseId,
    pub manager: Option<AccountId>,
    pub department: Option<DepartmentId>,
    pub liaison: Option<AccountId>,
    pub section: Option<SectionId>,
    pub handler: Option<AccountId>,
    pub holder: Holder,
}

impl Parties {
    /// The people behind a recipient; `None` when the issue has none such.
    pub(crate) fn audience(&self, recipient: Recipient) -> Option<Audience> {
        match recipient {
            Recipient::Firm => Some(Audience::Firm(self.enterprise)),
            Recipient::Manager => self.manager.map(Audience::Account),
            Recipient::Liaison => self.liaison.map(Audience::Account),
            Recipient::Department => self.department.map(Audience::Department),
            Recipient::Handler => {
                self.handler.map(Audience::Account).or_else(|| self.audience(Recipient::Section))
            }
            Recipient::Section => self.section.map(Audience::Section),
            Recipient::Operators => Some(Audience::Operators),
            Recipient::Auditors => Some(Audience::Auditors),
            Recipient::Holder => match self.holder {
                Holder::Operators => self.audience(Recipient::Operators),
                Holder::Liaison => self.audience(Recipient::Liaison),
                Holder::Section => self.audience(Recipient::Handler),
                Holder::Firm => self.audience(Recipient::Firm),
                Holder::Auditors => self.audience(Recipient::Auditors),
                Holder::Nobody => None,
            },
            // The event names recipients of the other kinds.
            Recipient::AsNamed => None,
        }
    }
}

/// What is to be told because of one event.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    pub id: Uuid,
    pub event: EventId,
    pub template: TemplateRef,
    pub issue: IssueId,
    pub issue_number: String,
    pub audiences: Vec<Audience>,
    /// Who caused it; nobody is told of what they did themselves. `None` for the system.
    pub actor: Option<AccountId>,
    pub values: Values,
    pub happened_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<T>(new: impl Fn(Uuid) -> T, number: u128) -> T {
        new(Uuid::from_u128(number))
    }

    #[test]
    fn before_somebody_accepts_the_whole_section_stands_for_the_handler() {
        let mut parties = Parties {
            enterprise: id(EnterpriseId::new, 1),
            manager: None,
            department: Some(id(DepartmentId::new, 2)),
            liaison: Some(id(AccountId::new, 3)),
            section: Some(id(SectionId::new, 4)),
            handler: None,
            holder: Holder::Section,
        };
        assert_eq!(parties.audience(Recipient::Holder), Some(Audience::Section(id(SectionId::new, 4))));
        parties.handler = Some(id(AccountId::new, 5));
        assert_eq!(parties.audience(Recipient::Holder), Some(Audience::Account(id(AccountId::new, 5))));
        assert_eq!(parties.audience(Recipient::Manager), None);
        parties.holder = Holder::Nobody;
        assert_eq!(parties.audience(Recipient::Holder), None);
    }
}
