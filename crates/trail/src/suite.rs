//! Hash and signature, named as a suite so that another one can take their place.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use crate::hash::Hash;

/// A hash of 32 bytes and a signature scheme. The name stands in every signed line, so a suite means the same for ever.
pub trait Suite: Send + Sync {
    /// Such as `sha256-ed25519`.
    fn name(&self) -> &'static str;

    /// Hash of the parts, one after the other.
    fn hash(&self, parts: &[&[u8]]) -> Hash;

    /// Whether the signature is good. A key or signature of a wrong form is not.
    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool;
}

/// Holder of a private key: in memory, in a file, or in a device.
pub trait Signer: Send + Sync {
    fn suite(&self) -> &dyn Suite;

    fn public_key(&self) -> &[u8];

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// The key could not sign, as when its device is gone.
#[derive(Debug, thiserror::Error)]
#[error("could not sign")]
pub struct SignError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// `sha256-ed25519`: SHA-256 (FIPS 180-4) and Ed25519 (RFC 8032), public keys of 32 and signatures of 64 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Sha256Ed25519;

impl Suite for Sha256Ed25519 {
    fn name(&self) -> &'static str {
        "sha256-ed25519"
    }

    fn hash(&self, parts: &[&[u8]]) -> Hash {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Hash::new(hasher.finalize().into())
    }

    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, public_key).verify(message, signature).is_ok()
    }
}

/// An Ed25519 key in memory.
pub struct Ed25519Signer {
    pair: Ed25519KeyPair,
}

/// Not an Ed25519 private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 private key")]
pub struct InvalidKey;

impl Ed25519Signer {
    /// `seed` is the private key of RFC 8032: 32 secret random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, InvalidKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| InvalidKey)?;
        Ok(Self { pair })
    }

    /// `der` is a PKCS #8 document of version 1 or 2.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, InvalidKey> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| InvalidKey)?;
        Ok(Self { pair })
    }
}

impl Signer for Ed25519Signer {
    fn suite(&self) -> &dyn Suite {
        &Sha256Ed25519
    }

    fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = self.pair.try_sign(message).map_err(|err| SignError(err.into()))?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Signer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{from_hex, to_hex};

    /// Test 2 of RFC 8032, section 7.1.
    #[test]
    fn ed25519_signs_as_rfc_8032_says() {
        let seed = from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let signer = Ed25519Signer::from_seed(seed.as_slice().try_into().unwrap()).unwrap();
        assert_eq!(
            to_hex(signer.public_key()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        let signature = signer.sign(&[0x72]).unwrap();
        assert_eq!(
            to_hex(&signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert!(Sha256Ed25519.verify(signer.public_key(), &[0x72], &signature));
        assert!(!Sha256Ed25519.verify(signer.public_key(), &[0x73], &signature));
        assert!(!Sha256Ed25519.verify(&[], &[0x72], &signature));
        assert!(!Sha256Ed25519.verify(signer.public_key(), &[0x72], &[]));
    }

    #[test]
    fn sha256_hashes_the_parts_as_one_text() {
        let whole = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Sha256Ed25519.hash(&[b"a", b"", b"bc"]).to_string(), whole);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(Ed25519Signer::from_pkcs8(b"no key").err(), Some(InvalidKey));
    }
}
