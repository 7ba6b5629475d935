//! Machine clients: other systems that call the suite.

use kernel::{ClientId, Timestamp, Version};

use super::{Refused, one_line, text_type};

text_type! {
    /// Name of another system.
    ClientName = |raw| one_line(raw, 1, 60), "must have 1 to 60 characters on one line"
}

text_type! {
    /// What a client may do, as `organizations.read`.
    ClientScope = scope, "must be two words of a-z and '_' with a dot between them"
}

/// Whether a client gets tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientState {
    Active,
    Disabled,
}

/// Another system that calls the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub name: ClientName,
    /// Sorted, each once.
    pub scopes: Vec<ClientScope>,
    pub state: ClientState,
    pub created_at: Timestamp,
    pub rotated_at: Timestamp,
    pub version: Version,
}

/// One of a client's secrets, of which only the hash is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientSecret {
    /// Until when an old secret stays good; `None` for the present one.
    pub expires_at: Option<Timestamp>,
}

impl Client {
    pub fn create(id: ClientId, name: ClientName, mut scopes: Vec<ClientScope>, now: Timestamp) -> Self {
        scopes.sort();
        scopes.dedup();
        let state = ClientState::Active;
        Self { id, name, scopes, state, created_at: now, rotated_at: now, version: Version::FIRST }
    }

    pub fn rotate(&self, now: Timestamp) -> Result<Self, Refused> {
        self.require_active()?;
        Ok(Self { rotated_at: now, version: self.version.next(), ..self.clone() })
    }

    pub fn disable(&self) -> Result<Self, Refused> {
        self.require_active()?;
        Ok(Self { state: ClientState::Disabled, version: self.version.next(), ..self.clone() })
    }

    /// Whether this secret gets a token now.
    pub fn accepts(&self, secret: ClientSecret, now: Timestamp) -> bool {
        self.state == ClientState::Active && secret.expires_at.is_none_or(|end| now < end)
    }

    /// The scopes of a token: those wanted, or all if none is named. Fails with the first that it does not have.
    pub fn narrow(&self, wanted: &[ClientScope]) -> Result<Vec<ClientScope>, ClientScope> {
        if wanted.is_empty() {
            return Ok(self.scopes.clone());
        }
        if let Some(missing) = wanted.iter().find(|scope| !self.scopes.contains(scope)) {
            return Err(missing.clone());
        }
        Ok(self.scopes.iter().filter(|scope| wanted.contains(scope)).cloned().collect())
    }

    fn require_active(&self) -> Result<(), Refused> {
        match self.state {
            ClientState::Active => Ok(()),
            ClientState::Disabled => Err(Refused::ClientDisabled(self.id)),
        }
    }
}

fn scope(raw: &str) -> Option<String> {
    let word = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
    let (object, verb) = raw.split_once('.')?;
    (raw.len() <= 64 && word(object) && word(verb)).then(|| raw.to_owned())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;

    fn scopes(names: &[&str]) -> Vec<ClientScope> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn client() -> Client {
        let name = "市政务平台".parse().unwrap();
        let id = ClientId::new(Uuid::from_u128(1));
        Client::create(
            id,
            name,
            scopes(&["issues.read", "events.read", "issues.read"]),
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_token_never_has_more_scopes_than_its_client() {
        assert_eq!(client().narrow(&[]), Ok(scopes(&["events.read", "issues.read"])));
        assert_eq!(client().narrow(&scopes(&["issues.read"])), Ok(scopes(&["issues.read"])));
        let more = scopes(&["issues.read", "issues.write"]);
        assert_eq!(client().narrow(&more), Err("issues.write".parse().unwrap()));
    }

    #[test]
    fn an_old_secret_is_good_until_its_end_and_none_is_good_for_a_disabled_client() {
        let now = Timestamp::UNIX_EPOCH;
        let old = ClientSecret { expires_at: Some(now + TimeDelta::seconds(1)) };
        assert!(client().accepts(old, now) && !client().accepts(old, now + TimeDelta::seconds(1)));
        let present = ClientSecret { expires_at: None };
        let disabled = client().disable().unwrap();
        assert!(client().accepts(present, now) && !disabled.accepts(present, now));
        assert_eq!(disabled.rotate(now), Err(Refused::ClientDisabled(disabled.id)));
    }

    #[test]
    fn a_scope_is_an_object_and_a_verb() {
        for bad in ["", "issues", "issues.", ".read", "a.b.c", "Issues.read", "issues read", "issues.read "] {
            assert!(bad.parse::<ClientScope>().is_err(), "{bad}");
        }
    }
}
