//! Tokens: EdDSA-signed JWTs of people, of machine clients, and of the services among themselves.

use chrono::TimeDelta;

mod claims;
mod key;
mod key_set;
mod recent;
mod service;
mod signer;
mod source;
mod verifier;

#[cfg(test)]
mod tests;

pub use claims::{AccessClaims, ClaimedRole};
pub use key::{InvalidKey, Jwk, SigningKey};
pub use key_set::{InvalidKeySet, KeySet};
pub use service::{InvalidKeyring, ServiceIdentity, ServiceKeyring};
pub use signer::{SignError, Signer};
pub use source::{CachedKeys, FetchError, KeySource, KeysUnavailable, StaticKeys};
pub use verifier::{TokenError, TokenVerifier, Verified};

/// Whom every token is for.
pub const AUDIENCE: &str = "qinqing";
/// Who signs access tokens, unless a deployment names its issuer otherwise.
pub const ISSUER: &str = "qinqing.identity";
/// How far two machines' clocks may differ.
pub const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// How long an access token lives at most.
pub const MAX_LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// How long a service token lives at most.
pub const MAX_SERVICE_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// The header's `typ` of access tokens.
const ACCESS_TYPE: &str = "at+jwt";
/// The header's `typ` of service tokens.
const SERVICE_TYPE: &str = "st+jwt";
/// Leaves room for other headers in the 16 KiB that a server takes.
const MAX_TOKEN_BYTES: usize = 12 * 1024;
