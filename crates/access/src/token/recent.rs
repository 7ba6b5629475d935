//! Remembers tokens whose signature was checked, so that it is checked once.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest;

use super::verifier::Verified;

/// The SHA-256 of a token.
pub(super) type TokenHash = [u8; 32];

pub(super) fn hash(token: &str) -> TokenHash {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// A bounded memory of verified tokens in two generations: when the young one is full, the old one is
/// forgotten whole, and whatever was used since has moved to the young one.
#[derive(Debug)]
pub(super) struct Recent {
    n_per_generation: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<TokenHash, Entry>,
    old: HashMap<TokenHash, Entry>,
}

/// What was verified, and from when until when it may be believed: seconds since 1970, the end excluded.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub verified: Verified,
    pub from: i64,
    pub until: i64,
}

impl Recent {
    /// Holds up to `2 * n_per_generation` tokens.
    pub(super) fn new(n_per_generation: usize) -> Self {
        Self { n_per_generation, generations: Mutex::default() }
    }

    /// `None` when the token is not remembered, or may not be believed at `now`.
    pub(super) fn get(&self, hash: &TokenHash, now: i64) -> Option<Verified> {
        let mut generations = self.lock();
        if let Some(entry) = generations.young.get(hash) {
            return entry.at(now);
        }
        let entry = generations.old.remove(hash)?;
        let verified = entry.at(now)?;
        self.insert(&mut generations, *hash, entry);
        Some(verified)
    }

    pub(super) fn put(&self, hash: TokenHash, entry: Entry) {
        self.insert(&mut self.lock(), hash, entry);
    }

    fn insert(&self, generations: &mut Generations, hash: TokenHash, entry: Entry) {
        if self.n_per_generation <= generations.young.len() {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(hash, entry);
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let generations = self.lock();
        generations.young.len() + generations.old.len()
    }
}

impl Entry {
    fn at(&self, now: i64) -> Option<Verified> {
        (self.from..self.until).contains(&now).then(|| self.verified.clone())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::Caller;

    fn entry(from: i64, until: i64) -> Entry {
        let time = DateTime::UNIX_EPOCH;
        let verified =
            Verified { caller: Caller::Anonymous, token_id: None, issued_at: time, expires_at: time };
        Entry { verified, from, until }
    }

    #[test]
    fn a_remembered_token_is_believed_within_its_time_alone() {
        let recent = Recent::new(10);
        recent.put(hash("a"), entry(100, 200));
        for (now, believed) in [(99, false), (100, true), (199, true), (200, false), (150, true)] {
            assert_eq!(recent.get(&hash("a"), now).is_some(), believed, "{now}");
        }
        assert!(recent.get(&hash("b"), 150).is_none());
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_in_use() {
        let recent = Recent::new(10);
        recent.put(hash("in use"), entry(0, 10));
        for n in 0..1_000 {
            recent.put(hash(&n.to_string()), entry(0, 10));
            assert!(recent.len() <= 20);
            if n % 5 == 0 {
                assert!(recent.get(&hash("in use"), 5).is_some(), "{n}");
            }
        }
        assert!(recent.get(&hash("0"), 5).is_none());
    }
}
