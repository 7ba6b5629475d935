//! The whole suite in this process, with the invented city in it, on either engine.

use std::sync::Arc;

use access::{AccessClaims, Person, Role, RoleGrant, Signer, SigningKey};
use chrono::{DateTime, TimeDelta};
use kernel::{AccountId, DepartmentId, EnterpriseId, IdGen as _, ManualClock, SectionId, SessionId, UuidV7};
use qinqing::{
    city::{self, Administrator, City},
    desk::{Desk, Seat},
    modules,
};
use rpc::{Bearer, Limits};
use runtime::{Background, Config, Start, Suite};
use store::Engine;
use tempfile::TempDir;
use testkit::postgres::PrivatePostgres;

pub struct World {
    pub suite: Suite,
    pub clock: Arc<ManualClock>,
    pub city: City,
    signer: Signer,
    config: Config,
    _dir: TempDir,
}

impl World {
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, Limits::default()).await
    }

    /// With nothing that happens by itself: what is counted then is what calls alone do.
    pub async fn quiet(engine: Engine) -> Self {
        let Self { suite, clock, city, signer, config, _dir: dir } = Self::start(engine).await;
        suite.stop().await;
        let start = Start {
            config: config.clone(),
            clock: clock.clone(),
            ids: Arc::new(UuidV7),
            limits: Limits::default(),
            background: Background::Nothing,
        };
        let suite = Suite::start(start, &modules::all()).await.unwrap();
        Self { suite, clock, city, signer, config, _dir: dir }
    }

    pub async fn start_with(engine: Engine, limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
        if engine == Engine::Postgres {
            config.database.url = Some(PrivatePostgres::shared().fresh_database().await.unwrap());
            config.database.max_connections = Some(4);
        }
        let clock = Arc::new(ManualClock::at(DateTime::parse_from_rfc3339(testkit::START).unwrap().to_utc()));
        let start = Start {
            config: config.clone(),
            clock: clock.clone(),
            ids: Arc::new(UuidV7),
            limits,
            background: Background::Events,
        };
        let suite = Suite::start(start, &modules::all()).await.unwrap();
        let administrators = administrators(&suite, &clock).await;
        let desk = Desk::new(suite.here());
        let city =
            city::build(&desk, &administrators, clock.as_ref(), async || suite.settle().await).await.unwrap();
        let der = suite
            .keys()
            .load_or_make(qinqing_identity::SIGNING_KEY_FILE, || anyhow::bail!("identity made no key"))
            .unwrap();
        let signer = Signer::new(SigningKey::from_pkcs8(&der).unwrap());
        Self { suite, clock, city, signer, config, _dir: dir }
    }

    /// Somebody of the city, signed in.
    pub async fn seat(&self, login_name: &str) -> Seat {
        self.city.seat(&Desk::new(self.suite.here()), login_name).await.unwrap()
    }

    /// Claims of somebody with these roles, valid now.
    pub fn claims(&self, roles: Vec<RoleGrant>) -> AccessClaims {
        let now = kernel::Clock::now(self.clock.as_ref());
        let person = Person {
            account_id: AccountId::new(UuidV7.uuid(now)),
            session_id: SessionId::new(UuidV7.uuid(now)),
            roles,
        };
        AccessClaims::person(&person, now, TimeDelta::minutes(15), UuidV7.uuid(now))
    }

    /// A token that the suite's own key has signed, whatever it says.
    pub fn sign(&self, claims: &AccessClaims) -> String {
        self.signer.sign(claims).unwrap()
    }

    /// A stranger who holds one role somewhere else than where the city's issues are.
    pub fn stranger(&self, role: Role) -> Bearer {
        let now = kernel::Clock::now(self.clock.as_ref());
        let id = || UuidV7.uuid(now);
        let grant = match role {
            Role::Enterprise => RoleGrant::enterprise(EnterpriseId::new(id())),
            Role::Liaison => RoleGrant::liaison(DepartmentId::new(id())),
            Role::SectionHandler => RoleGrant::section_handler(DepartmentId::new(id()), SectionId::new(id())),
            other => RoleGrant::of(other),
        };
        self.suite.connect(Some(&self.sign(&self.claims(vec![grant]))))
    }

    /// Where each service's outbox stands: moves whenever anything is changed that anybody is told of.
    pub async fn heads(&self) -> Vec<String> {
        let mut heads = Vec::new();
        for (name, db) in self.suite.databases() {
            let mut tx = db.snapshot().await.unwrap();
            heads.push(format!("{name} {}", store::outbox::head(&mut tx).await.unwrap()));
            tx.commit().await.unwrap();
        }
        heads
    }

    pub async fn stop(self) {
        self.suite.stop().await;
    }
}

async fn administrators(suite: &Suite, clock: &ManualClock) -> Vec<Administrator> {
    let created = qinqing_identity::bootstrap(suite.db("identity").unwrap(), clock, &UuidV7).await.unwrap();
    created
        .into_iter()
        .map(|account| Administrator {
            title: String::new(),
            role: account.role.name().to_owned(),
            login_name: account.login,
            password: account.password,
        })
        .collect()
}
