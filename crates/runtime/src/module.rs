//! A service as the runtime sees it: what it is given, and what it gives.

use std::{fmt, sync::Arc, time::Duration};

use events::Consumer;
use futures::future::BoxFuture;
use kernel::{Clock, IdGen, PageKey};
use rpc::{Drain, Limits, Peers};
use store::{Db, Migrator};
use tonic::service::RoutesBuilder;
use uuid::Uuid;

use crate::{Config, Keys};

/// A service that can be started.
#[derive(Clone)]
pub struct ModuleSpec {
    /// As in `serve workflow`: also the name of its schema or file.
    pub name: &'static str,
    pub migrations: &'static Migrator,
    start: Arc<StartModule>,
}

type StartModule = dyn Fn(Deps) -> BoxFuture<'static, anyhow::Result<Module>> + Send + Sync;

impl ModuleSpec {
    pub fn new(
        name: &'static str,
        migrations: &'static Migrator,
        start: impl Fn(Deps) -> BoxFuture<'static, anyhow::Result<Module>> + Send + Sync + 'static,
    ) -> Self {
        Self { name, migrations, start: Arc::new(start) }
    }

    pub(crate) async fn start(&self, deps: Deps) -> anyhow::Result<Module> {
        (self.start)(deps).await
    }
}

impl fmt::Debug for ModuleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModuleSpec({})", self.name)
    }
}

/// What a service stands on.
#[derive(Debug, Clone)]
pub struct Deps {
    pub name: &'static str,
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub page_key: PageKey,
    pub peers: Peers,
    pub keys: Keys,
    pub config: Arc<Config>,
    pub limits: Limits,
    pub drain: Drain,
    /// Tells this process from other replicas.
    pub holder: Uuid,
}

impl Deps {
    /// Consumption of another service's events by this one.
    pub fn consumer(&self, source: &'static str, handler: impl events::Consume) -> Consumer {
        let (db, peers, clock) = (self.db.clone(), self.peers.clone(), Arc::clone(&self.clock));
        Consumer::new(self.name, source, self.holder, db, peers, clock, handler)
    }
}

/// A service that stands.
pub struct Module {
    /// Adds its gRPC services.
    pub routes: Box<dyn FnOnce(&mut RoutesBuilder) + Send>,
    pub jobs: Vec<Job>,
    pub consumers: Vec<Consumer>,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("jobs", &self.jobs)
            .field("consumers", &self.consumers)
            .finish_non_exhaustive()
    }
}

/// What a job did in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// There was nothing to do.
    Idle,
    /// Something was done, and there may be more.
    More,
}

/// Work that nobody calls for: timers, deliveries. Each run is one bounded step, safe on every replica.
#[derive(Clone)]
pub struct Job {
    pub name: &'static str,
    /// How long to wait when there was nothing to do.
    pub period: Duration,
    run: Arc<dyn Fn() -> BoxFuture<'static, anyhow::Result<Worked>> + Send + Sync>,
}

impl Job {
    pub fn new<F>(name: &'static str, period: Duration, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = anyhow::Result<Worked>> + Send + 'static,
    {
        Self { name, period, run: Arc::new(move || Box::pin(run())) }
    }

    /// One step. It runs to its end even when the caller goes away.
    pub async fn step(&self) -> anyhow::Result<Worked> {
        tokio::spawn((self.run)()).await?
    }

    /// Steps until the drain begins.
    pub(crate) async fn run(&self, drain: Drain) {
        while !drain.has_begun() {
            let pause = match self.step().await {
                Ok(Worked::More) => continue,
                Ok(Worked::Idle) => self.period,
                Err(error) => {
                    tracing::warn!(job = self.name, error = format!("{error:#}"), "a job's step failed");
                    self.period.max(Duration::from_secs(1))
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => (),
                () = drain.begun() => (),
            }
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job({})", self.name)
    }
}
