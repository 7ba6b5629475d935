//! The way in: every call passes here, over a socket or inside the process, before any handler sees it.

use std::{
    collections::HashSet,
    convert::Infallible,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use access::{Caller, MethodRule, Rules, TokenVerifier};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use kernel::{Origin, Timestamp};
use proto::common::v1::ErrorReason;
use tonic::{Code, Status, body::Body, service::Routes};
use tower::{Service, ServiceExt as _};
use tracing::Instrument as _;

use crate::{
    access_log::{AccessLog, denial},
    call::Call,
    deadline::{self, StreamBody},
    error::common,
    limits::{Admission, Limits},
    trace::TraceContext,
};

/// Header in which a service passes on the token of the one for whom it calls.
pub(crate) const ON_BEHALF_OF: &str = "x-qinqing-on-behalf-of";

/// Streams that are no contract of ours.
const STREAMS_OF_OTHERS: [&str; 3] = [
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// The address that a connection comes from; put among a request's extensions by the server.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub Option<SocketAddr>);

/// Authenticates, classifies, limits and times every call, then hands it to its service.
#[derive(Debug, Clone)]
pub struct Front {
    shared: Arc<Shared>,
    routes: Routes,
}

struct Shared {
    rules: Rules,
    streaming: HashSet<String>,
    /// RPCs whose request comes in pieces.
    uploading: HashSet<String>,
    verifier: TokenVerifier,
    limits: Limits,
    admission: Admission,
    access_log: AccessLog,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Front").finish_non_exhaustive()
    }
}

impl Front {
    /// `rules` say who may call what; whatever they do not name does not exist.
    pub fn new(
        rules: Rules,
        verifier: TokenVerifier,
        limits: Limits,
        access_log: AccessLog,
        routes: Routes,
    ) -> Self {
        let streaming = proto::pool()
            .services()
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .filter(prost_reflect::MethodDescriptor::is_server_streaming)
            .map(|method| format!("/{}/{}", method.parent_service().full_name(), method.name()))
            .chain(STREAMS_OF_OTHERS.map(str::to_owned))
            .collect();
        let uploading = proto::pool()
            .services()
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .filter(|method| method.is_client_streaming() && !method.is_server_streaming())
            .map(|method| format!("/{}/{}", method.parent_service().full_name(), method.name()))
            .collect();
        let admission = Admission::new(&limits);
        let shared = Shared { rules, streaming, uploading, verifier, limits, admission, access_log };
        Self { shared: Arc::new(shared), routes: routes.prepare() }
    }

    async fn answer(self, mut request: Request<Body>) -> Response<Body> {
        let started = Instant::now();
        let trace =
            TraceContext::from_header(request.headers().get("traceparent").and_then(|v| v.to_str().ok()));
        let path = request.uri().path().to_owned();
        let span = tracing::info_span!(
            "rpc",
            rpc.method = path.trim_start_matches('/'),
            trace_id = trace.trace_id()
        );
        async move {
            let (response, call) = match self.admit(&mut request, trace, started).await {
                Ok(Admitted { call, stream, left }) => {
                    request.extensions_mut().insert(call.clone());
                    (self.pass(request, &call, stream, left).await, Some(call))
                }
                Err(status) => (status.into_http(), None),
            };
            // Others' contracts have their own statuses: NOT_FOUND is an answer of the health service.
            let response = match call {
                _ if !path.starts_with("/qinqing.") => response,
                Some(call) => self.on_record(&call, normalised(response)).await,
                None => normalised(response),
            };
            let code = header_code(response.headers()).unwrap_or(Code::Ok);
            let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            if code == Code::Unauthenticated {
                // Nobody is known to call: this is all that is kept of it.
                tracing::info!(took_ms, "a call without a valid token was refused");
            } else {
                tracing::debug!(rpc.code = ?code, took_ms, "answered");
            }
            response
        }
        .instrument(span)
        .await
    }

    /// Who is calling, for how long, and whether there is room: all that is decided before the message is read, but for
    /// what is put on record.
    async fn admit(
        &self,
        request: &mut Request<Body>,
        trace: TraceContext,
        started: Instant,
    ) -> Result<Admitted, Status> {
        let shared = &self.shared;
        let path = request.uri().path();
        let Some(rule) = shared.rules.get(path).cloned() else {
            return Err(common(ErrorReason::MethodUnknown, &[("method", shown(path))]));
        };
        let stream = shared.streaming.contains(path);
        let upload = shared.uploading.contains(path);
        let requested = deadline::requested(request.headers())
            .map_err(|deadline::Malformed| common(ErrorReason::TimeoutMalformed, &[]))?;
        let budget = match requested {
            Some(asked) if stream => Some(asked),
            _ if upload => Some(requested.unwrap_or(Duration::MAX).min(shared.limits.upload_timeout)),
            Some(asked) => Some(asked.min(shared.limits.max_timeout)),
            None if stream => None,
            None => Some(shared.limits.default_timeout),
        };
        // Not the caller's own time: whoever asks for little must not break off what others wait for too.
        let headers = request.headers();
        let in_time = tokio::time::timeout(shared.limits.default_timeout, async {
            let (caller, token, expires_at) = self.caller(headers, &rule).await?;
            let on_behalf_of = self.on_behalf_of(headers, &caller).await?;
            Ok::<_, Status>((caller, token, expires_at, on_behalf_of))
        });
        let (caller, token, expires_at, on_behalf_of) =
            in_time.await.map_err(|_elapsed| common(ErrorReason::DeadlineExceeded, &[]))??;
        if matches!(caller, Caller::Anonymous) && !rule.public {
            return Err(common(ErrorReason::TokenMissing, &[("method", shown(path))]));
        }
        let principal = match (&caller, request.extensions().get::<PeerAddress>()) {
            // Strangers have nothing but their address to tell them apart.
            (Caller::Anonymous, Some(PeerAddress(Some(address)))) => address.ip().to_string(),
            _ => caller.principal(),
        };
        let permit = match &caller {
            _ if stream => shared.admission.stream(&principal),
            _ if upload => shared.admission.upload(&principal),
            Caller::Service(_) => shared.admission.service(&principal),
            _ => shared.admission.call(&principal),
        };
        let permit = Arc::new(permit.ok_or_else(|| common(ErrorReason::Overloaded, &[]))?);
        let client = client_of(request);
        // However many services a call goes through, each learns of the one who asked the first of them.
        let (on_behalf_of, token) = match on_behalf_of {
            Some((other, others_token)) => (Some(other), Some(others_token)),
            None => (None, token),
        };
        let deadline = started + budget.unwrap_or(shared.limits.max_timeout);
        let call = Call {
            caller,
            expires_at,
            on_behalf_of,
            rule,
            trace,
            client,
            deadline,
            token,
            request: None,
            ids: Arc::clone(&shared.access_log.ids),
            permit,
        };
        let left = budget.map(|budget| budget.saturating_sub(started.elapsed()));
        Ok(Admitted { call, stream, left })
    }

    async fn caller(
        &self,
        headers: &HeaderMap,
        rule: &Arc<MethodRule>,
    ) -> Result<(Caller, Option<Arc<str>>, Option<Timestamp>), Status> {
        let Some(value) = headers.get(http::header::AUTHORIZATION) else {
            return Ok((Caller::Anonymous, None, None));
        };
        // Whoever signs in or refreshes may still carry a token that has run out.
        if rule.public {
            return Ok((Caller::Anonymous, None, None));
        }
        let invalid = || common(ErrorReason::TokenInvalid, &[]);
        let token = value.to_str().ok().and_then(|v| v.strip_prefix("Bearer ")).ok_or_else(invalid)?;
        let verified = self.shared.verifier.inspect(token).await.map_err(|error| {
            tracing::debug!(%error, "token refused");
            if matches!(error, access::TokenError::KeysUnavailable(_)) {
                common(ErrorReason::Unavailable, &[])
            } else {
                invalid()
            }
        })?;
        Ok((verified.caller, Some(token.into()), Some(verified.expires_at)))
    }

    /// Only a service speaks for somebody else, and that somebody's token must be good too.
    async fn on_behalf_of(
        &self,
        headers: &HeaderMap,
        caller: &Caller,
    ) -> Result<Option<(Caller, Arc<str>)>, Status> {
        let Some(value) = headers.get(ON_BEHALF_OF) else { return Ok(None) };
        if !matches!(caller, Caller::Service(_)) {
            return Ok(None);
        }
        let invalid = || common(ErrorReason::TokenInvalid, &[]);
        let token = value.to_str().map_err(|_| invalid())?;
        let verified = self.shared.verifier.verify(token).await;
        verified.map(|caller| Some((caller, token.into()))).map_err(|error| match error {
            access::TokenError::KeysUnavailable(_) => common(ErrorReason::Unavailable, &[]),
            _ => invalid(),
        })
    }

    async fn pass(
        &self,
        request: Request<Body>,
        call: &Call,
        stream: bool,
        left: Option<Duration>,
    ) -> Response<Body> {
        if !access::may_call(&call.caller, &call.rule) {
            return common(ErrorReason::NotPermitted, &[("method", call.rule.path.clone())]).into_http();
        }
        let permit = Arc::clone(&call.permit);
        let answer = self.routes.clone().oneshot(request);
        let answered = match left {
            Some(left) => tokio::time::timeout(left, answer).await,
            None => Ok(answer.await),
        };
        match answered {
            Ok(Ok(response)) => {
                // An answer that is not fetched keeps its place, but not for ever.
                let time = if stream { left } else { Some(self.shared.limits.max_timeout) };
                response.map(|body| Body::new(StreamBody::new(body, time, permit)))
            }
            Ok(Err(never)) => match never {},
            Err(_elapsed) => common(ErrorReason::DeadlineExceeded, &[]).into_http(),
        }
    }

    /// A refusal goes out once it is on record, and not otherwise.
    async fn on_record(&self, call: &Call, response: Response<Body>) -> Response<Body> {
        let Some(reason) = denial(&call.caller, response.headers()) else { return response };
        match self.shared.access_log.denied(call, reason).await {
            Ok(()) => response,
            Err(_logged) => common(ErrorReason::Unavailable, &[]).into_http(),
        }
    }
}

struct Admitted {
    call: Call,
    stream: bool,
    left: Option<Duration>,
}

impl<B> Service<Request<B>> for Front
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let front = self.clone();
        let request = request.map(Body::new);
        Box::pin(async move { Ok(front.answer(request).await) })
    }
}

/// A path as far as it can be told back to the caller.
fn shown(path: &str) -> String {
    path.chars().filter(char::is_ascii_graphic).take(120).collect()
}

fn client_of(request: &Request<Body>) -> Origin {
    let agent =
        request.headers().get(http::header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let program: String = agent.chars().filter(|c| !c.is_control()).take(200).collect();
    let address = match request.extensions().get::<PeerAddress>() {
        Some(PeerAddress(Some(address))) => Some(address.ip()),
        _ => None,
    };
    Origin { program: program.into(), address }
}

fn header_code(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
}

/// A status with no details is the transport's own word on a malformed call: tonic has several codes for the same
/// thing, we have one.
fn normalised(response: Response<Body>) -> Response<Body> {
    let headers = response.headers();
    if headers.contains_key("grpc-status-details-bin") {
        return response;
    }
    let reason = match header_code(headers) {
        None | Some(Code::Ok) => return response,
        Some(Code::OutOfRange | Code::ResourceExhausted) => ErrorReason::MessageTooLarge,
        Some(Code::Unimplemented) => ErrorReason::MethodUnknown,
        Some(Code::DeadlineExceeded | Code::Cancelled) => ErrorReason::DeadlineExceeded,
        Some(_) => ErrorReason::MessageMalformed,
    };
    common(reason, &[]).into_http()
}
