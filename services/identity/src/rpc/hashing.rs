//! A queue of its own for hashing passwords: a storm of sign-ins leaves the other calls their processor and memory.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use tokio::sync::{Semaphore, oneshot};

use crate::{
    config::Hashing,
    domain::{NewPassword, PasswordHash},
    error::IdentityError,
};

use super::chance;

#[derive(Debug, Clone)]
pub(super) struct Hasher {
    /// Room for those who are served and those who wait.
    room: Arc<Semaphore>,
    workers: Arc<Semaphore>,
    threads: Threads,
    /// Hash of no password: what is compared where nobody has the login name.
    nobody: Arc<PasswordHash>,
}

impl Hasher {
    pub(super) fn new(hashing: Hashing) -> Self {
        let Hashing { n_workers, n_waiting } = hashing;
        Self {
            room: Arc::new(Semaphore::new(n_workers + n_waiting)),
            workers: Arc::new(Semaphore::new(n_workers)),
            threads: Threads::start(n_workers),
            nobody: Arc::new(PasswordHash::of("", [0; _])),
        }
    }

    pub(super) async fn hash(&self, password: NewPassword) -> Result<PasswordHash, IdentityError> {
        let salt = chance::bytes()?;
        self.run(move || password.hash(salt)).await
    }

    /// For a password that this service made.
    pub(super) async fn hash_initial(&self, password: String) -> Result<PasswordHash, IdentityError> {
        let salt = chance::bytes()?;
        self.run(move || PasswordHash::of(&password, salt)).await
    }

    /// Whether the password matches; takes the same time where there is no hash, and says no.
    pub(super) async fn matches(
        &self,
        hash: Option<PasswordHash>,
        password: String,
    ) -> Result<bool, IdentityError> {
        let nobody = Arc::clone(&self.nobody);
        self.run(move || {
            let is_somebody = hash.is_some();
            hash.as_ref().unwrap_or(&nobody).matches(&password) && is_somebody
        })
        .await
    }

    /// Fails at once when too many wait already.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, IdentityError> {
        let _place = self.room.try_acquire().map_err(|_| IdentityError::SignInBusy)?;
        let _worker = self.workers.acquire().await.map_err(|_| IdentityError::SignInBusy)?;
        self.threads.run(work).await
    }
}

type Work = Box<dyn FnOnce() + Send>;

/// As many threads as hash at once, and no others: a hash takes 19 MiB, and the allocator keeps them for every thread
/// that ever made one.
#[derive(Debug, Clone)]
struct Threads {
    work: mpsc::Sender<Work>,
}

impl Threads {
    /// They end when the last of the hashers is gone.
    fn start(n: usize) -> Self {
        let (work, waiting) = mpsc::channel::<Work>();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..n {
            let waiting = Arc::clone(&waiting);
            thread::spawn(move || {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    match next {
                        // One hash that panics answers nobody, and the thread goes on.
                        Ok(work) => drop(catch_unwind(AssertUnwindSafe(work))),
                        Err(mpsc::RecvError) => return,
                    }
                }
            });
        }
        Self { work }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, IdentityError> {
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move || {
            // Whoever asked may have gone.
            let _ = answer.send(work());
        });
        self.work.send(work).map_err(|_| IdentityError::Hash)?;
        answered.await.map_err(|_| IdentityError::Hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let hasher = Hasher::new(Hashing { n_workers: 1, n_waiting: 1 });
        let busy = hasher.workers.clone().acquire_owned().await.unwrap();
        let (in_work, waiting) = (hasher.clone(), hasher.clone());
        let mut first = Box::pin(in_work.run(|| 1));
        let mut second = Box::pin(waiting.run(|| 2));
        assert!(futures_are_pending(&mut first, &mut second).await);
        assert!(matches!(hasher.run(|| 3).await, Err(IdentityError::SignInBusy)));
        drop(busy);
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 2));
    }

    /// Polls both once.
    async fn futures_are_pending<T>(
        first: &mut (impl Future<Output = T> + Unpin),
        second: &mut (impl Future<Output = T> + Unpin),
    ) -> bool {
        std::future::poll_fn(|cx| {
            let ready = std::pin::Pin::new(&mut *first).poll(cx).is_ready()
                || std::pin::Pin::new(&mut *second).poll(cx).is_ready();
            std::task::Poll::Ready(!ready)
        })
        .await
    }
}
