//! Where a verifier gets public keys from.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use futures::future::BoxFuture;
use kernel::{Clock, Timestamp};

use super::{Jwk, KeySet};

/// How long fetched keys serve: a retired key is refused everywhere after that.
const KEEP: TimeDelta = TimeDelta::minutes(5);
/// How long after one fetch the next may follow.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// The keys cannot be had now; the token may be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keys that tokens are checked against cannot be had now")]
pub struct KeysUnavailable;

/// Why a fetch failed.
pub type FetchError = Box<dyn Error + Send + Sync>;

/// Gives public keys by their ids.
pub trait KeySource: Send + Sync {
    /// `None`: there is no such key.
    fn key<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Jwk>, KeysUnavailable>>;
}

/// Keys that never change.
#[derive(Debug, Clone)]
pub struct StaticKeys(pub KeySet);

impl KeySource for StaticKeys {
    fn key<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Jwk>, KeysUnavailable>> {
        let found = self.0.find(kid).cloned();
        Box::pin(async move { Ok(found) })
    }
}

/// Keys that are fetched, and kept for 5 minutes. An unknown id fetches again, at most once a second.
pub struct CachedKeys {
    fetch: Fetch,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Held while fetching, so that those who need the same keys wait for one fetch.
    fetching: futures::lock::Mutex<()>,
}

type Fetch = Box<dyn Fn() -> BoxFuture<'static, Result<KeySet, FetchError>> + Send + Sync>;

#[derive(Default)]
struct State {
    keys: Option<(KeySet, Timestamp)>,
    last: Option<Attempt>,
}

#[derive(Clone, Copy)]
struct Attempt {
    at: Timestamp,
    succeeded: bool,
}

/// What is known without a fetch.
enum Known {
    Key(Jwk),
    NoSuchKey,
    TooSoonToAsk,
    Ask,
}

impl CachedKeys {
    /// `fetch` gets the key set from whoever signs, and gives up by itself after a while.
    pub fn new<F>(fetch: F, clock: Arc<dyn Clock>) -> Self
    where
        F: Fn() -> BoxFuture<'static, Result<KeySet, FetchError>> + Send + Sync + 'static,
    {
        Self {
            fetch: Box::new(fetch),
            clock,
            state: Mutex::default(),
            fetching: futures::lock::Mutex::new(()),
        }
    }

    async fn find(&self, kid: &str) -> Result<Option<Jwk>, KeysUnavailable> {
        if let Known::Key(key) = self.known(kid) {
            return Ok(Some(key));
        }
        let _fetching = self.fetching.lock().await;
        // Somebody else may have fetched while this call waited.
        match self.known(kid) {
            Known::Key(key) => Ok(Some(key)),
            Known::NoSuchKey => Ok(None),
            Known::TooSoonToAsk => Err(KeysUnavailable),
            Known::Ask => self.ask(kid).await,
        }
    }

    fn known(&self, kid: &str) -> Known {
        let now = self.clock.now();
        let state = self.state();
        let fresh = state.keys.as_ref().filter(|(_, at)| is_within(now, *at, KEEP)).map(|(keys, _)| keys);
        if let Some(key) = fresh.and_then(|keys| keys.find(kid)) {
            return Known::Key(key.clone());
        }
        match state.last {
            Some(last) if is_within(now, last.at, PAUSE) => {
                if fresh.is_some() && last.succeeded {
                    Known::NoSuchKey
                } else {
                    Known::TooSoonToAsk
                }
            }
            _ => Known::Ask,
        }
    }

    async fn ask(&self, kid: &str) -> Result<Option<Jwk>, KeysUnavailable> {
        let at = self.clock.now();
        // Before the fetch, so that one given up half-way counts as a failure.
        self.state().last = Some(Attempt { at, succeeded: false });
        match (self.fetch)().await {
            Ok(keys) => {
                let found = keys.find(kid).cloned();
                *self.state() = State { keys: Some((keys, at)), last: Some(Attempt { at, succeeded: true }) };
                Ok(found)
            }
            Err(error) => {
                tracing::warn!(error = &*error as &dyn Error, "could not fetch the token keys");
                Err(KeysUnavailable)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `since` lies less than `span` back. A clock that was set back counts as long ago.
fn is_within(now: Timestamp, since: Timestamp, span: TimeDelta) -> bool {
    (TimeDelta::zero()..span).contains(&(now - since))
}

impl KeySource for CachedKeys {
    fn key<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Jwk>, KeysUnavailable>> {
        Box::pin(self.find(kid))
    }
}

impl fmt::Debug for CachedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedKeys").field("keys", &self.state().keys).finish_non_exhaustive()
    }
}
