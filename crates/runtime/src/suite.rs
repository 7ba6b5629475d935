//! Any set of modules in one process: opened, joined, served and drained.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use access::{
    CachedKeys, KeySet, Rules, ServiceIdentity, ServiceKeyring, ServiceName, SigningKey, TokenVerifier,
};
use anyhow::Context as _;
use events::{Consumer, Feed};
use kernel::{Clock, IdGen, PageKey};
use proto::identity::v1::{GetJwksRequest, auth_service_client::AuthServiceClient};
use rpc::{AccessLog, Bearer, Drain, Front, Limits, Peers, Transport};
use store::Db;
use tokio::{net::TcpListener, task::JoinSet};
use tonic::{
    service::Routes,
    transport::{Certificate, ClientTlsConfig},
};

use crate::{Config, Deps, Job, Keys, ModuleSpec, Profile, SERVICES, Worked, health};

/// RPCs that are no contract of ours, and open to all.
const HEALTH: [&str; 2] = ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"];
const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// Modules in one process, joined.
#[derive(Debug)]
pub struct Suite {
    config: Arc<Config>,
    limits: Limits,
    front: Front,
    databases: BTreeMap<&'static str, Db>,
    jobs: Vec<Job>,
    consumers: Vec<Consumer>,
    transports: Arc<HashMap<&'static str, Transport>>,
    transport: Transport,
    verifier_keys: Keys,
    drain: Drain,
    background: JoinSet<()>,
}

/// What happens by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// As in production.
    All,
    /// Events are consumed; jobs run when [`Suite::settle`] is called.
    Events,
    /// Nothing: for counting what calls alone do.
    Nothing,
}

/// How a suite is started.
#[derive(Debug, Clone)]
pub struct Start {
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub limits: Limits,
    pub background: Background,
}

impl Suite {
    /// Opens the databases, applies migrations, starts the modules, and begins to consume events.
    pub async fn start(start: Start, modules: &[ModuleSpec]) -> anyhow::Result<Self> {
        let Start { config, clock, ids, limits, background: by_itself } = start;
        let config = Arc::new(config);
        let keys = Keys::open(&config.data_dir.join("keys"))?;
        let drain = Drain::new();
        let here = Arc::new(OnceLock::new());
        let transports = Arc::new(transports(&config, modules, &here)?);
        let page_key = PageKey::new(keys.secret("page.key")?);
        let holder = ids.uuid(clock.now());

        let mut databases = BTreeMap::new();
        let mut identities = HashMap::new();
        for module in modules {
            let doing = || format!("could not open the database of {}", module.name);
            let db = Db::open(&config.store(module.name)?).await.with_context(doing)?;
            db.migrate(module.migrations).await.with_context(doing)?;
            databases.insert(module.name, db);
            identities.insert(module.name, Arc::new(identity(&keys, module.name)?));
        }
        let services = keyring(&keys)?;

        let mut routes = Routes::builder();
        let (mut jobs, mut consumers) = (Vec::new(), Vec::new());
        for module in modules {
            let deps = Deps {
                name: module.name,
                db: databases[module.name].clone(),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                page_key: page_key.clone(),
                peers: Peers::new(
                    Arc::clone(&transports),
                    Arc::clone(&identities[module.name]),
                    Arc::clone(&clock),
                ),
                keys: keys.clone(),
                config: Arc::clone(&config),
                limits: limits.clone(),
                drain: drain.clone(),
                holder,
            };
            let started =
                module.start(deps).await.with_context(|| format!("could not start {}", module.name))?;
            (started.routes)(&mut routes);
            jobs.extend(started.jobs);
            consumers.extend(started.consumers);
        }
        let sources = databases.iter().map(|(name, db)| ((*name).to_owned(), db.clone())).collect();
        routes.add_service(Feed::new(sources, drain.clone()).into_service());
        jobs.push(health::job(&mut routes, databases.clone(), drain.clone()).await);

        let mut open: Vec<&str> = HEALTH.to_vec();
        if config.profile == Profile::Development {
            reflection(&mut routes)?;
            open.extend(REFLECTION);
        }
        let rules = Rules::from_pool(proto::pool())?.allow_builtin(open);
        let verifier = TokenVerifier::new(Arc::new(jwks(&transports, &clock)), Arc::clone(&clock))
            .with_services(services);
        let access_log = AccessLog::new(databases.clone(), Arc::clone(&clock), Arc::clone(&ids));
        let front = Front::new(rules, verifier, limits.clone(), access_log, routes.routes());
        here.set(front.clone()).map_err(|_| anyhow::anyhow!("the front was set twice"))?;

        let mut background = JoinSet::new();
        if by_itself == Background::Nothing {
            consumers.clear();
        }
        for consumer in consumers.clone() {
            let drain = drain.clone();
            background.spawn(async move { consumer.run(drain).await });
        }
        if by_itself == Background::All {
            for job in jobs.clone() {
                let drain = drain.clone();
                background.spawn(async move { job.run(drain).await });
            }
        }
        let transport = Transport::Local(here);
        Ok(Self {
            config,
            limits,
            front,
            databases,
            jobs,
            consumers,
            transports,
            transport,
            verifier_keys: keys,
            drain,
            background,
        })
    }

    /// The way in without a socket.
    pub fn front(&self) -> &Front {
        &self.front
    }

    /// A client's connection without a socket, with a token of its own.
    pub fn connect(&self, token: Option<&str>) -> Bearer {
        Bearer::new(self.transport.clone(), token)
    }

    pub fn databases(&self) -> &BTreeMap<&'static str, Db> {
        &self.databases
    }

    /// The way into this process.
    pub fn here(&self) -> Transport {
        self.transport.clone()
    }

    /// The way to a service, here or elsewhere.
    pub fn transport(&self, service: &str) -> Option<&Transport> {
        self.transports.get(service)
    }

    pub fn db(&self, service: &str) -> Option<&Db> {
        self.databases.get(service)
    }

    pub fn keys(&self) -> &Keys {
        &self.verifier_keys
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn drain(&self) -> &Drain {
        &self.drain
    }

    pub fn consumers(&self) -> &[Consumer] {
        &self.consumers
    }

    /// gRPC alone, with nothing before it.
    pub fn app(&self) -> axum::Router {
        axum::Router::new().fallback_service(self.front.clone())
    }

    /// Serves `app` (the front, or whatever stands before it) until the drain is over.
    pub async fn serve(&self, listener: TcpListener, app: axum::Router) -> anyhow::Result<()> {
        let app = tower_app(app);
        rpc::serve(listener, app, self.limits.clone(), self.drain.clone()).await.context("the server failed")
    }

    /// Runs the jobs of this name until they have nothing more to do, and nothing besides. Fails when there is none.
    pub async fn run_jobs(&self, name: &str) -> anyhow::Result<()> {
        let mut jobs = self.jobs.iter().filter(|job| job.name == name).peekable();
        anyhow::ensure!(jobs.peek().is_some(), "there is no job {name}");
        for job in jobs {
            while job.step().await.with_context(|| format!("in job {}", job.name))? == Worked::More {}
        }
        Ok(())
    }

    /// Runs every job, and waits for every consumer, until nothing is left to do.
    pub async fn settle(&self) -> anyhow::Result<()> {
        loop {
            let before = self.consumed();
            let mut worked = false;
            for job in &self.jobs {
                while job.step().await.with_context(|| format!("in job {}", job.name))? == Worked::More {
                    worked = true;
                }
            }
            for consumer in &self.consumers {
                self.caught_up(consumer).await?;
            }
            // What was consumed since the jobs ran may have left work for them.
            if !worked && self.consumed() == before {
                return Ok(());
            }
        }
    }

    /// How far each consumer has come.
    fn consumed(&self) -> Vec<events::Progress> {
        self.consumers.iter().map(|consumer| consumer.progress().borrow().clone()).collect()
    }

    /// Waits until `consumer` has seen all there is now.
    async fn caught_up(&self, consumer: &Consumer) -> anyhow::Result<()> {
        let Some(source) = self.databases.get(consumer.source()) else { return Ok(()) };
        let mut tx = source.snapshot().await?;
        let last = store::outbox::last(&mut tx).await?;
        tx.commit().await?;
        let mut progress = consumer.progress();
        let reached =
            |at: &events::Progress| at.position.parse().is_ok_and(|at: store::outbox::Position| at >= last);
        tokio::time::timeout(Duration::from_mins(1), progress.wait_for(reached))
            .await
            .with_context(|| format!("{} does not catch up", consumer.name()))??;
        Ok(())
    }

    /// Ends all work: consumers and jobs stop where they stand, databases are closed.
    pub async fn stop(mut self) {
        self.drain.begin();
        while let Some(ended) = self.background.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "background work ended badly");
            }
        }
        for db in self.databases.values() {
            db.close().await;
        }
    }
}

/// An axum router as [`rpc::serve`] wants it.
fn tower_app(
    app: axum::Router,
) -> impl tower::Service<
    http::Request<tonic::body::Body>,
    Response = http::Response<tonic::body::Body>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone
+ Send
+ 'static {
    tower::ServiceExt::<http::Request<tonic::body::Body>>::map_response(
        app,
        |answer: axum::response::Response| answer.map(tonic::body::Body::new),
    )
}

fn transports(
    config: &Config,
    modules: &[ModuleSpec],
    here: &Arc<OnceLock<Front>>,
) -> anyhow::Result<HashMap<&'static str, Transport>> {
    let mut transports = HashMap::new();
    for name in SERVICES {
        if modules.iter().any(|module| module.name == name) {
            transports.insert(name, Transport::Local(Arc::clone(here)));
        } else if let Some(address) = config.peers.get(name) {
            let mut endpoint = tonic::transport::Endpoint::from_shared(address.clone())
                .with_context(|| format!("peers.{name} is {address:?}"))?;
            if let Some(path) = &config.peer_ca_file {
                let pem =
                    std::fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
                let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
                endpoint = endpoint.tls_config(tls).with_context(|| format!("peers.{name}"))?;
            }
            let endpoint = endpoint
                .connect_timeout(Duration::from_secs(2))
                .keep_alive_while_idle(true)
                .http2_keep_alive_interval(Duration::from_secs(30));
            transports.insert(name, Transport::Remote(endpoint.connect_lazy()));
        } else {
            anyhow::bail!("peers.{name} is not set, and {name} does not run in this process");
        }
    }
    Ok(transports)
}

/// The key with which `name` speaks; its public half lies beside it, for the others.
fn identity(keys: &Keys, name: &'static str) -> anyhow::Result<ServiceIdentity> {
    let der = keys
        .load_or_make(&format!("service-{name}.pk8"), || Ok(SigningKey::generate()?.to_pkcs8().to_vec()))?;
    let key = SigningKey::from_pkcs8(&der).with_context(|| format!("service-{name}.pk8"))?;
    let mut public = KeySet::default();
    public.add(key.public().clone());
    keys.publish(&format!("service-{name}.jwks"), public.to_json().as_bytes())?;
    Ok(ServiceIdentity::new(ServiceName::from_static(name), key))
}

/// Whose keys speak for which service: every `service-….jwks` beside our own keys.
fn keyring(keys: &Keys) -> anyhow::Result<ServiceKeyring> {
    let mut keyring = ServiceKeyring::new();
    for (name, content) in keys.published(".jwks")? {
        let Some(service) = name.strip_prefix("service-") else { continue };
        let set = KeySet::from_json(&String::from_utf8_lossy(&content)).with_context(|| name.clone())?;
        for key in set.keys() {
            keyring.trust(service.parse()?, key.clone()).with_context(|| name.clone())?;
        }
    }
    Ok(keyring)
}

/// The keys that identity signs with, fetched from it.
fn jwks(transports: &HashMap<&'static str, Transport>, clock: &Arc<dyn Clock>) -> CachedKeys {
    let identity = transports["identity"].clone();
    let fetch = move || {
        let mut client = AuthServiceClient::new(Bearer::new(identity.clone(), None));
        let fetched: futures::future::BoxFuture<'static, Result<KeySet, access::FetchError>> = Box::pin(
            async move {
                let mut request = tonic::Request::new(GetJwksRequest {});
                request.set_timeout(Duration::from_secs(2));
                let answer = client.get_jwks(request).await?.into_inner();
                let keys: Vec<_> = answer
                .keys
                .into_iter()
                .map(|key| serde_json::json!({"kty": key.kty, "crv": key.crv, "kid": key.kid, "x": key.x, "alg": key.alg, "use": key.r#use}))
                .collect();
                Ok(KeySet::from_json(&serde_json::json!({ "keys": keys }).to_string())?)
            },
        );
        fetched
    };
    CachedKeys::new(fetch, Arc::clone(clock))
}

fn reflection(routes: &mut tonic::service::RoutesBuilder) -> anyhow::Result<()> {
    let of = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    routes.add_service(of().build_v1().context("reflection")?);
    routes.add_service(of().build_v1alpha().context("reflection")?);
    Ok(())
}

/// Binds before anything else, so that a taken port is found at once.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("could not listen on {address}"))
}
