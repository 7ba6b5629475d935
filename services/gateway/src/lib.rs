//! HTTP, JSON and OpenAPI in front of the five services, on the port that serves gRPC too. No rule of the domain
//! lives here, and no data: what a caller may see or do is decided behind it.

mod bodies;
mod files;
mod headers;
mod openapi;
mod switchboard;

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use anyhow::Context as _;
use axum::{
    Router,
    body::Body,
    http::{Request, Response, header::CONTENT_TYPE},
    routing::get,
};
use futures::future::BoxFuture;
use runtime::Suite;
use tower::{Service, ServiceExt as _};
use transcode::{Config, Transcoder};

use bodies::Bodies;
use switchboard::Switchboard;

/// What serves one port: gRPC as it comes, JSON for everybody else.
pub fn app(suite: &Suite) -> anyhow::Result<Router> {
    let switchboard = Switchboard::new(suite);
    let config = config();
    let bodies = Bodies::new(suite.limits().max_timeout, config.max_body_bytes);
    let transcoder = Transcoder::with_config(proto::pool().clone(), switchboard.clone(), config)
        .context("the contracts' HTTP annotations")?;
    let document = openapi::document()?;
    let page = openapi::page(&document);
    let document: &'static str = document.to_string().leak();
    let json = Router::new()
        .route("/openapi.json", get(move || async move { ([(CONTENT_TYPE, "application/json")], document) }))
        .route("/docs", get(move || async move { axum::response::Html(page) }))
        .route("/", get(async || axum::response::Redirect::temporary("/docs")))
        .merge(files::routes(&switchboard, &transcoder))
        .fallback_service(transcoder)
        .layer(axum::middleware::map_response(headers::secure));
    Ok(Router::new().fallback_service(Doors { grpc: switchboard, json, bodies }))
}

fn config() -> Config {
    let mut config = Config::default();
    "gateway.qinqing".clone_into(&mut config.error_domain);
    config.response_headers.push(http::HeaderName::from_static(rpc::REPLAYED));
    config.on_request(|parts, _, extensions| {
        if let Some(address) = parts.extensions.get::<rpc::PeerAddress>() {
            extensions.insert(*address);
        }
    })
}

/// Sends each request through the door it knocks at.
#[derive(Clone)]
struct Doors {
    grpc: Switchboard,
    json: Router,
    bodies: Bodies,
}

impl Service<Request<Body>> for Doors {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let doors = self.clone();
        let is_grpc = request
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
        Box::pin(async move {
            if is_grpc {
                let request = request.map(tonic::body::Body::new);
                let answered = doors.grpc.oneshot(request).await;
                Ok(answered.unwrap_or_else(tonic::Status::into_http).map(Body::new))
            } else if files::is_upload(&request) {
                // Passed on as it comes: it takes no room here, and has its time behind the front.
                doors.json.oneshot(request).await.map(axum::response::IntoResponse::into_response)
            } else {
                let request = match doors.bodies.admit(request) {
                    Ok(request) => request,
                    Err(refusal) => return Ok(headers::secure(refusal).await),
                };
                doors.json.oneshot(request).await.map(axum::response::IntoResponse::into_response)
            }
        })
    }
}
