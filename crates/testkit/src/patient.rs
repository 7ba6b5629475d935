//! A client that makes a call again when it broke off, with the same `request_id`.

use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use rpc::Transport;
use tonic::{Code, Status, body::Body};
use tower::{Service, ServiceExt as _};

/// More often than anything breaks off in a row.
const MAX_TRIES: usize = 12;

/// The way of such a client. Answers are read to their end before they are given on, but for those of streams without
/// an end.
#[derive(Debug, Clone)]
pub struct Patient {
    pub way: Transport,
    /// Methods whose streams have no end, as `/WatchIssues`.
    pub endless: &'static [&'static str],
}

impl Service<Request<Body>> for Patient {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Self { way, endless } = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let message = body.collect().await?.to_bytes();
            let mut n_tries = 1;
            loop {
                let request = Request::from_parts(parts.clone(), Body::new(Full::new(message.clone())));
                let response = way.clone().oneshot(request).await?;
                let (head, body) = response.into_parts();
                let is_endless = endless.iter().any(|method| parts.uri.path().ends_with(method));
                if is_endless && !broke_off(&head.headers) {
                    return Ok(Response::from_parts(head, body));
                }
                let answer = body.collect().await?;
                let trailers = answer.trailers().cloned();
                let again = broke_off(&head.headers) || trailers.as_ref().is_some_and(broke_off);
                if !again || n_tries == MAX_TRIES {
                    let body = Full::new(answer.to_bytes())
                        .map_err(|never| match never {})
                        .with_trailers(async move { trailers.map(Ok::<_, Status>) });
                    return Ok(Response::from_parts(head, Body::new(body)));
                }
                n_tries += 1;
            }
        })
    }
}

fn broke_off(headers: &HeaderMap) -> bool {
    Status::from_header_map(headers)
        .is_some_and(|status| matches!(status.code(), Code::Unavailable | Code::Internal))
}
