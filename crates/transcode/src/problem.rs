//! Errors as HTTP responses: `google.rpc.Status` in JSON, under the HTTP status that fits its code.

use std::sync::LazyLock;

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::pb;

use crate::Config;

/// Why a request was refused before any service saw it; the `reason` of the `google.rpc.ErrorInfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// No binding has this path.
    PathUnknown,
    /// The path is known under other methods only.
    MethodNotAllowed,
    /// The path or query is not well-formed percent-encoded UTF-8.
    UrlMalformed,
    /// A query parameter names no field that the query may give.
    ParameterUnknown,
    /// A header that is passed on is not well-formed.
    HeaderMalformed,
    /// The body is not JSON by its content type.
    ContentTypeUnsupported,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body could not be read to its end.
    BodyUnreadable,
    /// There is a body where none is taken.
    BodyUnexpected,
    /// The body is not well-formed JSON.
    JsonMalformed,
    /// The body or message is nested too deeply.
    JsonTooDeep,
    /// A field is given twice.
    FieldDuplicate,
    /// The body names a field that the message does not have.
    FieldUnknown,
    /// A value does not fit its field.
    FieldInvalid,
}

impl Reason {
    /// The name as it stands in `ErrorInfo.reason`; it does not change between versions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PathUnknown => "PATH_UNKNOWN",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::UrlMalformed => "URL_MALFORMED",
            Self::ParameterUnknown => "PARAMETER_UNKNOWN",
            Self::HeaderMalformed => "HEADER_MALFORMED",
            Self::ContentTypeUnsupported => "CONTENT_TYPE_UNSUPPORTED",
            Self::BodyTooLarge => "BODY_TOO_LARGE",
            Self::BodyUnreadable => "BODY_UNREADABLE",
            Self::BodyUnexpected => "BODY_UNEXPECTED",
            Self::JsonMalformed => "JSON_MALFORMED",
            Self::JsonTooDeep => "JSON_TOO_DEEP",
            Self::FieldDuplicate => "FIELD_DUPLICATE",
            Self::FieldUnknown => "FIELD_UNKNOWN",
            Self::FieldInvalid => "FIELD_INVALID",
        }
    }
}

/// The HTTP status of a gRPC code, as `google.rpc.Code` maps them.
pub fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An error on its way to the client. What the client sent is never part of it.
pub(crate) struct Problem(Box<Parts>);

struct Parts {
    http: StatusCode,
    code: Code,
    message: String,
    reason: Option<Reason>,
    details: Vec<Value>,
    headers: HeaderMap,
}

impl Problem {
    fn new(reason: Reason, http: StatusCode, code: Code, message: String) -> Self {
        let (details, headers) = (Vec::new(), HeaderMap::new());
        Self(Box::new(Parts { http, code, message, reason: Some(reason), details, headers }))
    }

    fn invalid(reason: Reason, message: String) -> Self {
        Self::new(reason, StatusCode::BAD_REQUEST, Code::InvalidArgument, message)
    }

    /// `field` is a path that the contract knows; empty for the message itself.
    pub(crate) fn field(reason: Reason, field: &str, description: &str) -> Self {
        let message = if field.is_empty() {
            format!("the request is invalid: {description}")
        } else {
            format!("the request is invalid: {field}: {description}")
        };
        let mut problem = Self::invalid(reason, message);
        problem.0.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": field, "description": description }],
        }));
        problem
    }

    pub(crate) fn malformed_json(line: usize, column: usize) -> Self {
        Self::invalid(
            Reason::JsonMalformed,
            format!("the body is not valid JSON (line {line}, column {column})"),
        )
    }

    pub(crate) fn malformed_url() -> Self {
        Self::invalid(Reason::UrlMalformed, "the URL is not percent-encoded UTF-8".to_owned())
    }

    /// `position` counts from 1; the name itself is not repeated.
    pub(crate) fn unknown_parameter(position: usize) -> Self {
        let message = format!("query parameter number {position} is not one that this method takes");
        Self::invalid(Reason::ParameterUnknown, message)
    }

    pub(crate) fn malformed_header(name: &str) -> Self {
        Self::invalid(Reason::HeaderMalformed, format!("the header {name} is not well-formed"))
    }

    pub(crate) fn unreadable_body() -> Self {
        Self::invalid(Reason::BodyUnreadable, "the body could not be read to its end".to_owned())
    }

    pub(crate) fn unexpected_body() -> Self {
        Self::invalid(Reason::BodyUnexpected, "this method takes no body".to_owned())
    }

    pub(crate) fn not_found() -> Self {
        let message = "there is nothing at this path".to_owned();
        Self::new(Reason::PathUnknown, StatusCode::NOT_FOUND, Code::NotFound, message)
    }

    /// `allowed` are the methods that the path does have.
    pub(crate) fn wrong_method(allowed: &[Method]) -> Self {
        let allowed = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let message = format!("this path takes {allowed}");
        let reason = Reason::MethodNotAllowed;
        let mut problem = Self::new(reason, StatusCode::METHOD_NOT_ALLOWED, Code::Unimplemented, message);
        if let Ok(value) = HeaderValue::try_from(allowed) {
            problem.0.headers.insert(header::ALLOW, value);
        }
        problem
    }

    pub(crate) fn too_large(max_bytes: usize) -> Self {
        let message = format!("the body is larger than {max_bytes} bytes");
        Self::new(Reason::BodyTooLarge, StatusCode::PAYLOAD_TOO_LARGE, Code::ResourceExhausted, message)
    }

    pub(crate) fn unsupported_type() -> Self {
        let message = "the content type must be application/json, in UTF-8".to_owned();
        let http = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(Reason::ContentTypeUnsupported, http, Code::InvalidArgument, message)
    }

    /// Our own fault; the cause has been logged.
    pub(crate) fn internal() -> Self {
        Self::from_status(&Status::internal("internal error"), &DescriptorPool::new())
    }

    /// What a service answered. Details are decoded by their descriptors in `google.rpc` or in `pool`;
    /// of a type known to neither only the name is given. `DebugInfo` is withheld.
    pub(crate) fn from_status(status: &Status, pool: &DescriptorPool) -> Self {
        let mut headers = HeaderMap::new();
        let mut details = Vec::new();
        let rich = pb::Status::decode(status.details()).unwrap_or_default();
        for any in &rich.details {
            let name = any.type_url.rsplit('/').next().unwrap_or_default();
            match name {
                "google.rpc.DebugInfo" => continue,
                "google.rpc.RetryInfo" => {
                    if let Some(value) = retry_after(&any.value) {
                        headers.insert(header::RETRY_AFTER, value);
                    }
                }
                _ => {}
            }
            details.push(decode_detail(name, &any.type_url, &any.value, pool));
        }
        if status.code() == Code::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // A status with a source arose on this side of the connection, and its text may name addresses.
        let local = std::error::Error::source(status).is_some();
        let (code, message) = match status.code() {
            Code::Unknown | Code::Unavailable if local => {
                (Code::Unavailable, "the service cannot be reached".to_owned())
            }
            code => (code, status.message().to_owned()),
        };
        Self(Box::new(Parts { http: http_status(code), code, message, reason: None, details, headers }))
    }

    /// The body: `{"code", "message", "details"}`.
    pub(crate) fn to_json(&self, config: &Config) -> Value {
        let mut details = self.0.details.clone();
        if let Some(reason) = self.0.reason {
            details.insert(
                0,
                json!({
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": reason.as_str(),
                    "domain": config.error_domain,
                }),
            );
            details.extend((config.localize)(reason).into_iter().map(|(locale, message)| {
                json!({
                    "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                    "locale": locale,
                    "message": message,
                })
            }));
        }
        json!({ "code": i32::from(self.0.code), "message": self.0.message, "details": details })
    }

    pub(crate) fn into_response(self, config: &Config) -> Response {
        let mut response = Response::new(Body::from(self.to_json(config).to_string()));
        *response.status_mut() = self.0.http;
        *response.headers_mut() = self.0.headers;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// Whole seconds, rounded up; at least 1, as 0 would invite a busy loop.
fn retry_after(encoded: &[u8]) -> Option<HeaderValue> {
    let delay = pb::RetryInfo::decode(encoded).ok()?.retry_delay?;
    let seconds = delay.seconds.saturating_add(i64::from(delay.nanos > 0)).max(1);
    Some(HeaderValue::from(seconds))
}

fn decode_detail(name: &str, type_url: &str, encoded: &[u8], pool: &DescriptorPool) -> Value {
    static GOOGLE_RPC: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap_or_default());
    let decoded = GOOGLE_RPC
        .get_message_by_name(name)
        .or_else(|| pool.get_message_by_name(name))
        .and_then(|descriptor| DynamicMessage::decode(descriptor, encoded).ok())
        .and_then(|message| serde_json::to_value(&message).ok());
    match decoded {
        Some(Value::Object(mut fields)) => {
            fields.insert("@type".to_owned(), Value::from(type_url));
            Value::Object(fields)
        }
        Some(value) => json!({ "@type": type_url, "value": value }),
        None => json!({ "@type": type_url }),
    }
}
