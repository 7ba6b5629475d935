//! Ed25519 keys: the private half signs, the public half travels as a JWK.

use std::fmt;

use aws_lc_rs::{
    digest,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// Bytes or text that hold no Ed25519 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 key")]
pub struct InvalidKey;

/// A private key. It is shown by its id alone.
#[derive(Clone)]
pub struct SigningKey {
    key: EncodingKey,
    public: Jwk,
}

impl SigningKey {
    /// A fresh key from the operating system's randomness. Fails when there is none.
    pub fn generate() -> Result<Self, InvalidKey> {
        Self::from_pair(&Ed25519KeyPair::generate().map_err(|_| InvalidKey)?)
    }

    /// The key of this secret: the same each time.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, InvalidKey> {
        Self::from_pair(&Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| InvalidKey)?)
    }

    /// From DER, PKCS#8 version 1 or 2.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, InvalidKey> {
        Self::from_pair(&Ed25519KeyPair::from_pkcs8(der).map_err(|_| InvalidKey)?)
    }

    /// DER, PKCS#8 version 1: to be kept secret.
    pub fn to_pkcs8(&self) -> &[u8] {
        self.key.as_bytes()
    }

    /// From the text of a "PRIVATE KEY" file.
    pub fn from_pem(text: &str) -> Result<Self, InvalidKey> {
        let body = text.trim().strip_prefix(PEM_BEGIN).and_then(|rest| rest.strip_suffix(PEM_END));
        let base64: String = body.ok_or(InvalidKey)?.split_ascii_whitespace().collect();
        Self::from_pkcs8(&STANDARD.decode(base64).map_err(|_| InvalidKey)?)
    }

    /// The text of a "PRIVATE KEY" file: to be kept secret.
    pub fn to_pem(&self) -> String {
        // 48 bytes of DER are the whole key, and 64 characters one line.
        format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(self.to_pkcs8()))
    }

    /// Names the key: its RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    pub fn public(&self) -> &Jwk {
        &self.public
    }

    pub(super) fn encoding_key(&self) -> &EncodingKey {
        &self.key
    }

    fn from_pair(pair: &Ed25519KeyPair) -> Result<Self, InvalidKey> {
        let der = pair.to_pkcs8v1().map_err(|_| InvalidKey)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| InvalidKey)?;
        Ok(Self { key: EncodingKey::from_ed_der(der.as_ref()), public: Jwk::new(public) })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid())
    }
}

/// A public key, named by its RFC 7638 thumbprint. It is shown by that name alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Jwk {
    x: [u8; 32],
    kid: String,
}

impl Jwk {
    /// From the 32 bytes of RFC 8032.
    pub fn new(x: [u8; 32]) -> Self {
        // The members in the order and spelling that RFC 7638 hashes.
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(x));
        let thumbprint = digest::digest(&digest::SHA256, canonical.as_bytes());
        Self { x, kid: URL_SAFE_NO_PAD.encode(thumbprint) }
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The 32 bytes of RFC 8032.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.x
    }

    pub(super) fn decoding_key(&self) -> DecodingKey {
        DecodingKey::from_ed_der(&self.x)
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwk({})", self.kid)
    }
}

/// A JWK as it travels. Members that are not listed do not matter here.
#[derive(Serialize, Deserialize)]
pub(super) struct WireJwk {
    pub kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
}

impl WireJwk {
    pub(super) fn is_ed25519(&self) -> bool {
        self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519")
    }
}

impl From<&Jwk> for WireJwk {
    fn from(jwk: &Jwk) -> Self {
        Self {
            kty: "OKP".to_owned(),
            crv: Some("Ed25519".to_owned()),
            x: Some(URL_SAFE_NO_PAD.encode(jwk.x)),
            kid: Some(jwk.kid.clone()),
            usage: Some("sig".to_owned()),
            alg: Some("EdDSA".to_owned()),
        }
    }
}

impl TryFrom<WireJwk> for Jwk {
    type Error = InvalidKey;

    fn try_from(wire: WireJwk) -> Result<Self, InvalidKey> {
        let is_for_us = wire.is_ed25519()
            && wire.usage.is_none_or(|usage| usage == "sig")
            && wire.alg.is_none_or(|alg| alg == "EdDSA");
        if !is_for_us {
            return Err(InvalidKey);
        }
        let x = URL_SAFE_NO_PAD.decode(wire.x.ok_or(InvalidKey)?).map_err(|_| InvalidKey)?;
        let jwk = Self::new(x.try_into().map_err(|_| InvalidKey)?);
        // A key goes by no other name: one name could then stand for two keys.
        if wire.kid.is_none_or(|kid| kid == jwk.kid) { Ok(jwk) } else { Err(InvalidKey) }
    }
}
