//! W3C trace context, from caller to callee.

use std::fmt;

use rand::Rng as _;

/// Which trace a call belongs to, and which span of it is running here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: String,
    span_id: String,
    sampled: bool,
}

impl TraceContext {
    /// A trace that begins here.
    pub fn new() -> Self {
        Self { trace_id: hex(&rand::rng().random::<[u8; 16]>()), span_id: new_span_id(), sampled: true }
    }

    /// Goes on with the caller's trace; begins one where the header is missing or malformed, as the standard asks.
    pub fn from_header(traceparent: Option<&str>) -> Self {
        traceparent.and_then(parse).unwrap_or_default()
    }

    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }
}

impl Default for TraceContext {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for TraceContext {
    /// The `traceparent` header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

fn parse(header: &str) -> Option<TraceContext> {
    let mut parts = header.split('-');
    let (version, trace_id, parent_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let known = version == "00" && parts.next().is_none();
    let good = known && is_hex(trace_id, 32) && is_hex(parent_id, 16) && is_hex(flags, 2);
    let zero = |id: &str| id.bytes().all(|b| b == b'0');
    if !good || zero(trace_id) || zero(parent_id) {
        return None;
    }
    let sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
    Some(TraceContext { trace_id: trace_id.to_owned(), span_id: new_span_id(), sampled })
}

fn is_hex(text: &str, n: usize) -> bool {
    text.len() == n && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn new_span_id() -> String {
    hex(&rand::rng().random::<[u8; 8]>())
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_trace_goes_on_under_a_span_of_our_own() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let here = TraceContext::from_header(Some(header));
        assert_eq!(here.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert!(here.to_string().ends_with("-01") && here.to_string() != header);
    }

    #[test]
    fn a_malformed_trace_is_replaced() {
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            let fresh = TraceContext::from_header(Some(bad));
            assert_ne!(fresh.trace_id(), "0af7651916cd43dd8448eb211c80319c");
            assert!(is_hex(fresh.trace_id(), 32));
        }
    }
}
