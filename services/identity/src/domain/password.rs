//! Passwords: which are good enough, and what is kept of them.

use std::cell::RefCell;

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{self, Output, ParamsString, Salt},
};

use super::{LoginName, Refused};

/// Bytes of salt that a hash takes.
pub const SALT_LEN: usize = 16;

const MIN_CHARS: usize = 10;
/// Longer ones would only cost time to hash.
const MAX_CHARS: usize = 128;

/// A password that its owner may take.
pub struct NewPassword(String);

/// Which rule a password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than 10 characters, or more than 128.
    Length,
    /// It is the login name.
    LoginName,
    /// It is the present password.
    Unchanged,
}

impl Weakness {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::LoginName => "login_name",
            Self::Unchanged => "unchanged",
        }
    }
}

impl NewPassword {
    pub fn try_new(password: String, login_name: &LoginName, present: &str) -> Result<Self, Refused> {
        let n_chars = password.chars().count();
        let weakness = if !(MIN_CHARS..=MAX_CHARS).contains(&n_chars) {
            Weakness::Length
        } else if password.trim().to_lowercase() == login_name.as_str() {
            Weakness::LoginName
        } else if password == present {
            Weakness::Unchanged
        } else {
            return Ok(Self(password));
        };
        Err(Refused::WeakPassword(weakness))
    }

    /// As [`PasswordHash::of`].
    pub fn hash(&self, salt: [u8; SALT_LEN]) -> PasswordHash {
        PasswordHash::of(&self.0, salt)
    }
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// What is kept of a password: Argon2id with 19 MiB and two passes, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes some tens of milliseconds: call it where that blocks nobody.
    pub fn of(password: &str, salt: [u8; SALT_LEN]) -> Self {
        let params = Params::default();
        let well_formed = "the default parameters take any password and 16 bytes of salt";
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect(well_formed),
            salt: Some(Salt::new(&salt).expect(well_formed)),
            hash: Some(argon2id(password, &salt, params).expect(well_formed)),
        };
        Self(hash.to_string())
    }

    /// From the database.
    pub fn stored(phc: String) -> Self {
        Self(phc)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes as long as [`PasswordHash::of`], whatever the answer. What cannot be read matches nothing.
    pub fn matches(&self, password: &str) -> bool {
        let Ok(kept) = phc::PasswordHash::new(&self.0) else { return false };
        let ours =
            kept.algorithm == Algorithm::Argon2id.ident() && kept.version == Some(Version::V0x13.into());
        let (Ok(params), Some(salt), Some(hash), true) =
            (Params::try_from(&kept), kept.salt, kept.hash, ours)
        else {
            return false;
        };
        // The comparison of outputs takes the same time wherever they differ.
        argon2id(password, &salt, params).is_some_and(|output| output == hash)
    }
}

thread_local! {
    /// What a hash is made in, kept for the next one of the thread: taken and given back each time, 19 MiB would tear
    /// the allocator's memory to pieces.
    static BLOCKS: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// `None` where the parameters, or the lengths of password or salt, are none that Argon2 takes.
fn argon2id(password: &str, salt: &[u8], params: Params) -> Option<Output> {
    let n_blocks = params.block_count();
    let mut bytes = [0; Params::DEFAULT_OUTPUT_LEN];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let made = BLOCKS.with_borrow_mut(|blocks| {
        blocks.resize(n_blocks, Block::default());
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut bytes, blocks.as_mut_slice())
    });
    made.ok()?;
    Output::new(&bytes).ok()
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), Refused> {
        let login_name = "wang.xiaoming".parse().unwrap();
        NewPassword::try_new(password.to_owned(), &login_name, "the present one").map(drop)
    }

    #[test]
    fn a_password_is_neither_short_nor_the_name_nor_the_old_one() {
        let weak = |weakness| Err(Refused::WeakPassword(weakness));
        assert_eq!(check("密码密码密码密码密"), weak(Weakness::Length));
        assert_eq!(check(&"x".repeat(129)), weak(Weakness::Length));
        assert_eq!(check("Wang.Xiaoming"), weak(Weakness::LoginName));
        assert_eq!(check("the present one"), weak(Weakness::Unchanged));
        assert_eq!(check("密码密码密码密码密码"), Ok(()));
        assert_eq!(check(&"x".repeat(128)), Ok(()));
    }

    #[test]
    fn a_hash_matches_its_own_password_alone() {
        let hash = PasswordHash::of("correct horse", [7; SALT_LEN]);
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(PasswordHash::stored(hash.as_str().to_owned()).matches("correct horse"));
        assert!(!hash.matches("correct horsf"));
        assert!(!PasswordHash::stored("nonsense".to_owned()).matches("correct horse"));
    }

    #[test]
    fn the_library_makes_and_takes_the_same_hash() {
        use argon2::{PasswordHasher as _, PasswordVerifier as _};
        let ours = PasswordHash::of("correct horse", [7; SALT_LEN]);
        let theirs: phc::PasswordHash =
            Argon2::default().hash_password_with_salt(b"correct horse", &[7; SALT_LEN]).unwrap();
        assert_eq!(ours.as_str(), theirs.to_string());
        let parsed = phc::PasswordHash::new(ours.as_str()).unwrap();
        assert!(Argon2::default().verify_password(b"correct horse", &parsed).is_ok());
    }

    #[test]
    fn salt_keeps_equal_passwords_apart() {
        assert_ne!(
            PasswordHash::of("correct horse", [1; SALT_LEN]),
            PasswordHash::of("correct horse", [2; SALT_LEN])
        );
    }

    #[test]
    fn no_password_or_hash_shows_in_debug_output() {
        let name = "wang.xiaoming".parse().unwrap();
        let password = NewPassword::try_new("correct horse".to_owned(), &name, "").unwrap();
        let hash = password.hash([7; SALT_LEN]);
        assert_eq!(format!("{password:?} {hash:?}"), "NewPassword(…) PasswordHash(…)");
    }
}
