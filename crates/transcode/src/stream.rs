//! Streams of messages as lines of JSON or as server-sent events.

use std::{convert::Infallible, sync::Arc};

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use http::HeaderValue;
use prost_reflect::DynamicMessage;
use serde_json::json;
use tonic::{Status, Streaming};

use crate::{problem::Problem, rule::Binding, transcoder::Shared};

/// How messages are set apart in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// One message a line, `application/x-ndjson`.
    Lines,
    /// One message an event, `text/event-stream`, with comments to keep an idle connection alive.
    Events,
}

impl Framing {
    pub(crate) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Lines => "application/x-ndjson",
            Self::Events => "text/event-stream",
        })
    }

    fn frame(self, json: &[u8]) -> Bytes {
        // The JSON has no line breaks of its own: they are escaped within strings.
        match self {
            Self::Lines => [json, b"\n"].concat().into(),
            Self::Events => [b"data: ".as_slice(), json, b"\n\n"].concat().into(),
        }
    }
}

/// The body for a stream of messages. An error ends it with a last line or event `{"error": status}`;
/// dropping the body cancels the call.
pub(crate) fn body(
    messages: Streaming<DynamicMessage>,
    framing: Framing,
    binding: Binding,
    shared: Arc<Shared>,
) -> Body {
    let frames = stream::unfold(Some(messages), move |messages| {
        let (binding, shared) = (binding.clone(), Arc::clone(&shared));
        async move {
            let mut messages = messages?;
            let next = match framing {
                Framing::Lines => messages.message().await,
                Framing::Events => tokio::select! {
                    biased;
                    next = messages.message() => next,
                    () = tokio::time::sleep(shared.config.keep_alive) => {
                        return Some((Bytes::from_static(b": keep-alive\n\n"), Some(messages)));
                    }
                },
            };
            match next {
                Ok(Some(message)) => match shared.write(&binding, &message) {
                    Ok(json) => Some((framing.frame(&json), Some(messages))),
                    Err(problem) => Some((last(framing, &problem, &shared), None)),
                },
                Ok(None) => None,
                Err(status) => Some((broken(framing, &status, &shared), None)),
            }
        }
    });
    Body::from_stream(futures::StreamExt::map(frames, Ok::<_, Infallible>))
}

fn broken(framing: Framing, status: &Status, shared: &Shared) -> Bytes {
    last(framing, &Problem::from_status(status, &shared.pool), shared)
}

fn last(framing: Framing, problem: &Problem, shared: &Shared) -> Bytes {
    framing.frame(json!({ "error": problem.to_json(&shared.config) }).to_string().as_bytes())
}
