//! What happened, for whoever follows: ids and codes, nothing about a person.

use access::RoleGrant;
use kernel::{AccountId, ClientId, DepartmentId, GrantId, SectionId, SessionId, Timestamp, Version};

use super::{Account, Client, ClientScope, Department, DepartmentCode, DivisionCode, Grant, GrantState};
use super::{OrganizationName, Section, Session, SessionEnd};

/// One thing that happened to one aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// The aggregate, as `account/019b…`.
    pub subject: String,
    /// Its version after the event; each change of a version has exactly one event.
    pub version: Version,
    pub at: Timestamp,
    /// Principal that did it.
    pub by: String,
    pub event: Event,
}

/// What it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    AccountCreated(AccountId),
    AccountUpdated(AccountId, Vec<&'static str>),
    AccountDisabled(AccountId),
    AccountEnabled(AccountId),
    PasswordChanged(AccountId),
    /// Asked for, granted, rejected or revoked, as the state says.
    Grant {
        grant: GrantId,
        account: AccountId,
        role: RoleGrant,
        in_charge: bool,
        state: GrantState,
    },
    SessionStarted(SessionId, AccountId),
    SessionRevoked(SessionId, AccountId, SessionEnd),
    DepartmentCreated {
        department: DepartmentId,
        code: DepartmentCode,
        division: DivisionCode,
    },
    DepartmentRenamed(DepartmentId, OrganizationName),
    LiaisonSet {
        department: DepartmentId,
        liaison: Option<AccountId>,
        deputy: Option<AccountId>,
    },
    SectionCreated(SectionId, DepartmentId),
    SectionRenamed(SectionId, DepartmentId, OrganizationName),
    ClientCreated(ClientId, Vec<ClientScope>),
    ClientSecretRotated(ClientId),
    ClientDisabled(ClientId),
}

impl Happened {
    pub fn account(account: &Account, event: Event, by: &str, at: Timestamp) -> Self {
        Self::new(format!("account/{}", account.id), account.version, event, by, at)
    }

    /// The event that a grant's state tells of.
    pub fn grant(grant: &Grant, by: &str, at: Timestamp) -> Self {
        let event = Event::Grant {
            grant: grant.id,
            account: grant.account,
            role: grant.role,
            in_charge: grant.in_charge,
            state: grant.state.clone(),
        };
        Self::new(format!("grant/{}", grant.id), grant.version, event, by, at)
    }

    /// The event that a session's end, or the lack of one, tells of.
    pub fn session(session: &Session, by: &str, at: Timestamp) -> Self {
        let event = match session.ended {
            None => Event::SessionStarted(session.id, session.account),
            Some((why, _)) => Event::SessionRevoked(session.id, session.account, why),
        };
        Self::new(format!("session/{}", session.id), session.version, event, by, at)
    }

    pub fn department(department: &Department, event: Event, by: &str, at: Timestamp) -> Self {
        Self::new(format!("department/{}", department.id), department.version, event, by, at)
    }

    /// Who is on duty after a change.
    pub fn liaison_set(department: &Department, by: &str, at: Timestamp) -> Self {
        let Department { id, liaison, deputy, .. } = department;
        let event = Event::LiaisonSet { department: *id, liaison: *liaison, deputy: *deputy };
        Self::department(department, event, by, at)
    }

    pub fn section(section: &Section, event: Event, by: &str, at: Timestamp) -> Self {
        Self::new(format!("section/{}", section.id), section.version, event, by, at)
    }

    pub fn client(client: &Client, event: Event, by: &str, at: Timestamp) -> Self {
        Self::new(format!("client/{}", client.id), client.version, event, by, at)
    }

    fn new(subject: String, version: Version, event: Event, by: &str, at: Timestamp) -> Self {
        Self { subject, version, at, by: by.to_owned(), event }
    }
}
