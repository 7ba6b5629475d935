//! Which headers pass in and out, and what the content headers ask for.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{HeaderMap, HeaderName, header};
use tonic::metadata::MetadataMap;

use crate::{Config, problem::Problem};

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
/// gRPC peers may leave out the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The metadata of the outgoing call: the headers of the allow-list, and the deadline.
pub(crate) fn request_metadata(headers: &HeaderMap, config: &Config) -> Result<MetadataMap, Problem> {
    let mut metadata = copy(headers, &config.request_headers);
    if let Some(timeout) = headers.get(GRPC_TIMEOUT) {
        if !is_timeout(timeout.as_bytes()) || headers.get_all(GRPC_TIMEOUT).iter().count() != 1 {
            return Err(Problem::malformed_header("grpc-timeout"));
        }
        metadata.insert(GRPC_TIMEOUT, timeout.clone());
    }
    Ok(MetadataMap::from_headers(metadata))
}

/// The headers of the response: the metadata of the allow-list.
pub(crate) fn response_headers(metadata: MetadataMap, config: &Config) -> HeaderMap {
    copy(&metadata.into_headers(), &config.response_headers)
}

/// Takes out status details that are not base64: tonic panics on them.
pub(crate) fn drop_broken_details(headers: &mut HeaderMap) {
    if headers.get(STATUS_DETAILS).is_some_and(|value| BASE64.decode(value.as_bytes()).is_err()) {
        headers.remove(STATUS_DETAILS);
    }
}

/// Whether the body is JSON in UTF-8 by its content type. One without a type is not: browsers may send
/// such a body to another site without asking it first.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(text) = value.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    media_type.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

/// Whether the client asks for server-sent events, by a media range that is not refused by `q=0`.
pub(crate) fn accepts_events(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let mut parts = range.split(';').map(str::trim);
            parts.next().is_some_and(|range| range.eq_ignore_ascii_case("text/event-stream"))
                && !parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
}

fn copy(headers: &HeaderMap, allowed: &[HeaderName]) -> HeaderMap {
    let mut copied = HeaderMap::new();
    for name in allowed {
        for value in headers.get_all(name) {
            copied.append(name.clone(), value.clone());
        }
    }
    copied
}

/// One to eight digits and a unit, as the gRPC protocol defines it.
fn is_timeout(value: &[u8]) -> bool {
    let Some((unit, digits)) = value.split_last() else { return false };
    (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) && b"HMSmun".contains(unit)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_json_in_utf8_is_json() {
        for (text, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=\"UTF-8\"", true),
            ("application/json;v=1", true),
            ("application/json; charset=gbk", false),
            ("application/jsonp", false),
            ("text/plain", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(text));
            assert_eq!(is_json(&headers), expected, "{text}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn timeouts_are_one_to_eight_digits_and_a_unit() {
        for (text, expected) in [
            ("1S", true),
            ("99999999n", true),
            ("", false),
            ("S", false),
            ("123456789S", false),
            ("1s", false),
            ("-1S", false),
        ] {
            assert_eq!(is_timeout(text.as_bytes()), expected, "{text}");
        }
    }
}
