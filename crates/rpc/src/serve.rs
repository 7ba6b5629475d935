//! The server: it bounds its connections, and drains with a hard end.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use rand::Rng as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::body::Body;
use tower::{Service, ServiceExt as _};

use crate::{
    front::PeerAddress,
    limits::{Limits, PerKey},
};

/// Ends a server in three steps: not ready, then no new work, then, after the grace, no work at all.
#[derive(Debug, Clone, Default)]
pub struct Drain {
    left: CancellationToken,
    begun: CancellationToken,
    cut: CancellationToken,
}

impl Drain {
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the server will go, so that balancers send nothing more; it still serves.
    pub fn leave(&self) {
        self.left.cancel();
    }

    /// Takes no new connections, and tells the open ones to go away.
    pub fn begin(&self) {
        self.left.cancel();
        self.begun.cancel();
    }

    /// Cuts what is still open.
    pub fn cut(&self) {
        self.begin();
        self.cut.cancel();
    }

    pub async fn left(&self) {
        self.left.cancelled().await;
    }

    pub fn has_left(&self) -> bool {
        self.left.is_cancelled()
    }

    pub async fn begun(&self) {
        self.begun.cancelled().await;
    }

    pub fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }
}

/// Serves HTTP/1.1 and HTTP/2 on `listener` until the drain is over: at most the grace after its begin.
pub async fn serve<S>(listener: TcpListener, app: S, limits: Limits, drain: Drain) -> io::Result<()>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let addresses = PerKey::new(limits.max_connections_per_address);
    let connections = TaskTracker::new();
    loop {
        let (socket, address) = tokio::select! {
            () = drain.begun() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or the client was gone already: neither ends the server.
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let slot = addresses.take(&address.ip().to_string());
        let Some(slot) = slot.filter(|_| connections.len() < limits.max_connections) else {
            tracing::debug!(%address, "too many connections: this one is closed");
            continue;
        };
        let (app, limits, drain) = (app.clone(), limits.clone(), drain.clone());
        connections.spawn(async move {
            connection(socket, address, app, &limits, &drain).await;
            drop(slot);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.grace, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "the grace is over: open connections are cut");
        drain.cut();
        connections.wait().await;
    }
    Ok(())
}

async fn connection<S>(socket: TcpStream, address: SocketAddr, app: S, limits: &Limits, drain: &Drain)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    // Answers are small and waited for.
    let _ = socket.set_nodelay(true);
    let activity = Arc::new(Activity::default());
    let counted = Counted { app, address, activity: Arc::clone(&activity) };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.first_request);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.max_streams_per_connection)
        .max_header_list_size(limits.max_header_bytes)
        .max_pending_accept_reset_streams(20)
        .keep_alive_interval(Duration::from_mins(1))
        .keep_alive_timeout(Duration::from_secs(20));
    let mut open = pin!(builder.serve_connection(TokioIo::new(socket), TowerToHyperService::new(counted)));

    let age = limits.max_age.mul_f64(rand::rng().random_range(0.9..1.1));
    let mut goes_at = pin!(tokio::time::sleep(age));
    let mut cut_at = pin!(tokio::time::sleep(age + limits.grace));
    let mut watch =
        tokio::time::interval(limits.first_request.min(limits.idle).max(Duration::from_millis(10)));
    watch.tick().await;
    let mut going = false;
    loop {
        let goes = tokio::select! {
            ended = open.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%address, %error, "a connection broke");
                }
                return;
            }
            () = drain.cut.cancelled() => return,
            () = cut_at.as_mut() => return,
            () = drain.begun(), if !going => true,
            () = goes_at.as_mut(), if !going => true,
            _ = watch.tick(), if !going => match activity.state(limits.idle) {
                State::Silent => return,
                State::Idle => true,
                State::Busy => false,
            },
        };
        if goes {
            going = true;
            open.as_mut().graceful_shutdown();
            cut_at.as_mut().reset(tokio::time::Instant::now() + limits.grace);
        }
    }
}

/// What a connection has been used for.
#[derive(Debug)]
struct Activity {
    in_flight: AtomicUsize,
    n_calls: AtomicUsize,
    last: Mutex<Instant>,
}

enum State {
    /// Never a call.
    Silent,
    /// No call for long.
    Idle,
    Busy,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            in_flight: AtomicUsize::new(0),
            n_calls: AtomicUsize::new(0),
            last: Mutex::new(Instant::now()),
        }
    }
}

impl Activity {
    fn state(&self, idle: Duration) -> State {
        let since = self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        if self.n_calls.load(Ordering::Relaxed) == 0 {
            State::Silent
        } else if self.in_flight.load(Ordering::Relaxed) == 0 && since > idle {
            State::Idle
        } else {
            State::Busy
        }
    }
}

/// Held from a request's arrival to the end of its answer.
struct InFlight(Arc<Activity>);

impl InFlight {
    fn new(activity: &Arc<Activity>) -> Self {
        activity.in_flight.fetch_add(1, Ordering::Relaxed);
        activity.n_calls.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

#[derive(Clone)]
struct Counted<S> {
    app: S,
    address: SocketAddr,
    activity: Arc<Activity>,
}

impl<S> Service<Request<Incoming>> for Counted<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let held = InFlight::new(&self.activity);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(PeerAddress(Some(self.address)));
        let app = self.app.clone();
        Box::pin(async move {
            let response = app.oneshot(request).await?;
            Ok(response.map(|body| Body::new(crate::deadline::StreamBody::new(body, None, held))))
        })
    }
}
