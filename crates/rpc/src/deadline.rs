//! How long a call may take: what the caller asked for, within what the server grants.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use proto::common::v1::ErrorReason;
use tokio::time::Sleep;
use tonic::body::Body;

/// The header's value is not of the protocol's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The caller's `grpc-timeout`: at most eight digits and a unit.
pub(crate) fn requested(headers: &HeaderMap) -> Result<Option<Duration>, Malformed> {
    let Some(value) = headers.get("grpc-timeout") else { return Ok(None) };
    let text = value.to_str().map_err(|_| Malformed)?;
    let unit = text.chars().last().filter(char::is_ascii_alphabetic).ok_or(Malformed)?;
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Malformed);
    }
    let n: u64 = digits.parse().map_err(|_| Malformed)?;
    Ok(Some(match unit {
        'H' => Duration::from_secs(n * 3_600),
        'M' => Duration::from_secs(n * 60),
        'S' => Duration::from_secs(n),
        'm' => Duration::from_millis(n),
        'u' => Duration::from_micros(n),
        'n' => Duration::from_nanos(n),
        _ => return Err(Malformed),
    }))
}

/// The header for a callee: what is left, less what the way back takes.
pub(crate) fn header(left: Duration) -> String {
    let millis = left.saturating_sub(Duration::from_millis(10)).as_millis().clamp(1, 99_999_999);
    format!("{millis}m")
}

/// A stream's body that ends with `DEADLINE_EXCEEDED` when its time is over, and holds `guard` while it lives.
pub(crate) struct StreamBody<G> {
    inner: Body,
    ends: Option<Pin<Box<Sleep>>>,
    over: bool,
    _guard: G,
}

impl<G> StreamBody<G> {
    pub fn new(inner: Body, time: Option<Duration>, guard: G) -> Self {
        let ends = time.map(|time| Box::pin(tokio::time::sleep(time)));
        Self { inner, ends, over: false, _guard: guard }
    }
}

impl<G: Unpin> HttpBody for StreamBody<G> {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(None);
        }
        if let Some(ends) = &mut this.ends
            && ends.as_mut().poll(cx).is_ready()
        {
            this.over = true;
            let status = crate::error::common(ErrorReason::DeadlineExceeded, &[]);
            let mut trailers = HeaderMap::new();
            return Poll::Ready(
                status.add_header(&mut trailers).is_ok().then(|| Ok(Frame::trailers(trailers))),
            );
        }
        Pin::new(&mut this.inner).poll_frame(cx)
    }

    /// Of the body within: an answer of headers alone must end with them, or clients miss its status.
    fn is_end_stream(&self) -> bool {
        self.over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Option<Duration>, Malformed> {
        requested(&HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), text.parse().unwrap())]))
    }

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        assert_eq!(parsed("250m"), Ok(Some(Duration::from_millis(250))));
        assert_eq!(parsed("3S"), Ok(Some(Duration::from_secs(3))));
        assert_eq!(requested(&HeaderMap::new()), Ok(None));
        for bad in ["", "S", "3", "3s", "-3S", "3 S", "123456789S", "3.5S", "٣S"] {
            let headers = http::HeaderValue::from_bytes(bad.as_bytes())
                .map(|value| HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), value)]));
            assert_eq!(requested(&headers.unwrap()), Err(Malformed), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_of_headers_alone_stays_one() {
        let body = |inner: Body| StreamBody::new(inner, Some(Duration::from_secs(1)), ());
        assert!(HttpBody::is_end_stream(&body(Body::empty())), "no empty data frame after the status");
        let page = body(Body::new(http_body_util::Full::new(Bytes::from_static(b"page"))));
        assert!(!HttpBody::is_end_stream(&page));
        assert_eq!(HttpBody::size_hint(&page).exact(), Some(4));
    }

    #[test]
    fn a_callee_gets_less_than_what_is_left() {
        assert_eq!(header(Duration::from_millis(500)), "490m");
        assert_eq!(header(Duration::ZERO), "1m");
    }
}
