//! Who is calling.

use std::{borrow::Cow, fmt, str::FromStr};

use kernel::{AccountId, ClientId, SessionId};

use crate::{Role, RoleGrant};

/// Who is calling, as far as their token proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody has signed in.
    Anonymous,
    Person(Person),
    Client(Client),
    /// A service of the suite, for itself.
    Service(ServiceName),
}

/// A person who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub account_id: AccountId,
    pub session_id: SessionId,
    pub roles: Vec<RoleGrant>,
}

/// A machine of somebody outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub client_id: ClientId,
    pub scopes: Vec<String>,
}

impl Caller {
    /// One text per caller: "account:…", "client:…", "service:…" or "anonymous".
    pub fn principal(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Person(person) => format!("account:{}", person.account_id),
            Self::Client(client) => format!("client:{}", client.client_id),
            Self::Service(name) => format!("service:{name}"),
        }
    }

    /// `None` unless a person is calling.
    pub fn account_id(&self) -> Option<AccountId> {
        self.person().map(|person| person.account_id)
    }

    /// `None` unless a person is calling.
    pub fn session_id(&self) -> Option<SessionId> {
        self.person().map(|person| person.session_id)
    }

    /// Empty unless a person is calling.
    pub fn roles(&self) -> &[RoleGrant] {
        self.person().map_or(&[], |person| &person.roles)
    }

    pub fn has_role(&self, role: Role) -> bool {
        self.roles().iter().any(|grant| grant.role == role)
    }

    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::Anonymous | Self::Client(_) | Self::Service(_) => None,
        }
    }
}

/// Text that is not the name of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a service name: 1 to 32 of a-z, 0-9 and '-', a letter first")]
pub struct InvalidServiceName;

/// The name of a service of the suite: "workflow".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceName(Cow<'static, str>);

impl ServiceName {
    /// For names in the source; in a `const` a bad one does not compile.
    ///
    /// # Panics
    /// When `name` is not a service name.
    pub const fn from_static(name: &'static str) -> Self {
        assert!(is_service_name(name), "not a service name");
        Self(Cow::Borrowed(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceName {
    type Err = InvalidServiceName;

    fn from_str(text: &str) -> Result<Self, InvalidServiceName> {
        if is_service_name(text) { Ok(Self(Cow::Owned(text.to_owned()))) } else { Err(InvalidServiceName) }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceName({})", self.0)
    }
}

const fn is_service_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.is_empty() || 32 < bytes.len() || !bytes[0].is_ascii_lowercase() {
        return false;
    }
    let mut at = 1;
    while at < bytes.len() {
        if !(bytes[at].is_ascii_lowercase() || bytes[at].is_ascii_digit() || bytes[at] == b'-') {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_kind_of_caller_has_its_own_principal() {
        let person = Person {
            account_id: AccountId::new(Uuid::from_u128(1)),
            session_id: SessionId::new(Uuid::from_u128(2)),
            roles: vec![RoleGrant::of(Role::Auditor)],
        };
        let client = Client { client_id: ClientId::new(Uuid::from_u128(1)), scopes: vec![] };
        let person = Caller::Person(person);
        assert_eq!(person.principal(), "account:00000000-0000-0000-0000-000000000001");
        assert_eq!(Caller::Client(client).principal(), "client:00000000-0000-0000-0000-000000000001");
        assert_eq!(Caller::Service(ServiceName::from_static("workflow")).principal(), "service:workflow");
        assert_eq!(Caller::Anonymous.principal(), "anonymous");
        assert!(person.has_role(Role::Auditor) && !person.has_role(Role::Leader));
        assert_eq!(person.session_id(), Some(SessionId::new(Uuid::from_u128(2))));
        assert!(Caller::Anonymous.roles().is_empty() && Caller::Anonymous.account_id().is_none());
    }

    #[test]
    fn a_service_name_is_a_short_lower_case_word() {
        for good in ["workflow", "a", "risk-2"] {
            assert_eq!(good.parse::<ServiceName>().unwrap().as_str(), good);
        }
        for bad in ["", "Workflow", "2nd", "-x", "a b", "a:b", "流程", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
        {
            assert_eq!(bad.parse::<ServiceName>(), Err(InvalidServiceName), "{bad}");
        }
    }
}
