use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use tonic::Status;
use tower::{BoxError, Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::{BuildError, Config, call, headers, json, problem::Problem, rule, rule::Binding, tree::Tree};

/// The gRPC side, whatever it is made of.
pub(crate) type Inner =
    BoxCloneSyncService<Request<tonic::body::Body>, http::Response<tonic::body::Body>, Status>;

/// Answers HTTP requests by the annotated methods of a gRPC service. A tower service, cheap to clone.
#[derive(Clone)]
pub struct Transcoder {
    shared: Arc<Shared>,
    inner: Inner,
}

/// What all clones share.
pub(crate) struct Shared {
    pub(crate) bindings: Vec<Binding>,
    pub(crate) tree: Tree,
    pub(crate) pool: DescriptorPool,
    pub(crate) config: Config,
    options: SerializeOptions,
}

impl Transcoder {
    /// Serves every method of `pool` that has a `google.api.http` option, with the default [`Config`].
    /// `service` takes gRPC requests: `tonic::service::Routes`, `tonic::transport::Channel`, or a stack of
    /// layers over one. The pool must keep the option, so decode it from an encoded descriptor set.
    ///
    /// Fails when a rule is malformed, names a field that does not exist, or collides with another.
    pub fn new<S, B>(pool: DescriptorPool, service: S) -> Result<Self, BuildError>
    where
        S: Service<Request<tonic::body::Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::with_config(pool, service, Config::default())
    }

    /// As [`Transcoder::new`], with a configuration.
    pub fn with_config<S, B>(pool: DescriptorPool, service: S, config: Config) -> Result<Self, BuildError>
    where
        S: Service<Request<tonic::body::Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let bindings = rule::bindings(&pool)?;
        let mut tree = Tree::default();
        for (at, binding) in bindings.iter().enumerate() {
            tree.insert(&binding.template, binding.method.clone(), at);
        }
        let options = SerializeOptions::new().skip_default_fields(!config.emit_defaults);
        let inner = service
            .map_response(|response| {
                let (mut parts, body) = response.into_parts();
                headers::drop_broken_details(&mut parts.headers);
                let body = body.map_frame(|mut frame| {
                    if let Some(trailers) = frame.trailers_mut() {
                        headers::drop_broken_details(trailers);
                    }
                    frame
                });
                http::Response::from_parts(parts, tonic::body::Body::new(body))
            })
            .map_err(|err| Status::from_error(err.into()));
        Ok(Self {
            shared: Arc::new(Shared { bindings, tree, pool, config, options }),
            inner: BoxCloneSyncService::new(inner),
        })
    }

    /// What is served, in the order of the descriptor pool.
    pub fn bindings(&self) -> &[Binding] {
        &self.shared.bindings
    }

    /// The call that a request becomes, for a route beside the annotated methods: with the metadata, the deadline and
    /// the extensions that any call gets.
    #[expect(clippy::result_large_err, reason = "the refusal is the response, moved once")]
    pub fn call<T>(&self, parts: &http::request::Parts, message: T) -> Result<tonic::Request<T>, Response> {
        let metadata = headers::request_metadata(&parts.headers, &self.shared.config)
            .map_err(|problem| problem.into_response(&self.shared.config))?;
        Ok(call::outgoing(&self.shared, parts, metadata, message))
    }

    /// What such a route answers: the message in JSON.
    pub fn answer<M: prost::Message + prost::Name>(&self, answer: tonic::Response<M>) -> Response {
        let (metadata, message, _) = answer.into_parts();
        let encoded = message.encode_to_vec();
        let descriptor = self.shared.pool.get_message_by_name(&M::full_name());
        let written = descriptor
            .and_then(|descriptor| DynamicMessage::decode(descriptor, encoded.as_slice()).ok())
            .and_then(|message| json::write(&message, &self.shared.options).ok());
        let Some(json) = written else {
            tracing::error!(message = M::full_name(), "could not write a response as json");
            return Problem::internal().into_response(&self.shared.config);
        };
        let mut response = Response::new(Body::from(json));
        *response.headers_mut() = headers::response_headers(metadata, &self.shared.config);
        let json = http::HeaderValue::from_static("application/json");
        response.headers_mut().insert(http::header::CONTENT_TYPE, json);
        response
    }

    /// What such a route answers when the service refused.
    pub fn refusal(&self, status: &Status) -> Response {
        Problem::from_status(status, &self.shared.pool).into_response(&self.shared.config)
    }

    /// A router that answers every path. To put it beside other routes, give the transcoder itself to
    /// `Router::fallback_service`: axum does not merge two routers with a fallback each.
    pub fn into_router(self) -> axum::Router {
        axum::Router::new().fallback_service(self)
    }
}

impl Shared {
    /// The JSON of a response, or of the one field of it that the rule asks for.
    pub(crate) fn write(&self, binding: &Binding, message: &DynamicMessage) -> Result<Vec<u8>, Problem> {
        let written = match &binding.response_body {
            None => json::write(message, &self.options),
            Some(field) => json::write_field(message, field, &self.options),
        };
        written.map_err(|err| {
            tracing::error!(rpc.method = binding.rpc.full_name(), error = %err, "could not write a response as json");
            Problem::internal()
        })
    }
}

impl Service<Request<Body>> for Transcoder {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    /// Always ready: whether the gRPC side is, is found out by the call, which can answer with an error.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (shared, inner) = (Arc::clone(&self.shared), self.inner.clone());
        Box::pin(async move {
            let answered = call::answer(&shared, inner, request).await;
            Ok(answered.unwrap_or_else(|problem| problem.into_response(&shared.config)))
        })
    }
}
