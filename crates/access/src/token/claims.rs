//! What an access token says, as it travels.

use chrono::TimeDelta;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AUDIENCE, ISSUER};
use crate::{Caller, Client, Person, RoleGrant};

/// The claims of an access token. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessClaims {
    pub iss: String,
    pub aud: String,
    /// "account:…" or "client:…".
    pub sub: String,
    /// The session: of people alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
    /// Names this one token.
    pub jti: String,
    /// Of people alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<ClaimedRole>>,
    /// Of machine clients alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
}

/// A role as it travels, with the enterprise, department and section that it is held for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedRole {
    /// What [`crate::Role::name`] gives.
    pub r: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub d: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s: Option<String>,
}

impl AccessClaims {
    /// For a person, valid from `issued_at` for `lifetime`, both in whole seconds.
    pub fn person(person: &Person, issued_at: Timestamp, lifetime: TimeDelta, token_id: Uuid) -> Self {
        Self {
            sid: Some(person.session_id.to_string()),
            roles: Some(person.roles.iter().map(ClaimedRole::from).collect()),
            ..Self::bare(format!("account:{}", person.account_id), issued_at, lifetime, token_id)
        }
    }

    /// For a machine client, valid from `issued_at` for `lifetime`, both in whole seconds.
    pub fn client(client: &Client, issued_at: Timestamp, lifetime: TimeDelta, token_id: Uuid) -> Self {
        Self {
            scopes: Some(client.scopes.clone()),
            ..Self::bare(format!("client:{}", client.client_id), issued_at, lifetime, token_id)
        }
    }

    fn bare(sub: String, issued_at: Timestamp, lifetime: TimeDelta, token_id: Uuid) -> Self {
        let iat = issued_at.timestamp();
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub,
            sid: None,
            iat,
            nbf: iat,
            exp: iat.saturating_add(lifetime.num_seconds()),
            jti: token_id.to_string(),
            roles: None,
            scopes: None,
        }
    }

    /// Whom the claims speak of; `None` when they do not hold together.
    pub(super) fn caller(&self) -> Option<Caller> {
        match (self.sub.split_once(':')?, &self.sid, &self.roles, &self.scopes) {
            (("account", account), Some(session), Some(roles), None) => Some(Caller::Person(Person {
                account_id: account.parse().ok()?,
                session_id: session.parse().ok()?,
                roles: roles.iter().map(ClaimedRole::grant).collect::<Option<_>>()?,
            })),
            (("client", client), None, None, Some(scopes)) => {
                Some(Caller::Client(Client { client_id: client.parse().ok()?, scopes: scopes.clone() }))
            }
            _ => None,
        }
    }
}

impl ClaimedRole {
    fn grant(&self) -> Option<RoleGrant> {
        let grant = RoleGrant {
            role: self.r.parse().ok()?,
            enterprise: self.e.as_ref().map(|id| id.parse()).transpose().ok()?,
            department: self.d.as_ref().map(|id| id.parse()).transpose().ok()?,
            section: self.s.as_ref().map(|id| id.parse()).transpose().ok()?,
        };
        grant.is_well_formed().then_some(grant)
    }
}

impl From<&RoleGrant> for ClaimedRole {
    fn from(grant: &RoleGrant) -> Self {
        let RoleGrant { role, enterprise, department, section } = grant;
        Self {
            r: role.name().to_owned(),
            e: enterprise.as_ref().map(ToString::to_string),
            d: department.as_ref().map(ToString::to_string),
            s: section.as_ref().map(ToString::to_string),
        }
    }
}

/// The claims of a service token.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceClaims {
    /// The service itself: "service:…".
    pub iss: String,
    pub aud: String,
    /// The same as `iss`.
    pub sub: String,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
}
