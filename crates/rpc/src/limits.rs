//! What keeps one caller, or all of them together, from taking everything.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Limits of a server. The defaults suit one process on two cores.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Time for a unary call that names none.
    pub default_timeout: Duration,
    /// The most that a unary call may ask for.
    pub max_timeout: Duration,
    /// Unary calls in flight, all callers together.
    pub max_calls: usize,
    /// Unary calls in flight of one caller; services among themselves are bound by `max_calls` alone.
    pub max_calls_per_caller: usize,
    /// Time for a call whose request comes in pieces, also when it asks for more.
    pub upload_timeout: Duration,
    /// Such calls in flight, all callers together.
    pub max_uploads: usize,
    /// Such calls in flight of one caller.
    pub max_uploads_per_caller: usize,
    /// Open streams of one caller.
    pub max_streams_per_caller: usize,
    /// Largest message taken, in bytes.
    pub max_request_bytes: usize,
    /// Largest message sent, in bytes.
    pub max_response_bytes: usize,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    pub max_streams_per_connection: u32,
    pub max_header_bytes: u32,
    /// Time to the first request of a connection.
    pub first_request: Duration,
    /// A connection with no call for so long is closed.
    pub idle: Duration,
    /// A connection this old is told to go away; ± 10 % by chance.
    pub max_age: Duration,
    /// From the word to go away to the cut.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            default_timeout: Duration::from_secs(10),
            max_timeout: Duration::from_secs(30),
            max_calls: 512,
            max_calls_per_caller: 64,
            upload_timeout: Duration::from_mins(5),
            max_uploads: 64,
            max_uploads_per_caller: 4,
            max_streams_per_caller: 32,
            max_request_bytes: 4 << 20,
            max_response_bytes: 8 << 20,
            max_connections: 4_096,
            max_connections_per_address: 1_024,
            max_streams_per_connection: 100,
            max_header_bytes: 16 << 10,
            first_request: Duration::from_secs(10),
            idle: Duration::from_mins(5),
            max_age: Duration::from_mins(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// Counts what is in flight, and turns away what is too much.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    all: Arc<Semaphore>,
    calls: PerKey,
    services: PerKey,
    streams: PerKey,
    all_uploads: Arc<Semaphore>,
    uploads: PerKey,
}

/// Held while a call is in flight.
#[derive(Debug)]
pub(crate) struct Permit {
    _all: Option<OwnedSemaphorePermit>,
    _own: Slot,
}

impl Admission {
    pub fn new(limits: &Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.max_calls)),
            calls: PerKey::new(limits.max_calls_per_caller),
            services: PerKey::new(limits.max_calls),
            streams: PerKey::new(limits.max_streams_per_caller),
            all_uploads: Arc::new(Semaphore::new(limits.max_uploads)),
            uploads: PerKey::new(limits.max_uploads_per_caller),
        }
    }

    /// Room for a unary call; `None` when there is none.
    pub fn call(&self, principal: &str) -> Option<Permit> {
        let own = self.calls.take(principal)?;
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Permit { _all: Some(all), _own: own })
    }

    /// Room for a unary call of a service; `None` when there is none. Such a call is part of one that was let in
    /// already: turned away for lack of the same room, it would waste what was done so far.
    pub fn service(&self, principal: &str) -> Option<Permit> {
        Some(Permit { _all: None, _own: self.services.take(principal)? })
    }

    /// Room for a call whose request comes in pieces, for minutes perhaps; `None` when there is none.
    pub fn upload(&self, principal: &str) -> Option<Permit> {
        let own = self.uploads.take(principal)?;
        let all = Arc::clone(&self.all_uploads).try_acquire_owned().ok()?;
        Some(Permit { _all: Some(all), _own: own })
    }

    /// Room for a stream; `None` when there is none.
    pub fn stream(&self, principal: &str) -> Option<Permit> {
        Some(Permit { _all: None, _own: self.streams.take(principal)? })
    }
}

/// Counts by key, each up to the same limit.
#[derive(Debug, Clone)]
pub(crate) struct PerKey {
    limit: usize,
    counts: Arc<Mutex<HashMap<String, usize>>>,
}

/// One counted place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    key: String,
    counts: Arc<Mutex<HashMap<String, usize>>>,
}

impl PerKey {
    pub fn new(limit: usize) -> Self {
        Self { limit, counts: Arc::default() }
    }

    pub fn take(&self, key: &str) -> Option<Slot> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.to_owned()).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Slot { key: key.to_owned(), counts: Arc::clone(&self.counts) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_at_the_limit_is_turned_away_until_a_call_ends() {
        let limits = Limits { max_calls: 3, max_calls_per_caller: 2, ..Limits::default() };
        let admission = Admission::new(&limits);
        let (first, _second) = (admission.call("a").unwrap(), admission.call("a").unwrap());
        assert!(admission.call("a").is_none());
        let _other = admission.call("b").unwrap();
        assert!(admission.call("c").is_none(), "all callers together");
        drop(first);
        assert!(admission.call("a").is_some());
    }

    #[test]
    fn uploads_have_places_of_their_own() {
        let limits = Limits { max_calls: 1, max_uploads: 3, max_uploads_per_caller: 2, ..Limits::default() };
        let admission = Admission::new(&limits);
        let (first, _second) = (admission.upload("a").unwrap(), admission.upload("a").unwrap());
        assert!(admission.upload("a").is_none());
        let _other = admission.upload("b").unwrap();
        assert!(admission.upload("c").is_none(), "all callers together");
        assert!(admission.call("a").is_some(), "they take no room of short calls");
        drop(first);
        assert!(admission.upload("a").is_some());
    }

    #[test]
    fn calls_among_services_find_room_when_their_callers_fill_all_there_is() {
        let limits = Limits { max_calls: 3, max_calls_per_caller: 1, ..Limits::default() };
        let admission = Admission::new(&limits);
        let _outer: Vec<_> = ["a", "b", "c"].map(|caller| admission.call(caller).unwrap()).into();
        let _inner: Vec<_> = (0..3).map(|_| admission.service("service:workflow").unwrap()).collect();
        assert!(admission.service("service:workflow").is_none());
        assert!(admission.service("service:registry").is_some());
    }
}
