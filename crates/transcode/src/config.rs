use std::{sync::Arc, time::Duration};

use http::{Extensions, HeaderName, header, request::Parts};
use tonic::metadata::MetadataMap;

use crate::Reason;

/// Adds what the caller knows about a request (a client address, a session) to the outgoing call.
pub(crate) type OnRequest = Arc<dyn Fn(&Parts, &mut MetadataMap, &mut Extensions) + Send + Sync>;

/// How a [`Transcoder`](crate::Transcoder) behaves. `Default` gives the values stated at each field.
#[derive(Clone)]
pub struct Config {
    /// Whether fields with their default value are written, so that a reader sees every field: `false`
    /// leaves them out, as the canonical JSON mapping does by default. Default: `true`.
    pub emit_defaults: bool,
    /// Largest request body, in bytes; a larger one is answered with 413. Default: 4 MiB.
    pub max_body_bytes: usize,
    /// Largest single response message, in bytes of its protobuf encoding; a larger one fails the call
    /// with `OUT_OF_RANGE`, as gRPC clients do. Default: 16 MiB.
    pub max_response_bytes: usize,
    /// Request headers that are passed on as metadata; all others are stripped. Default:
    /// `authorization`, `traceparent`, `tracestate`, `user-agent`, `accept-language`, `x-request-id`.
    /// `grpc-timeout` is always passed on, and refused when it is not well-formed.
    pub request_headers: Vec<HeaderName>,
    /// Response metadata that is passed back as headers; all other is dropped. Default:
    /// `x-request-id`, `content-language`.
    pub response_headers: Vec<HeaderName>,
    /// Pause in a stream of server-sent events after which a comment line keeps the connection alive.
    /// Default: 15 s.
    pub keep_alive: Duration,
    /// `domain` of the `google.rpc.ErrorInfo` in errors that arise here. Default: `transcode`.
    pub error_domain: String,
    /// Texts for people, as (locale, message), for an error that arises here; each becomes a
    /// `google.rpc.LocalizedMessage`. Default: none.
    pub localize: fn(Reason) -> Vec<(&'static str, String)>,
    pub(crate) on_request: Option<OnRequest>,
}

impl Config {
    /// Runs `hook` on each outgoing call, after the headers of the allow-list are copied. It may add or
    /// remove metadata, and set extensions that a service in the same process reads.
    #[must_use]
    pub fn on_request(
        mut self,
        hook: impl Fn(&Parts, &mut MetadataMap, &mut Extensions) + Send + Sync + 'static,
    ) -> Self {
        self.on_request = Some(Arc::new(hook));
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            emit_defaults: true,
            max_body_bytes: 4 * 1024 * 1024,
            max_response_bytes: 16 * 1024 * 1024,
            request_headers: vec![
                header::AUTHORIZATION,
                HeaderName::from_static("traceparent"),
                HeaderName::from_static("tracestate"),
                header::USER_AGENT,
                header::ACCEPT_LANGUAGE,
                HeaderName::from_static("x-request-id"),
            ],
            response_headers: vec![HeaderName::from_static("x-request-id"), header::CONTENT_LANGUAGE],
            keep_alive: Duration::from_secs(15),
            error_domain: "transcode".to_owned(),
            localize: |_| Vec::new(),
            on_request: None,
        }
    }
}
