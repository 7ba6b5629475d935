//! Salted digests of what is kept outside the trail.

use crate::hash::Hash;
use crate::suite::Suite;

const DOMAIN: u8 = 0x04;

/// Digest of a free text or personal datum that is kept outside the trail, for the payload of an entry. The salt is 16
/// random bytes, drawn for this one text and kept beside it. Erasing text and salt leaves a digest that says
/// nothing and proofs that still hold; without the salt a short text could be found by trying.
pub fn digest_text(suite: &dyn Suite, salt: &[u8; 16], text: &str) -> Hash {
    suite.hash(&[&[DOMAIN], salt, text.as_bytes()])
}

/// Whether this is the text that the digest was made of.
pub fn verify_text(suite: &dyn Suite, salt: &[u8; 16], text: &str, digest: &Hash) -> bool {
    digest_text(suite, salt, text) == *digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Sha256Ed25519;

    #[test]
    fn a_digest_holds_for_its_own_salt_and_text_only() {
        let digest = digest_text(&Sha256Ed25519, &[7; 16], "S328 warning signs");
        assert!(verify_text(&Sha256Ed25519, &[7; 16], "S328 warning signs", &digest));
        assert!(!verify_text(&Sha256Ed25519, &[8; 16], "S328 warning signs", &digest));
        assert!(!verify_text(&Sha256Ed25519, &[7; 16], "S328 warning sign", &digest));
    }
}
