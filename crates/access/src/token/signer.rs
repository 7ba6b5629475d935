//! Signs tokens.

use jsonwebtoken::{Algorithm, Header};
use serde::Serialize;

use super::{ACCESS_TYPE, AccessClaims, Jwk, MAX_LIFETIME, MAX_TOKEN_BYTES, SigningKey};

/// Claims that no verifier would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    #[error("the token would not live between 1 second and 15 minutes")]
    Lifetime,
    #[error("the claims do not hold together")]
    Claims,
    #[error("the token would be longer than 12 KiB")]
    TooLong,
}

/// Signs access tokens with one key. To rotate: publish the new key, wait until every verifier has seen
/// it, sign with it, and retire the old key when its last token has expired.
#[derive(Debug, Clone)]
pub struct Signer {
    key: SigningKey,
}

impl Signer {
    pub fn new(key: SigningKey) -> Self {
        Self { key }
    }

    /// The key that tokens are checked against.
    pub fn public(&self) -> &Jwk {
        self.key.public()
    }

    /// The token. Fails on claims that would be refused everywhere.
    pub fn sign(&self, claims: &AccessClaims) -> Result<String, SignError> {
        if !(1..=MAX_LIFETIME.num_seconds()).contains(&claims.exp.saturating_sub(claims.iat)) {
            return Err(SignError::Lifetime);
        }
        if claims.caller().is_none() || claims.jti.is_empty() {
            return Err(SignError::Claims);
        }
        let token = sign(&self.key, ACCESS_TYPE, claims);
        if token.len() <= MAX_TOKEN_BYTES { Ok(token) } else { Err(SignError::TooLong) }
    }
}

pub(super) fn sign(key: &SigningKey, typ: &str, claims: &impl Serialize) -> String {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(typ.to_owned());
    header.kid = Some(key.kid().to_owned());
    jsonwebtoken::encode(&header, claims, key.encoding_key()).expect("a parsed Ed25519 key signs any claims")
}
