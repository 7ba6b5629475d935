//! One or more services, started as in production but for the clock, the ids and the keys of tokens.

use std::{path::Path, sync::Arc};

use access::{AccessClaims, Client, Person, RoleGrant, ServiceIdentity, ServiceName, Signer, SigningKey};
use anyhow::Context as _;
use chrono::{DateTime, TimeDelta};
use kernel::{AccountId, ClientId, Clock as _, FixedIds, IdGen as _, ManualClock, SessionId, Timestamp};
use rpc::{Bearer, Limits};
use runtime::{Background, Config, ModuleSpec, Start, Suite};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{Patient, postgres::PrivatePostgres};

pub use store::Engine;

/// Monday 2026-03-02, 09:00 in China: working time, with a working week before it.
pub const START: &str = "2026-03-02T09:00:00+08:00";

/// How often jobs that break off are run again.
const MAX_SETTLES: usize = 200;

/// Services under test.
#[derive(Debug)]
pub struct TestSuite {
    pub suite: Suite,
    pub clock: Arc<ManualClock>,
    pub engine: Engine,
    /// Methods of streams without an end, if calls that break off are made again.
    patience: Option<&'static [&'static str]>,
    ids: FixedIds,
    signer: Signer,
    _dir: TempDir,
}

impl TestSuite {
    /// Starts `modules` on a fresh database. Tokens of [`TestSuite::person`] are known to the fake identity
    /// ([`crate::fake::identity`]) alone.
    pub async fn start(engine: Engine, modules: &[ModuleSpec]) -> anyhow::Result<Self> {
        Self::start_with(engine, modules, Limits::default()).await
    }

    pub async fn start_with(engine: Engine, modules: &[ModuleSpec], limits: Limits) -> anyhow::Result<Self> {
        Self::start_configured(engine, modules, limits, |_| {}).await
    }

    /// `configure` changes what a test's configuration would be otherwise.
    pub async fn start_configured(
        engine: Engine,
        modules: &[ModuleSpec],
        limits: Limits,
        configure: impl FnOnce(&mut Config),
    ) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir().context("a temporary directory")?;
        let mut config = config(engine, dir.path(), modules).await?;
        configure(&mut config);
        let clock = Arc::new(ManualClock::at(start()));
        let start = Start {
            config,
            clock: Arc::clone(&clock) as Arc<dyn kernel::Clock>,
            ids: Arc::new(FixedIds::starting_at(0)),
            limits,
            background: Background::Events,
        };
        let suite = Suite::start(start, modules).await?;
        let signer = Signer::new(signing_key()?);
        Ok(Self {
            suite,
            clock,
            engine,
            patience: None,
            ids: FixedIds::starting_at(1 << 40),
            signer,
            _dir: dir,
        })
    }

    /// The same, with clients that make a call again when it broke off, as it may from now on. `endless` are the methods
    /// whose streams have no end, as `/WatchIssues`.
    #[must_use]
    pub fn patient(self, endless: &'static [&'static str]) -> Self {
        Self { patience: Some(endless), ..self }
    }

    fn connect(&self, token: Option<&str>) -> Bearer {
        match self.patience {
            None => self.suite.connect(token),
            Some(endless) => Bearer::new(Patient { way: self.suite.here(), endless }, token),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A fresh id, for whatever needs one.
    pub fn uuid(&self) -> Uuid {
        self.ids.uuid(self.clock.now())
    }

    /// A fresh `request_id`.
    pub fn request_id(&self) -> String {
        self.uuid().to_string()
    }

    /// A token for a person of these roles.
    pub fn token(&self, account_id: AccountId, roles: Vec<RoleGrant>) -> String {
        let person = Person { account_id, session_id: SessionId::new(self.uuid()), roles };
        let claims = AccessClaims::person(&person, self.clock.now(), TimeDelta::minutes(15), self.uuid());
        self.signer.sign(&claims).expect("the claims are those of a test's own person")
    }

    /// A connection as a person of these roles.
    pub fn person(&self, account_id: AccountId, roles: Vec<RoleGrant>) -> Bearer {
        let token = self.token(account_id, roles);
        self.connect(Some(&token))
    }

    /// A connection as a machine client with these scopes.
    pub fn client(&self, scopes: &[&str]) -> Bearer {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let client = Client { client_id: ClientId::new(self.uuid()), scopes };
        let claims = AccessClaims::client(&client, self.clock.now(), TimeDelta::minutes(15), self.uuid());
        let token = self.signer.sign(&claims).expect("the claims are those of a test's own client");
        self.connect(Some(&token))
    }

    /// A connection with the identity of a service that runs here, real or not.
    pub fn service(&self, name: &'static str) -> Bearer {
        let der = self
            .suite
            .keys()
            .load_or_make(&format!("service-{name}.pk8"), || anyhow::bail!("{name} is not here"));
        let key = der.and_then(|der| Ok(SigningKey::from_pkcs8(&der)?)).expect("the service has a key");
        let identity = ServiceIdentity::new(ServiceName::from_static(name), key);
        self.connect(Some(&identity.token(self.clock.now())))
    }

    /// A connection with no token.
    pub fn anonymous(&self) -> Bearer {
        self.connect(None)
    }

    /// Runs every job and lets every consumer catch up.
    pub async fn settle(&self) {
        let mut n_tries = 1;
        loop {
            match self.suite.settle().await {
                Err(_) if self.patience.is_some() && n_tries < MAX_SETTLES => n_tries += 1,
                ended => return ended.expect("jobs and consumers work"),
            }
        }
    }

    pub async fn stop(self) {
        self.suite.stop().await;
    }
}

/// The key that signs tokens in tests; known to everybody, and to no installation.
pub(crate) fn signing_key() -> anyhow::Result<SigningKey> {
    Ok(SigningKey::from_seed(&[42; 32])?)
}

fn start() -> Timestamp {
    DateTime::parse_from_rfc3339(START).expect("START is a timestamp").to_utc()
}

async fn config(engine: Engine, dir: &Path, modules: &[ModuleSpec]) -> anyhow::Result<Config> {
    let mut config = Config { data_dir: dir.to_owned(), ..Config::default() };
    if engine == Engine::Postgres {
        config.database.url = Some(PrivatePostgres::shared().fresh_database().await?);
        config.database.max_connections = Some(4);
    }
    // Services that a test does not start are away: nobody listens there.
    for name in runtime::SERVICES {
        if !modules.iter().any(|module| module.name == name) {
            config.peers.insert(name.to_owned(), "http://127.0.0.1:1".to_owned());
        }
    }
    Ok(config)
}

/// Writes each test once and runs it on SQLite and on PostgreSQL.
///
/// ```ignore
/// testkit::both_engines! {
///     modules: [qinqing_registry::spec(), testkit::fake::identity().spec()];
///     async fn a_firm_sees_its_own_visits(app: TestSuite) { … }
/// }
/// ```
#[macro_export]
macro_rules! both_engines {
    (modules: $modules:tt; $($(#[$doc:meta])* async fn $name:ident($app:ident: TestSuite) $body:block)*) => {$(
        mod $name {
            #[expect(clippy::allow_attributes, reason = "not every test uses what its neighbours do")]
            #[allow(unused_imports)]
            use super::*;

            $(#[$doc])*
            async fn test($app: &$crate::TestSuite) $body

            async fn on(engine: $crate::Engine) {
                let app = $crate::TestSuite::start(engine, &$modules).await.expect("the suite starts");
                test(&app).await;
                app.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                on($crate::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                on($crate::Engine::Postgres).await;
            }
        }
    )*};
}
