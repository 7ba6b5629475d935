//! Checks tokens. Everything that is not exactly as the suite signs it is refused.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta};
use jsonwebtoken::Algorithm;
use kernel::{Clock, Timestamp};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    ACCESS_TYPE, AUDIENCE, AccessClaims, ISSUER, Jwk, KeySource, KeysUnavailable, LEEWAY, MAX_LIFETIME,
    MAX_SERVICE_LIFETIME, MAX_TOKEN_BYTES, SERVICE_TYPE, ServiceKeyring,
    claims::ServiceClaims,
    recent::{self, Entry, Recent},
};
use crate::{Caller, ServiceName};

/// Half of how many verified tokens are remembered.
const N_PER_GENERATION: usize = 10_000;

/// Why a token is refused. For the log: callers learn no more than that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("not a token")]
    Malformed,
    #[error("the token's header is not one of ours")]
    Header,
    #[error("the token is not signed with EdDSA")]
    Algorithm,
    #[error("the token is of another type")]
    Type,
    #[error("no such key is trusted")]
    UnknownKey,
    #[error("the signature does not fit")]
    Signature,
    #[error("the claims do not hold together")]
    Claims,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token is for somebody else")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token lives longer than it may")]
    Lifetime,
    /// The token may be good: the caller should try again.
    #[error(transparent)]
    KeysUnavailable(#[from] KeysUnavailable),
}

/// A token that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub caller: Caller,
    /// Names this one token; `None` for services.
    pub token_id: Option<String>,
    /// In whole seconds.
    pub issued_at: Timestamp,
    /// In whole seconds.
    pub expires_at: Timestamp,
}

/// Checks access tokens, and the tokens of the services it trusts.
pub struct TokenVerifier {
    keys: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    issuer: String,
    services: ServiceKeyring,
    recent: Recent,
}

impl TokenVerifier {
    /// Trusts [`ISSUER`] and no services.
    pub fn new(keys: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        Self {
            keys,
            clock,
            issuer: ISSUER.to_owned(),
            services: ServiceKeyring::default(),
            recent: Recent::new(N_PER_GENERATION),
        }
    }

    /// Trusts this issuer of access tokens instead.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// Trusts these services.
    #[must_use]
    pub fn with_services(mut self, services: ServiceKeyring) -> Self {
        self.services = services;
        self
    }

    /// Who is calling. Says nothing about revocation, which the token cannot know of.
    pub async fn verify(&self, token: &str) -> Result<Caller, TokenError> {
        Ok(self.inspect(token).await?.caller)
    }

    /// Who is calling, and from when until when the token says so.
    pub async fn inspect(&self, token: &str) -> Result<Verified, TokenError> {
        let parts = Parts::of(token)?;
        // Asked every time, so that the tokens of a retired key are refused even when remembered.
        let speaker = self.speaker(&parts.header()?).await?;
        let now = self.clock.now().timestamp();
        let hash = recent::hash(token);
        if let Some(verified) = self.recent.get(&hash, now) {
            return Ok(verified);
        }
        let (verified, times) = match speaker {
            Speaker::Issuer(key) => self.access(&parts, &key)?,
            Speaker::Service(name, key) => service(&parts, name, &key)?,
        };
        times.check(now)?;
        let from = times.iat.max(times.nbf).saturating_sub(LEEWAY.num_seconds());
        self.recent.put(hash, Entry { verified: verified.clone(), from, until: times.exp });
        Ok(verified)
    }

    async fn speaker(&self, header: &TokenHeader) -> Result<Speaker<'_>, TokenError> {
        if header.alg != "EdDSA" {
            return Err(TokenError::Algorithm);
        }
        match header.typ.as_str() {
            ACCESS_TYPE => {
                let key = self.keys.key(&header.kid).await?;
                key.map(Speaker::Issuer).ok_or(TokenError::UnknownKey)
            }
            SERVICE_TYPE => {
                let found = self.services.find(&header.kid);
                found.map(|(name, key)| Speaker::Service(name, key.clone())).ok_or(TokenError::UnknownKey)
            }
            _ => Err(TokenError::Type),
        }
    }

    fn access(&self, parts: &Parts<'_>, key: &Jwk) -> Result<(Verified, Times), TokenError> {
        let claims: AccessClaims = parts.claims(key)?;
        let times = Times { iat: claims.iat, nbf: claims.nbf, exp: claims.exp, at_most: MAX_LIFETIME };
        let caller = claims.caller().ok_or(TokenError::Claims)?;
        if claims.iss != self.issuer {
            return Err(TokenError::Issuer);
        }
        if claims.aud != AUDIENCE {
            return Err(TokenError::Audience);
        }
        if claims.jti.is_empty() {
            return Err(TokenError::Claims);
        }
        Ok((times.verified(caller, Some(claims.jti))?, times))
    }
}

fn service(parts: &Parts<'_>, name: &ServiceName, key: &Jwk) -> Result<(Verified, Times), TokenError> {
    let ServiceClaims { iss, aud, sub, iat, nbf, exp } = parts.claims(key)?;
    let times = Times { iat, nbf, exp, at_most: MAX_SERVICE_LIFETIME };
    let caller = Caller::Service(name.clone());
    // The key says which service this is; the claims may not say another.
    if sub != caller.principal() || iss != sub {
        return Err(TokenError::Issuer);
    }
    if aud != AUDIENCE {
        return Err(TokenError::Audience);
    }
    Ok((times.verified(caller, None)?, times))
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier")
            .field("issuer", &self.issuer)
            .field("services", &self.services)
            .finish_non_exhaustive()
    }
}

/// Whose key signed, if the signature fits.
enum Speaker<'a> {
    Issuer(Jwk),
    Service(&'a ServiceName, Jwk),
}

/// Exactly these members: what would point to another key, or must be understood, is unknown here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// The parts of a token, still encoded.
struct Parts<'a> {
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
    /// Header and claims, as they were signed.
    message: &'a str,
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Result<Self, TokenError> {
        if MAX_TOKEN_BYTES < token.len() {
            return Err(TokenError::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        // A further dot would be in the claims, which no base64 has.
        Ok(Self { header, claims, signature, message })
    }

    fn header(&self) -> Result<TokenHeader, TokenError> {
        serde_json::from_slice(&decode(self.header)?).map_err(|_| TokenError::Header)
    }

    /// The claims, after their signature was found to fit.
    fn claims<T: DeserializeOwned>(&self, key: &Jwk) -> Result<T, TokenError> {
        let message = self.message.as_bytes();
        let key = key.decoding_key();
        match jsonwebtoken::crypto::verify(self.signature, message, &key, Algorithm::EdDSA) {
            Ok(true) => serde_json::from_slice(&decode(self.claims)?).map_err(|_| TokenError::Claims),
            Ok(false) => Err(TokenError::Signature),
            Err(_) => Err(TokenError::Malformed),
        }
    }
}

/// Takes the one spelling of the bytes: no padding, no line breaks, no bits left over.
fn decode(base64: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(base64).map_err(|_| TokenError::Malformed)
}

/// When a token was issued, is valid from, and ends: seconds since 1970.
struct Times {
    iat: i64,
    nbf: i64,
    exp: i64,
    at_most: TimeDelta,
}

impl Times {
    fn check(&self, now: i64) -> Result<(), TokenError> {
        let leeway = LEEWAY.num_seconds();
        if !(1..=self.at_most.num_seconds()).contains(&self.exp.saturating_sub(self.iat)) {
            return Err(TokenError::Lifetime);
        }
        if now.saturating_add(leeway) < self.iat.max(self.nbf) {
            return Err(TokenError::NotYetValid);
        }
        if self.exp.saturating_add(leeway) <= now {
            return Err(TokenError::Expired);
        }
        Ok(())
    }

    fn verified(&self, caller: Caller, token_id: Option<String>) -> Result<Verified, TokenError> {
        let time = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(TokenError::Claims);
        Ok(Verified { caller, token_id, issued_at: time(self.iat)?, expires_at: time(self.exp)? })
    }
}
