//! The public keys that tokens are checked against.

use serde::{Deserialize, Serialize};

use super::key::{Jwk, WireJwk};

/// JSON that is no key set, or one with a broken or misnamed Ed25519 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON Web Key Set with sound Ed25519 keys")]
pub struct InvalidKeySet;

/// Public keys by their ids. During a rotation it holds the old key and the new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet(Vec<Jwk>);

impl KeySet {
    pub fn new(keys: impl IntoIterator<Item = Jwk>) -> Self {
        let mut set = Self::default();
        for key in keys {
            set.add(key);
        }
        set
    }

    /// Adds a key, once.
    pub fn add(&mut self, key: Jwk) {
        if self.find(key.kid()).is_none() {
            self.0.push(key);
        }
    }

    /// Retires a key: its tokens are refused from now on.
    pub fn remove(&mut self, kid: &str) {
        self.0.retain(|key| key.kid() != kid);
    }

    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.0.iter().find(|key| key.kid() == kid)
    }

    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }

    /// The JWKS document (RFC 7517).
    pub fn to_json(&self) -> String {
        let document = Document { keys: self.0.iter().map(WireJwk::from).collect() };
        serde_json::to_string(&document).expect("text members always serialize")
    }

    /// From a JWKS document. Keys of other kinds are passed over, as RFC 7517 asks.
    pub fn from_json(json: &str) -> Result<Self, InvalidKeySet> {
        let Document { keys } = serde_json::from_str(json).map_err(|_| InvalidKeySet)?;
        let ours = keys.into_iter().filter(WireJwk::is_ed25519);
        let keys: Result<Vec<Jwk>, _> = ours.map(Jwk::try_from).collect();
        Ok(Self::new(keys.map_err(|_| InvalidKeySet)?))
    }
}

#[derive(Serialize, Deserialize)]
struct Document {
    keys: Vec<WireJwk>,
}
