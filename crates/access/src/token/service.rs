//! How the services prove to each other who they are.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use chrono::TimeDelta;
use kernel::Timestamp;

use super::{
    AUDIENCE, Jwk, KeySet, MAX_SERVICE_LIFETIME, SERVICE_TYPE, SigningKey, claims::ServiceClaims, signer,
};
use crate::ServiceName;

/// How long before its end a service's token is replaced.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(1);

/// A keyring that is malformed, or trusts one key for two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a keyring: a key set by service name, no key for two services")]
pub struct InvalidKeyring;

/// Which key speaks for which service. A service may have several keys while they rotate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceKeyring(BTreeMap<ServiceName, KeySet>);

impl ServiceKeyring {
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `key` speak for `name`. Fails when it speaks for another service already.
    pub fn trust(&mut self, name: ServiceName, key: Jwk) -> Result<(), InvalidKeyring> {
        match self.find(key.kid()) {
            Some((other, _)) if *other != name => Err(InvalidKeyring),
            _ => {
                self.0.entry(name).or_default().add(key);
                Ok(())
            }
        }
    }

    pub fn find(&self, kid: &str) -> Option<(&ServiceName, &Jwk)> {
        self.0.iter().find_map(|(name, keys)| keys.find(kid).map(|key| (name, key)))
    }

    /// An object with a JWKS document for each service.
    pub fn to_json(&self) -> String {
        let documents: Vec<_> =
            self.0.iter().map(|(name, keys)| format!(r#""{name}":{}"#, keys.to_json())).collect();
        format!("{{{}}}", documents.join(","))
    }

    /// Takes what [`Self::to_json`] gives.
    pub fn from_json(json: &str) -> Result<Self, InvalidKeyring> {
        let documents: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(json).map_err(|_| InvalidKeyring)?;
        let mut keyring = Self::default();
        for (name, document) in documents {
            let name: ServiceName = name.parse().map_err(|_| InvalidKeyring)?;
            let keys = KeySet::from_json(&document.to_string()).map_err(|_| InvalidKeyring)?;
            for key in keys.keys() {
                keyring.trust(name.clone(), key.clone())?;
            }
        }
        Ok(keyring)
    }
}

/// The identity of one service: signs its own tokens. It is shown by its name and its key's id.
pub struct ServiceIdentity {
    name: ServiceName,
    key: SigningKey,
    current: Mutex<Option<Current>>,
}

struct Current {
    token: String,
    from: i64,
    renew_at: i64,
}

impl ServiceIdentity {
    pub fn new(name: ServiceName, key: SigningKey) -> Self {
        Self { name, key, current: Mutex::new(None) }
    }

    pub fn name(&self) -> &ServiceName {
        &self.name
    }

    /// The key that others trust for this service.
    pub fn public(&self) -> &Jwk {
        self.key.public()
    }

    /// A token of at most 5 minutes, with at least 1 minute left.
    pub fn token(&self, now: Timestamp) -> String {
        let iat = now.timestamp();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) =
            current.as_ref().filter(|current| (current.from..current.renew_at).contains(&iat))
        {
            return current.token.clone();
        }
        let subject = format!("service:{}", self.name);
        let exp = iat.saturating_add(MAX_SERVICE_LIFETIME.num_seconds());
        let claims = ServiceClaims {
            iss: subject.clone(),
            aud: AUDIENCE.to_owned(),
            sub: subject,
            iat,
            nbf: iat,
            exp,
        };
        let token = signer::sign(&self.key, SERVICE_TYPE, &claims);
        let renew_at = exp.saturating_sub(RENEW_BEFORE.num_seconds());
        *current = Some(Current { token: token.clone(), from: iat, renew_at });
        token
    }
}

impl fmt::Debug for ServiceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceIdentity")
            .field("name", &self.name)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
