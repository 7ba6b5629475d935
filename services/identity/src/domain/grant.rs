//! Grants: which role an account has, and for what. Nobody gives a role alone.

use access::{Role, RoleGrant};
use kernel::{AccountId, EnterpriseId, GrantId, Timestamp, Version};

use super::{Account, Refused};

/// Administrators of whom nobody is two.
const ADMINISTRATORS: &[Role] = &[Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin];

/// A role of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    pub account: AccountId,
    pub role: RoleGrant,
    /// Head of the section, or leader of the department.
    pub in_charge: bool,
    pub requested: Decision,
    /// Why it was asked for; empty where nobody had to ask.
    pub reason: String,
    pub state: GrantState,
    pub version: Version,
}

/// Who did something, and when. `by` is `None` for the membership of an enterprise and for the first start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub by: Option<AccountId>,
    pub at: Timestamp,
}

/// How far a grant has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantState {
    Requested,
    Active { decided: Decision },
    Rejected { decided: Decision, reason: String },
    Revoked { decided: Decision, revoked: Decision, reason: String },
}

impl GrantState {
    /// Its name in the contract and in the database.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Active { .. } => "ACTIVE",
            Self::Rejected { .. } => "REJECTED",
            Self::Revoked { .. } => "REVOKED",
        }
    }
}

/// Which two of the three people are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    RequesterIsBeneficiary,
    ApproverIsRequester,
    ApproverIsBeneficiary,
}

impl Eyes {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequesterIsBeneficiary => "requester_is_beneficiary",
            Self::ApproverIsRequester => "approver_is_requester",
            Self::ApproverIsBeneficiary => "approver_is_beneficiary",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    pub role: RoleGrant,
    pub in_charge: bool,
    pub reason: String,
}

impl Grant {
    /// Asks for a role. `held`: the roles that the beneficiary has or that have been asked for.
    pub fn request(
        id: GrantId,
        ask: Ask,
        beneficiary: &Account,
        held: &[Role],
        by: AccountId,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let Ask { role, in_charge, reason } = ask;
        if role.role == Role::Enterprise {
            return Err(Refused::RoleByMembership);
        }
        if by == beneficiary.id {
            return Err(Refused::FourEyes(Eyes::RequesterIsBeneficiary));
        }
        beneficiary.require_active()?;
        no_second_administrator(role.role, beneficiary.id, held)?;
        let requested = Decision { by: Some(by), at: now };
        let account = beneficiary.id;
        Ok(Self {
            id,
            account,
            role,
            in_charge,
            requested,
            reason,
            state: GrantState::Requested,
            version: Version::FIRST,
        })
    }

    /// A grant that is in force at once: for a member of an enterprise, and for the first administrators.
    pub fn given(id: GrantId, account: AccountId, role: RoleGrant, now: Timestamp) -> Self {
        let decided = Decision { by: None, at: now };
        let state = GrantState::Active { decided };
        Self {
            id,
            account,
            role,
            in_charge: false,
            requested: decided,
            reason: String::new(),
            state,
            version: Version::FIRST,
        }
    }

    /// [`Grant::given`] to a member of an enterprise.
    pub fn of_member(id: GrantId, account: AccountId, enterprise: EnterpriseId, now: Timestamp) -> Self {
        Self::given(id, account, RoleGrant::enterprise(enterprise), now)
    }

    /// Puts the grant in force. `held`: the roles that the beneficiary has.
    pub fn approve(
        &self,
        beneficiary: &Account,
        held: &[Role],
        by: AccountId,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        self.require_requested()?;
        if self.requested.by == Some(by) {
            return Err(Refused::FourEyes(Eyes::ApproverIsRequester));
        }
        if self.account == by {
            return Err(Refused::FourEyes(Eyes::ApproverIsBeneficiary));
        }
        beneficiary.require_active()?;
        no_second_administrator(self.role.role, self.account, held)?;
        Ok(self.with_state(GrantState::Active { decided: Decision { by: Some(by), at: now } }))
    }

    pub fn reject(&self, reason: String, by: AccountId, now: Timestamp) -> Result<Self, Refused> {
        self.require_requested()?;
        Ok(self.with_state(GrantState::Rejected { decided: Decision { by: Some(by), at: now }, reason }))
    }

    pub fn revoke(&self, reason: String, by: AccountId, now: Timestamp) -> Result<Self, Refused> {
        if self.role.role == Role::Enterprise {
            return Err(Refused::RoleByMembership);
        }
        self.end(reason, Decision { by: Some(by), at: now })
    }

    /// Ends the grant with the membership of the enterprise.
    pub fn membership_ended(&self, now: Timestamp) -> Result<Self, Refused> {
        self.end(String::new(), Decision { by: None, at: now })
    }

    fn end(&self, reason: String, revoked: Decision) -> Result<Self, Refused> {
        match self.state {
            GrantState::Active { decided } => {
                Ok(self.with_state(GrantState::Revoked { decided, revoked, reason }))
            }
            _ => Err(Refused::GrantNotActive { grant: self.id, state: self.state.name() }),
        }
    }

    fn require_requested(&self) -> Result<(), Refused> {
        match self.state {
            GrantState::Requested => Ok(()),
            _ => Err(Refused::GrantNotRequested { grant: self.id, state: self.state.name() }),
        }
    }

    fn with_state(&self, state: GrantState) -> Self {
        Self { state, version: self.version.next(), ..self.clone() }
    }
}

/// What a role is held for, as one text: two grants of a role to an account differ in it.
pub fn role_target(role: &RoleGrant, in_charge: bool) -> String {
    let target = match (role.enterprise, role.department, role.section) {
        (Some(enterprise), _, _) => format!("enterprise/{enterprise}"),
        (None, _, Some(section)) => format!("section/{section}"),
        (None, Some(department), None) => format!("department/{department}"),
        (None, None, None) => String::new(),
    };
    if in_charge { format!("{target}/in_charge") } else { target }
}

fn no_second_administrator(role: Role, account: AccountId, held: &[Role]) -> Result<(), Refused> {
    if !ADMINISTRATORS.contains(&role) {
        return Ok(());
    }
    match held.iter().find(|held| **held != role && ADMINISTRATORS.contains(held)) {
        Some(held) => Err(Refused::AdministratorsExclude { account, held: *held }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{AccountState, Contact, NewAccount};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn person(n: u128) -> AccountId {
        AccountId::new(Uuid::from_u128(n))
    }

    fn account(n: u128) -> Account {
        let new = NewAccount {
            login_name: "li.wei".parse().unwrap(),
            display_name: "李伟".parse().unwrap(),
            contact: Contact::default(),
        };
        Account::create(person(n), new, NOW)
    }

    fn request(role: Role, held: &[Role], by: AccountId) -> Result<Grant, Refused> {
        let ask = Ask { role: RoleGrant::of(role), in_charge: false, reason: "新任".to_owned() };
        Grant::request(GrantId::new(Uuid::from_u128(7)), ask, &account(1), held, by, NOW)
    }

    #[test]
    fn a_grant_takes_three_people() {
        let eyes = |eyes| Err(Refused::FourEyes(eyes));
        assert_eq!(request(Role::Auditor, &[], person(1)), eyes(Eyes::RequesterIsBeneficiary));
        let grant = request(Role::Auditor, &[], person(2)).unwrap();
        assert_eq!(grant.approve(&account(1), &[], person(2), NOW), eyes(Eyes::ApproverIsRequester));
        assert_eq!(grant.approve(&account(1), &[], person(1), NOW), eyes(Eyes::ApproverIsBeneficiary));
        let active = grant.approve(&account(1), &[], person(3), NOW).unwrap();
        assert_eq!((active.state.name(), active.version), ("ACTIVE", Version::new(2)));
    }

    #[test]
    fn administrators_of_different_kinds_exclude_each_other_at_request_and_at_approval() {
        for role in ADMINISTRATORS {
            for held in ADMINISTRATORS.iter().filter(|held| *held != role) {
                let refused = Refused::AdministratorsExclude { account: person(1), held: *held };
                assert_eq!(request(*role, &[Role::Manager, *held], person(2)), Err(refused.clone()));
                let grant = request(*role, &[], person(2)).unwrap();
                assert_eq!(grant.approve(&account(1), &[*held], person(3), NOW), Err(refused));
            }
            assert!(request(*role, &[*role, Role::Leader], person(2)).is_ok());
            assert!(request(Role::Manager, &[*role], person(2)).is_ok());
        }
    }

    #[test]
    fn the_role_of_a_firm_comes_and_goes_with_membership_alone() {
        assert_eq!(request(Role::Enterprise, &[], person(2)), Err(Refused::RoleByMembership));
        let enterprise = EnterpriseId::new(Uuid::from_u128(5));
        let grant = Grant::of_member(GrantId::new(Uuid::from_u128(7)), person(1), enterprise, NOW);
        assert_eq!(grant.revoke("离职".to_owned(), person(2), NOW), Err(Refused::RoleByMembership));
        assert_eq!(grant.membership_ended(NOW).unwrap().state.name(), "REVOKED");
    }

    #[test]
    fn a_grant_is_decided_once_and_revoked_once() {
        let grant = request(Role::Auditor, &[], person(2)).unwrap();
        let no = || "不符合条件".to_owned();
        let refused = |state| Err(Refused::GrantNotRequested { grant: grant.id, state });
        let rejected = grant.reject(no(), person(2), NOW).unwrap();
        assert_eq!(rejected.approve(&account(1), &[], person(3), NOW), refused("REJECTED"));
        let active = grant.approve(&account(1), &[], person(3), NOW).unwrap();
        assert_eq!(active.reject(no(), person(3), NOW), refused("ACTIVE"));
        let not_active = |state| Err(Refused::GrantNotActive { grant: grant.id, state });
        assert_eq!(grant.revoke(no(), person(3), NOW), not_active("REQUESTED"));
        let revoked = active.revoke(no(), person(3), NOW).unwrap();
        assert_eq!(revoked.revoke(no(), person(3), NOW), not_active("REVOKED"));
    }

    #[test]
    fn a_disabled_account_gets_no_role() {
        let disabled = Account { state: AccountState::Disabled, ..account(1) };
        let grant = request(Role::Auditor, &[], person(2)).unwrap();
        assert_eq!(grant.approve(&disabled, &[], person(3), NOW), Err(Refused::AccountDisabled(person(1))));
    }
}
