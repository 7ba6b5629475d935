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
    /// The leader of the department; its liaisons while nobody is.
    DepartmentLeader(DepartmentId),
    /// The handlers in the section.
    Section(SectionId),
    /// The head of the section; its handlers while nobody is.
    SectionHead(SectionId),
    /// The operators of the platform.
    Operators,
    Auditors,
    Leaders,
}

/// Who has to act on an issue or an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Holder {
    #[default]
    Nobody,
    Operators,
    Liaison,
    Section,
    Firm,
    Auditors,
}

/// Who has to do with an issue, an order or a case, as far as its events tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Parties {
    pub enterprise: Option<EnterpriseId>,
    pub manager: Option<AccountId>,
    pub department: Option<DepartmentId>,
    pub liaison: Option<AccountId>,
    pub section: Option<SectionId>,
    /// Of an order, who answers for the delivery.
    pub handler: Option<AccountId>,
    pub holder: Holder,
    /// Nobody in the section is told but who handles it.
    pub confidential: bool,
}

impl Parties {
    /// The people behind a recipient; `None` when there is none such.
    pub(crate) fn audience(&self, recipient: Recipient) -> Option<Audience> {
        match recipient {
            Recipient::Firm => self.enterprise.map(Audience::Firm),
            Recipient::Manager => self.manager.map(Audience::Account),
            Recipient::Liaison => {
                self.liaison.map(Audience::Account).or_else(|| self.audience(Recipient::Department))
            }
            Recipient::Department => self.department.map(Audience::Department),
            Recipient::DepartmentLeader => self.department.map(Audience::DepartmentLeader),
            Recipient::Desk => {
                let by_operators = self.holder == Holder::Operators;
                self.audience(if by_operators { Recipient::Operators } else { Recipient::Liaison })
            }
            Recipient::Handler => {
                self.handler.map(Audience::Account).or_else(|| self.audience(Recipient::Section))
            }
            Recipient::Section => self.alone().or(self.section.map(Audience::Section)),
            Recipient::SectionHead => self.alone().or(self.section.map(Audience::SectionHead)),
            Recipient::Operators => Some(Audience::Operators),
            Recipient::Auditors => Some(Audience::Auditors),
            Recipient::Leaders => Some(Audience::Leaders),
            Recipient::Holder => match self.holder {
                Holder::Operators => self.audience(Recipient::Operators),
                Holder::Liaison => self.audience(Recipient::Liaison),
                Holder::Section => self.audience(Recipient::Handler),
                Holder::Firm => self.audience(Recipient::Firm),
                Holder::Auditors => self.audience(Recipient::Auditors),
                Holder::Nobody => None,
            },
            // The event tells these itself.
            Recipient::AsNamed => None,
        }
    }

    /// The only one in the section who may know of it.
    fn alone(&self) -> Option<Audience> {
        self.handler.filter(|_| self.confidential).map(Audience::Account)
    }
}

/// What is to be told because of one event.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    pub id: Uuid,
    pub event: EventId,
    pub template: TemplateRef,
    /// What it is about: the event's subject, as `issue/<id>`, `order/<id>`.
    pub about: String,
    /// The issue that it is about, or that its case tells of.
    pub issue: Option<IssueId>,
    /// Empty if there is no issue.
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
        let mut parties =
            Parties { section: Some(id(SectionId::new, 4)), holder: Holder::Section, ..Parties::default() };
        assert_eq!(parties.audience(Recipient::Holder), Some(Audience::Section(id(SectionId::new, 4))));
        parties.handler = Some(id(AccountId::new, 5));
        assert_eq!(parties.audience(Recipient::Holder), Some(Audience::Account(id(AccountId::new, 5))));
        assert_eq!(parties.audience(Recipient::Manager), None);
        parties.holder = Holder::Nobody;
        assert_eq!(parties.audience(Recipient::Holder), None);
    }

    #[test]
    fn of_what_is_confidential_the_handler_alone_is_told_in_the_section() {
        let section = Some(id(SectionId::new, 4));
        let handler = Some(id(AccountId::new, 5));
        let mut parties = Parties { section, handler, ..Parties::default() };
        assert_eq!(parties.audience(Recipient::Section), section.map(Audience::Section));
        parties.confidential = true;
        assert_eq!(parties.audience(Recipient::Section), handler.map(Audience::Account));
        parties.handler = None;
        assert_eq!(parties.audience(Recipient::Section), section.map(Audience::Section));
    }

    #[test]
    fn before_a_liaison_is_in_charge_the_whole_department_stands_for_them() {
        let mut parties = Parties {
            department: Some(id(DepartmentId::new, 2)),
            holder: Holder::Liaison,
            ..Parties::default()
        };
        assert_eq!(parties.audience(Recipient::Holder), Some(Audience::Department(id(DepartmentId::new, 2))));
        parties.liaison = Some(id(AccountId::new, 3));
        assert_eq!(parties.audience(Recipient::Holder), Some(Audience::Account(id(AccountId::new, 3))));
    }

    #[test]
    fn while_operators_have_an_issue_they_answer_for_it() {
        let mut parties =
            Parties { liaison: Some(id(AccountId::new, 3)), holder: Holder::Operators, ..Parties::default() };
        assert_eq!(parties.audience(Recipient::Desk), Some(Audience::Operators));
        for holder in [Holder::Section, Holder::Firm, Holder::Auditors] {
            parties.holder = holder;
            assert_eq!(parties.audience(Recipient::Desk), Some(Audience::Account(id(AccountId::new, 3))));
        }
    }
}
