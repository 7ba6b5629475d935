//! The frame around every handler: it runs to its end even when the caller hangs up, is run again when the
//! database asks for it, and a repeated `request_id` gets its first answer.

use std::{panic::AssertUnwindSafe, pin::Pin, time::Duration};

use futures::{FutureExt as _, Stream, StreamExt as _};
use prost::Message;
use rand::Rng as _;
use tonic::{Request, Response, Status, Streaming};
use tracing::Instrument as _;

use crate::{
    call::{self, Call, RequestKey},
    error::{self, Refusal, ServiceError},
    incoming::{Incoming, Pieces},
};

/// How often a unit of work is run when the database refuses it for the sake of another one.
const MAX_RUNS: u32 = 6;

/// Header of a response that was given before.
pub const REPLAYED: &str = "x-qinqing-replayed";

/// What a frame needs of a service: its database.
pub trait Service: Clone + Send + Sync + 'static {
    fn db(&self) -> &store::Db;
}

/// A stream of responses, as generated service traits want it.
pub type ResponseStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Serves one unary call. `request_id` is given for mutations.
pub async fn unary<S, Q, A, E, H, F>(
    service: &S,
    request: Request<Q>,
    request_id: Option<fn(&Q) -> &str>,
    handle: H,
) -> Result<Response<A>, Status>
where
    S: Service,
    Q: Message + Clone + 'static,
    A: Message + Default + 'static,
    E: ServiceError,
    H: Fn(S, Call, Q) -> F + Send + Sync + 'static,
    F: Future<Output = Result<A, E>> + Send + 'static,
{
    let mut call = call_of(&request)?;
    let request = request.into_inner();
    if let Some(request_id) = request_id {
        let key = call::request_id(request_id(&request))
            .map(|id| RequestKey::new(&call, id, &request))
            .map_err(|refusal| error::status_of(&E::from(refusal), call.trace.trace_id()))?;
        call.request = Some(key);
    }
    let service = service.clone();
    let span = tracing::Span::current();
    let trace_id = call.trace.trace_id().to_owned();
    let work = async move {
        let trace_id = call.trace.trace_id().to_owned();
        match run(&service, &call, request, handle).await {
            Ok((answer, is_replayed)) => {
                let response = Response::new(answer);
                Ok(if is_replayed { replayed(response) } else { response })
            }
            Err(error) => Err(error::status_of(&error, &trace_id)),
        }
    };
    // A spawned task goes on when the caller's future is dropped: no transaction is cut between two lines.
    finished(tokio::spawn(work.instrument(span)).await, &trace_id)
}

fn replayed<A>(mut response: Response<A>) -> Response<A> {
    response.metadata_mut().insert(REPLAYED, tonic::metadata::MetadataValue::from_static("true"));
    response
}

fn finished<A>(
    ended: Result<Result<Response<A>, Status>, tokio::task::JoinError>,
    trace_id: &str,
) -> Result<Response<A>, Status> {
    match ended {
        Ok(answer) => answer,
        Err(_panic) => Err(panicked(trace_id)),
    }
}

/// Serves one call whose request comes in pieces. What was sent with a `request_id` that has had its answer is read and
/// compared, but not handled again. A handler that is asked by the database to run again does so itself, by
/// [`unit_of_work`]: pieces come once.
pub async fn client_stream<S, P, A, E, H, F>(
    service: &S,
    request: Request<Streaming<P::Piece>>,
    handle: H,
) -> Result<Response<A>, Status>
where
    S: Service,
    P: Pieces,
    A: Message + Default + 'static,
    E: ServiceError,
    H: FnOnce(S, Call, Incoming<P>) -> F + Send + 'static,
    F: Future<Output = Result<A, E>> + Send + 'static,
{
    let mut call = call_of(&request)?;
    let service = service.clone();
    let span = tracing::Span::current();
    let trace_id = call.trace.trace_id().to_owned();
    let pieces = request.into_inner();
    let work = async move {
        let trace_id = call.trace.trace_id().to_owned();
        let refused = |error: E| error::status_of(&error, &trace_id);
        let (mut incoming, request_id) =
            Incoming::<P>::open(pieces, call.deadline).await.map_err(|refusal| refused(refusal.into()))?;
        let key = RequestKey::of_pieces(&call, request_id, incoming.digest());
        call.request = Some(key.clone());
        let first = replay_of_pieces::<S, P, A, E>(&service, &call, &key, &mut incoming).await;
        if let Some(answer) = first.map_err(&refused)? {
            return Ok(replayed(Response::new(answer)));
        }
        match handle(service.clone(), call.clone(), incoming).await {
            Ok(answer) => Ok(Response::new(answer)),
            // What was refused halfway cannot be compared with what was sent before.
            Err(error) if !key.is_whole() => Err(refused(error)),
            // Whoever sent the same at the same time may have been the first.
            Err(error) => match replay::<S, A, E>(&service, &call, &key).await {
                Ok(Some(answer)) => Ok(replayed(Response::new(answer))),
                Ok(None) => Err(refused(error)),
                Err(other) => Err(refused(other)),
            },
        }
    };
    finished(tokio::spawn(work.instrument(span)).await, &trace_id)
}

/// Serves one call with a stream of answers. The handler's stream ends with the call.
pub async fn server_stream<S, Q, A, E, H, F, T>(
    service: &S,
    request: Request<Q>,
    handle: H,
) -> Result<Response<ResponseStream<A>>, Status>
where
    S: Service,
    A: 'static,
    E: ServiceError,
    H: FnOnce(S, Call, Q) -> F,
    F: Future<Output = Result<T, E>> + Send,
    T: Stream<Item = Result<A, E>> + Send + 'static,
{
    let call = call_of(&request)?;
    let trace_id = call.trace.trace_id().to_owned();
    // Caught, for a panic would take with it all other calls of the connection.
    let handled = AssertUnwindSafe(handle(service.clone(), call, request.into_inner())).catch_unwind().await;
    match handled.map_err(|_panic| panicked(&trace_id))? {
        Ok(answers) => {
            let answers = AssertUnwindSafe(answers).catch_unwind().map(move |item| {
                item.map_err(|_panic| panicked(&trace_id))?
                    .map_err(|error| error::status_of(&error, &trace_id))
            });
            Ok(Response::new(Box::pin(answers)))
        }
        Err(error) => Err(error::status_of(&error, &trace_id)),
    }
}

fn panicked(trace_id: &str) -> Status {
    tracing::error!("a handler panicked");
    error::common(proto::common::v1::ErrorReason::Internal, &[("trace_id", trace_id.to_owned())])
}

fn call_of<Q>(request: &Request<Q>) -> Result<Call, Status> {
    request.extensions().get::<Call>().cloned().ok_or_else(|| {
        tracing::error!("an RPC was reached past the front that authenticates");
        error::common(proto::common::v1::ErrorReason::Internal, &[])
    })
}

async fn run<S, Q, A, E, H, F>(service: &S, call: &Call, request: Q, handle: H) -> Result<(A, bool), E>
where
    S: Service,
    Q: Message + Clone,
    A: Message + Default,
    E: ServiceError,
    H: Fn(S, Call, Q) -> F,
    F: Future<Output = Result<A, E>>,
{
    let worked = unit_of_work(|| handle(service.clone(), call.clone(), request.clone())).await;
    let error = match worked {
        Ok(answer) => return Ok((answer, false)),
        Err(error) => error,
    };
    match &call.request {
        Some(key) => replay::<S, A, E>(service, call, key).await?.map(|answer| (answer, true)).ok_or(error),
        None => Err(error),
    }
}

/// Runs `work` again when the database refuses it for the sake of another one, six times in all.
pub async fn unit_of_work<A, E, F>(work: impl Fn() -> F) -> Result<A, E>
where
    E: ServiceError,
    F: Future<Output = Result<A, E>>,
{
    again(work, |error| error.store().is_some_and(store::Error::is_retryable)).await
}

/// The same for any error.
pub(crate) async fn again<A, E, F>(work: impl Fn() -> F, is_retryable: impl Fn(&E) -> bool) -> Result<A, E>
where
    E: std::error::Error + 'static,
    F: Future<Output = Result<A, E>>,
{
    let mut n_runs = 1;
    loop {
        match work().await {
            Err(error) if n_runs < MAX_RUNS && is_retryable(&error) => {
                tracing::debug!(error = %error::chain(&error), run = n_runs, "the unit of work is run again");
                tokio::time::sleep(pause(n_runs)).await;
                n_runs += 1;
            }
            ended => return ended,
        }
    }
}

/// The answer to the same pieces, if they had one; they are read to their end to be compared. `None`: the
/// `request_id` is new, and nothing was read.
async fn replay_of_pieces<S, P, A, E>(
    service: &S,
    call: &Call,
    key: &RequestKey,
    incoming: &mut Incoming<P>,
) -> Result<Option<A>, E>
where
    S: Service,
    P: Pieces,
    A: Message + Default,
    E: ServiceError,
{
    let mut tx = service.db().snapshot().await?;
    let found = store::ledger::find(&mut tx, &key.principal, &call.rule.path, key.id.uuid()).await?;
    tx.commit().await?;
    if found.is_none() {
        return Ok(None);
    }
    while incoming.next().await?.is_some() {}
    replay::<S, A, E>(service, call, key).await
}

/// The answer that the same request was given before, if it was.
async fn replay<S, A, E>(service: &S, call: &Call, key: &RequestKey) -> Result<Option<A>, E>
where
    S: Service,
    A: Message + Default,
    E: ServiceError,
{
    let mut tx = service.db().snapshot().await?;
    let found = store::ledger::find(&mut tx, &key.principal, &call.rule.path, key.id.uuid()).await?;
    tx.commit().await?;
    let Some(found) = found else { return Ok(None) };
    if found.payload_hash != key.payload_hash() {
        return Err(Refusal::RequestIdReused { request_id: key.id.to_string() }.into());
    }
    match A::decode(found.response.as_slice()) {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => {
            tracing::error!(error = %error, request.id = %key.id, "a stored response cannot be read");
            Ok(None)
        }
    }
}

/// Grows with each run; chance keeps two that collided from colliding again.
fn pause(n_runs: u32) -> Duration {
    Duration::from_millis(rand::rng().random_range(1..=10 * u64::from(n_runs)))
}

/// Implements a generated service trait: one line an RPC.
///
/// RPCs under `mutation` have a `request_id`, those under `query` do not; those under `upload` have one too, and take
/// many messages; those under `stream` answer with many messages.
#[macro_export]
macro_rules! service {
    (
        impl $trait:path, for $rpc:ty;
        $(mutation { $($mname:ident ($mreq:ty) -> $mresp:ty = $mhandle:path;)* })?
        $(upload { $($uname:ident ($ureq:ty) -> $uresp:ty = $uhandle:path;)* })?
        $(query { $($qname:ident ($qreq:ty) -> $qresp:ty = $qhandle:path;)* })?
        $(stream { $($sname:ident ($sreq:ty) -> $stype:ident of $sresp:ty = $shandle:path;)* })?
    ) => {
        #[$crate::tonic::async_trait]
        impl $trait for $rpc {
            $($(
                async fn $mname(
                    &self,
                    request: $crate::tonic::Request<$mreq>,
                ) -> Result<$crate::tonic::Response<$mresp>, $crate::tonic::Status> {
                    $crate::unary(self, request, Some(|req: &$mreq| req.request_id.as_str()), $mhandle).await
                }
            )*)?
            $($(
                async fn $uname(
                    &self,
                    request: $crate::tonic::Request<$crate::tonic::Streaming<$ureq>>,
                ) -> Result<$crate::tonic::Response<$uresp>, $crate::tonic::Status> {
                    $crate::client_stream(self, request, $uhandle).await
                }
            )*)?
            $($(
                async fn $qname(
                    &self,
                    request: $crate::tonic::Request<$qreq>,
                ) -> Result<$crate::tonic::Response<$qresp>, $crate::tonic::Status> {
                    $crate::unary(self, request, None, $qhandle).await
                }
            )*)?
            $($(
                type $stype = $crate::ResponseStream<$sresp>;
                async fn $sname(
                    &self,
                    request: $crate::tonic::Request<$sreq>,
                ) -> Result<$crate::tonic::Response<Self::$stype>, $crate::tonic::Status> {
                    $crate::server_stream(self, request, $shandle).await
                }
            )*)?
        }
    };
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use access::{Caller, MethodRule};
    use proto::identity::v1::GetJwksRequest;
    use tokio::sync::Notify;

    use super::*;
    use crate::{
        error::Wire,
        limits::{Admission, Limits},
        trace::TraceContext,
    };

    #[derive(Clone)]
    struct NoDatabase;

    impl Service for NoDatabase {
        fn db(&self) -> &store::Db {
            unreachable!("a query that succeeds asks the frame for no database")
        }
    }

    #[derive(Debug, thiserror::Error)]
    enum NoError {
        #[error(transparent)]
        Rpc(#[from] Refusal),
        #[error(transparent)]
        Store(#[from] store::Error),
    }

    impl ServiceError for NoError {
        const DOMAIN: &'static str = "test.qinqing";

        fn wire(&self) -> Option<Wire> {
            None
        }

        fn refusal(&self) -> Option<&Refusal> {
            None
        }

        fn store(&self) -> Option<&store::Error> {
            None
        }

        fn zh(_: &str) -> Option<&'static str> {
            None
        }
    }

    #[tokio::test]
    async fn work_for_a_caller_who_hung_up_keeps_its_place_among_those_in_flight() {
        let admission = Admission::new(&Limits { max_calls_per_caller: 1, ..Limits::default() });
        let call = Call {
            caller: Caller::Anonymous,
            expires_at: None,
            on_behalf_of: None,
            rule: Arc::new(MethodRule {
                path: "/test/Test".to_owned(),
                public: true,
                services: false,
                grants: Vec::new(),
                scopes: Vec::new(),
            }),
            trace: TraceContext::new(),
            client: kernel::Origin::default(),
            deadline: Instant::now(),
            token: None,
            request: None,
            ids: Arc::new(kernel::UuidV7),
            permit: Arc::new(admission.call("somebody").unwrap()),
        };
        let mut request = Request::new(GetJwksRequest {});
        request.extensions_mut().insert(call);
        let gate = Arc::new(Notify::new());
        let handle = {
            let gate = Arc::clone(&gate);
            move |_: NoDatabase, _: Call, request: GetJwksRequest| {
                let gate = Arc::clone(&gate);
                async move {
                    gate.notified().await;
                    Ok::<_, NoError>(request)
                }
            }
        };
        let mut answer = Box::pin(unary(&NoDatabase, request, None, handle));
        assert!(futures::poll!(answer.as_mut()).is_pending());
        drop(answer);
        tokio::task::yield_now().await;
        assert!(admission.call("somebody").is_none(), "who hangs up and calls anew gets no second place");
        gate.notify_one();
        while admission.call("somebody").is_none() {
            tokio::task::yield_now().await;
        }
    }
}
