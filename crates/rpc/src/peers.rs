//! Calls to the other services: one way for a service in the same process and for one elsewhere.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use access::ServiceIdentity;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response};
use kernel::Clock;
use proto::common::v1::ErrorReason;
use rand::Rng as _;
use tonic::{Code, Status, body::Body, transport::Channel};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::{
    call::Call,
    deadline,
    error::{chain, common},
    front::{Front, ON_BEHALF_OF},
    trace::TraceContext,
};

/// How often a call is tried in all, when the other side is not there.
const MAX_TRIES: u32 = 4;
/// A retry costs ten times what a success earns, so that retries stay below a tenth of all calls.
const RETRY_COST: i64 = 10;
const RETRY_PURSE: i64 = 100;

/// The way to a service.
#[derive(Debug, Clone)]
pub enum Transport {
    /// In this process: the same front, no socket. Filled once all modules stand.
    Local(Arc<OnceLock<Front>>),
    Remote(Channel),
}

/// The ways to all services, and the identity with which this one calls them.
#[derive(Debug, Clone)]
pub struct Peers {
    transports: Arc<HashMap<&'static str, Transport>>,
    identity: Arc<ServiceIdentity>,
    clock: Arc<dyn Clock>,
    purse: Arc<AtomicI64>,
}

impl Peers {
    pub fn new(
        transports: Arc<HashMap<&'static str, Transport>>,
        identity: Arc<ServiceIdentity>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { transports, identity, clock, purse: Arc::new(AtomicI64::new(RETRY_PURSE)) }
    }

    /// A connection to `service` for work of this service's own.
    ///
    /// # Panics
    /// When `service` was not configured: every name in the code is, or the suite would not have started.
    pub fn to(&self, service: &'static str) -> Outbound {
        let transport =
            self.transports.get(service).cloned().expect("the runtime knows the way to each service");
        Outbound {
            transport,
            peers: self.clone(),
            on_behalf_of: None,
            trace: TraceContext::new(),
            deadline: None,
        }
    }

    /// A connection to `service` for the sake of `call`: within its time, in its trace, with its caller's token
    /// beside this service's own.
    pub fn for_call(&self, service: &'static str, call: &Call) -> Outbound {
        let mut outbound = self.to(service);
        outbound.on_behalf_of.clone_from(&call.token);
        outbound.trace = call.trace.clone();
        outbound.deadline = Some(call.deadline);
        outbound
    }

    /// Tries a read, or a write with a `request_id`, up to four times while the other side is not there.
    pub async fn retrying<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let mut n_tries = 1;
        loop {
            match attempt().await {
                Ok(answer) => {
                    let earned = self.purse.fetch_add(1, Ordering::Relaxed);
                    if earned >= RETRY_PURSE {
                        self.purse.store(RETRY_PURSE, Ordering::Relaxed);
                    }
                    return Ok(answer);
                }
                Err(status) if status.code() == Code::Unavailable && n_tries < MAX_TRIES => {
                    if self.purse.fetch_sub(RETRY_COST, Ordering::Relaxed) < RETRY_COST {
                        self.purse.fetch_add(RETRY_COST, Ordering::Relaxed);
                        return Err(status);
                    }
                    let most = 25 * (1 << n_tries);
                    let pause = rand::rng().random_range(1..=most);
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                    n_tries += 1;
                }
                Err(status) => return Err(status),
            }
        }
    }
}

/// What generated clients call through.
#[derive(Debug, Clone)]
pub struct Outbound {
    transport: Transport,
    peers: Peers,
    on_behalf_of: Option<Arc<str>>,
    trace: TraceContext,
    deadline: Option<Instant>,
}

impl Outbound {
    fn dress(&self, request: &mut Request<Body>) -> Result<(), Status> {
        let token = self.peers.identity.token(self.peers.clock.now());
        let headers = request.headers_mut();
        headers.insert(http::header::AUTHORIZATION, secret(&format!("Bearer {token}"))?);
        if let Some(token) = &self.on_behalf_of {
            headers.insert(ON_BEHALF_OF, secret(token)?);
        }
        if let Ok(value) = HeaderValue::from_str(&self.trace.to_string()) {
            headers.insert("traceparent", value);
        }
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Ok(value) = HeaderValue::from_str(&deadline::header(left)) {
                headers.insert("grpc-timeout", value);
            }
        }
        Ok(())
    }
}

fn secret(text: &str) -> Result<HeaderValue, Status> {
    let mut value =
        HeaderValue::from_str(text).map_err(|_| Status::internal("a token is no header value"))?;
    value.set_sensitive(true);
    Ok(value)
}

impl Service<Request<Body>> for Outbound {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let outbound = self.clone();
        Box::pin(async move {
            outbound.dress(&mut request)?;
            outbound.transport.oneshot(request).await
        })
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move {
            match transport {
                Self::Local(front) => {
                    let Some(front) = front.get().cloned() else {
                        tracing::debug!("called while the suite is still starting");
                        return Err(common(ErrorReason::Unavailable, &[]));
                    };
                    match front.oneshot(request).await {
                        Ok(response) => Ok(response),
                        Err(never) => match never {},
                    }
                }
                // What is wrong with the way there is for our log, not for callers.
                Self::Remote(channel) => channel.oneshot(request).await.map_err(|error| {
                    tracing::warn!(error = %chain(&error), "a service cannot be reached");
                    common(ErrorReason::Unavailable, &[])
                }),
            }
        })
    }
}

/// The same ways for a client that brings its own token: tests, stories, tools.
#[derive(Debug, Clone)]
pub struct Bearer {
    way: BoxCloneSyncService<Request<Body>, Response<Body>, Status>,
    token: Option<Arc<str>>,
}

impl Bearer {
    /// `way` is a [`Transport`], or whatever stands before one.
    pub fn new<W>(way: W, token: Option<&str>) -> Self
    where
        W: Service<Request<Body>, Response = Response<Body>, Error = Status> + Clone + Send + Sync + 'static,
        W::Future: Send,
    {
        Self { way: BoxCloneSyncService::new(way), token: token.map(Into::into) }
    }
}

impl Service<Request<Body>> for Bearer {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let Self { way, token } = self.clone();
        Box::pin(async move {
            if let Some(token) = &token {
                request
                    .headers_mut()
                    .insert(http::header::AUTHORIZATION, secret(&format!("Bearer {token}"))?);
            }
            way.oneshot(request).await
        })
    }
}
