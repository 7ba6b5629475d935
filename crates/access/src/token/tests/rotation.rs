//! Keys come and go.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{FutureExt as _, channel::oneshot, future};

use super::*;

#[test]
fn two_keys_overlap_and_the_retired_one_is_refused_at_once() {
    let desk = Desk::new();
    let (old, new) = (good_token(), Signer::new(key(2)).sign(&claims()).unwrap());
    desk.verify(&old).unwrap();
    desk.refuses("not published yet", &new, TokenError::UnknownKey);

    desk.keys.0.lock().unwrap().add(key(2).public().clone());
    desk.verify(&old).unwrap();
    desk.verify(&new).unwrap();

    desk.keys.0.lock().unwrap().remove(key(1).kid());
    desk.refuses("retired, though remembered", &old, TokenError::UnknownKey);
    desk.verify(&new).unwrap();
}

/// A publisher of keys that counts how often it is asked, and can be out of order.
#[derive(Clone, Default)]
struct Publisher {
    keys: Arc<Mutex<KeySet>>,
    broken: Arc<Mutex<bool>>,
    n_asked: Arc<AtomicUsize>,
}

impl Publisher {
    fn publish(&self, keys: &[u8]) {
        *self.keys.lock().unwrap() = KeySet::new(keys.iter().map(|n| key(*n).public().clone()));
    }

    fn cached(&self, clock: &Arc<ManualClock>) -> CachedKeys {
        let publisher = self.clone();
        let fetch = move || {
            publisher.n_asked.fetch_add(1, Ordering::Relaxed);
            let broken = *publisher.broken.lock().unwrap();
            let keys = publisher.keys.lock().unwrap().clone();
            async move { if broken { Err("connection refused".into()) } else { Ok(keys) } }.boxed()
        };
        CachedKeys::new(fetch, clock.clone())
    }

    fn n_asked(&self) -> usize {
        self.n_asked.load(Ordering::Relaxed)
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(at(NOW)))
}

/// Whether the source has the key.
fn has(keys: &CachedKeys, n: u8) -> Result<bool, KeysUnavailable> {
    block_on(keys.key(key(n).kid())).map(|found| found.is_some())
}

#[test]
fn a_known_key_is_fetched_once_in_five_minutes() {
    let (publisher, clock) = (Publisher::default(), clock());
    publisher.publish(&[1]);
    let keys = publisher.cached(&clock);
    for _ in 0..300 {
        assert_eq!(has(&keys, 1), Ok(true));
        clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!(publisher.n_asked(), 1);
    publisher.publish(&[2]);
    assert_eq!(has(&keys, 1), Ok(false), "retired, and noticed after five minutes");
    assert_eq!((has(&keys, 2), publisher.n_asked()), (Ok(true), 2));
}

#[test]
fn an_unknown_key_is_asked_for_at_once_but_not_more_than_once_a_second() {
    let (publisher, clock) = (Publisher::default(), clock());
    publisher.publish(&[1]);
    let keys = publisher.cached(&clock);
    for _ in 0..100 {
        assert_eq!((has(&keys, 1), has(&keys, 7)), (Ok(true), Ok(false)));
    }
    assert_eq!(publisher.n_asked(), 1);
    clock.advance(TimeDelta::milliseconds(999));
    assert_eq!((has(&keys, 7), publisher.n_asked()), (Ok(false), 1));
    publisher.publish(&[1, 2]);
    clock.advance(TimeDelta::milliseconds(1));
    assert_eq!((has(&keys, 2), publisher.n_asked()), (Ok(true), 2));
    assert_eq!((has(&keys, 7), publisher.n_asked()), (Ok(false), 2));
}

#[test]
fn keys_that_cannot_be_had_are_told_from_keys_that_do_not_exist() {
    let (publisher, clock) = (Publisher::default(), clock());
    publisher.publish(&[1]);
    *publisher.broken.lock().unwrap() = true;
    let keys = publisher.cached(&clock);
    assert_eq!((has(&keys, 1), has(&keys, 1)), (Err(KeysUnavailable), Err(KeysUnavailable)));
    assert_eq!(publisher.n_asked(), 1);

    let clock_of_desk: Arc<ManualClock> = clock.clone();
    let verifier = TokenVerifier::new(Arc::new(publisher.cached(&clock)), clock_of_desk);
    let refused = block_on(verifier.verify(&good_token()));
    assert_eq!(refused, Err(TokenError::KeysUnavailable(KeysUnavailable)));

    *publisher.broken.lock().unwrap() = false;
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(has(&keys, 1), Ok(true));
    assert_eq!(block_on(verifier.verify(&good_token())), Ok(Caller::Person(alice())));

    // Known keys go on serving for their five minutes, and no longer.
    *publisher.broken.lock().unwrap() = true;
    clock.advance(TimeDelta::seconds(299));
    assert_eq!((has(&keys, 1), has(&keys, 2)), (Ok(true), Err(KeysUnavailable)));
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(has(&keys, 1), Err(KeysUnavailable));
}

#[test]
fn a_clock_that_goes_back_does_not_keep_keys_alive() {
    let (publisher, clock) = (Publisher::default(), clock());
    publisher.publish(&[1]);
    let keys = publisher.cached(&clock);
    assert_eq!(has(&keys, 1), Ok(true));
    publisher.publish(&[2]);
    clock.set(at(NOW - 3_600));
    assert_eq!((has(&keys, 1), publisher.n_asked()), (Ok(false), 2));
}

/// Keys whose first fetch waits for the sender; the later ones give key 1 at once.
fn slow(clock: &Arc<ManualClock>, n_asked: &Arc<AtomicUsize>) -> (CachedKeys, oneshot::Sender<()>) {
    let (done, wait) = oneshot::channel();
    let (wait, n_asked) = (Mutex::new(Some(wait)), n_asked.clone());
    let fetch = move || {
        n_asked.fetch_add(1, Ordering::Relaxed);
        let wait = wait.lock().unwrap().take();
        async move {
            if let Some(wait) = wait {
                wait.await?;
            }
            Ok(KeySet::new([key(1).public().clone()]))
        }
        .boxed()
    };
    (CachedKeys::new(fetch, clock.clone()), done)
}

#[test]
fn all_who_wait_for_the_same_keys_share_one_fetch() {
    let n_asked = Arc::default();
    let (keys, done) = slow(&clock(), &n_asked);
    let (one, two) = (key(1), key(2));
    let mut waiting = future::join3(keys.key(one.kid()), keys.key(one.kid()), keys.key(two.kid()));
    assert!((&mut waiting).now_or_never().is_none());
    done.send(()).unwrap();
    let (a, b, c) = block_on(waiting);
    assert_eq!((a, b, c), (Ok(Some(one.public().clone())), Ok(Some(one.public().clone())), Ok(None)));
    assert_eq!(n_asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_fetch_that_is_given_up_stops_nobody_else() {
    let n_asked = Arc::default();
    let clock = clock();
    let (keys, _done) = slow(&clock, &n_asked);
    let one = key(1);
    assert!(keys.key(one.kid()).now_or_never().is_none());
    assert_eq!(has(&keys, 1), Err(KeysUnavailable));
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(has(&keys, 1), Ok(true));
    assert_eq!(n_asked.load(Ordering::Relaxed), 2);
}
