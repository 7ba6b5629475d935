//! Secrets that the service makes: tokens and initial passwords.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Letters and digits that cannot be taken for one another when read aloud or copied by hand.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// An opaque secret of 256 bits: a refresh token or a client's secret. Only its hash is kept; being random, it
/// needs no slow one.
pub struct Secret(String);

impl Secret {
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random))
    }

    /// What a caller sent; `None` if it cannot be a secret of ours.
    pub fn sent(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// SHA-256 of the text: what is kept.
    pub fn digest(&self) -> Vec<u8> {
        digest(&SHA256, self.0.as_bytes()).as_ref().to_vec()
    }

    /// The text, to be handed out once.
    pub fn expose(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A password of 80 bits in groups of four, as `k7qm-2xv9-…`: for the first sign-in.
pub fn initial_password(random: [u8; 16]) -> String {
    let symbols = random.map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    symbols.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_again_by_its_digest() {
        let secret = Secret::from_random([9; 32]);
        let digest = secret.digest();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(Secret::sent(&secret.expose()).unwrap().digest(), digest);
        assert_ne!(Secret::from_random([8; 32]).digest(), digest);
    }

    #[test]
    fn what_cannot_be_a_secret_is_not_looked_up() {
        for bad in ["", "short", &"!".repeat(43), &"A".repeat(44)] {
            assert!(Secret::sent(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_initial_password_is_four_groups_of_four() {
        assert_eq!(
            initial_password(std::array::from_fn(|i| u8::try_from(i * 17).unwrap())),
            "0h2k-4n6q-8sav-cxez"
        );
    }
}
