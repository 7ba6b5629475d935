//! Bodies on their way in. JSON is read before anybody knows who sends it: so it has its time, and all of it together
//! a bounded room in memory.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderValue, Request, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use http_body::{Frame, SizeHint};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Sleep,
};

/// For all bodies that are being read.
const ROOM_KIB: usize = 128 << 10;

/// Lets bodies in.
#[derive(Debug, Clone)]
pub struct Bodies {
    room: Arc<Semaphore>,
    /// For one body, from the request's head to the body's end.
    time: Duration,
    /// The most that is read of one body.
    max_bytes: usize,
}

impl Bodies {
    pub fn new(time: Duration, max_bytes: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(ROOM_KIB)), time, max_bytes }
    }

    /// The same request with a bounded body; the refusal when there is no room now.
    #[expect(clippy::result_large_err, reason = "the refusal is the response, moved once")]
    pub fn admit(&self, request: Request<Body>) -> Result<Request<Body>, Response> {
        if request.body().is_end_stream() {
            return Ok(request);
        }
        let most = request.body().size_hint().exact().map_or(self.max_bytes, |length| {
            // What is larger is refused unread.
            usize::try_from(length).ok().filter(|length| *length <= self.max_bytes).unwrap_or_default()
        });
        let kib = u32::try_from(most.div_ceil(1024).max(1)).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(kib) else { return Err(overloaded()) };
        let time = self.time;
        Ok(request
            .map(|inner| Body::new(Bounded { inner, ends: Box::pin(tokio::time::sleep(time)), _room: room })))
    }
}

/// As other refusals look.
fn overloaded() -> Response {
    let body = serde_json::json!({
        "code": i32::from(tonic::Code::ResourceExhausted),
        "message": "too much at once; come back a little later",
        "details": [{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "OVERLOADED",
            "domain": rpc::COMMON_DOMAIN,
        }],
    });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// A body that breaks off when its time is over, and holds its room until it is dropped.
struct Bounded {
    inner: Body,
    ends: Pin<Box<Sleep>>,
    _room: OwnedSemaphorePermit,
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if this.ends.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(axum::Error::new("the body took too long"))));
        }
        Pin::new(&mut this.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of unknown length, and never at its end.
    fn endless() -> Request<Body> {
        Request::new(Body::from_stream(futures::stream::pending::<Result<Bytes, axum::Error>>()))
    }

    #[tokio::test]
    async fn bodies_that_never_end_fill_the_room_and_no_more() {
        let bodies = Bodies::new(Duration::from_mins(1), 4 << 20);
        let held: Vec<_> = (0..32).map(|_| bodies.admit(endless()).unwrap()).collect();
        let refused = bodies.admit(endless()).unwrap_err();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(bodies.admit(Request::new(Body::empty())).is_ok(), "what has no body needs no room");
        drop(held);
        assert!(bodies.admit(endless()).is_ok());
        assert!(bodies.admit(Request::new(Body::from("{}"))).is_ok());
    }

    #[tokio::test]
    async fn a_body_that_takes_too_long_breaks_off() {
        let bodies = Bodies::new(Duration::ZERO, 1 << 20);
        let request = bodies.admit(endless()).unwrap();
        assert!(axum::body::to_bytes(request.into_body(), usize::MAX).await.is_err());
    }
}
