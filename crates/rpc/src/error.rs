//! Errors on the wire: `google.rpc.Status` with a reason that clients branch on.

use std::{collections::HashMap, time::Duration};

use proto::common::v1::ErrorReason as Common;
use tonic::{Code, Status};
use tonic_types::{
    BadRequest, ErrorDetail, ErrorInfo, FieldViolation, LocalizedMessage, RetryInfo, StatusExt as _,
};

/// The `domain` of reasons that any RPC may answer with.
pub const COMMON_DOMAIN: &str = "qinqing";

/// How an error appears to callers.
#[derive(Debug)]
pub struct Wire {
    pub code: Code,
    /// Name of the enum value without `ERROR_REASON_`.
    pub reason: &'static str,
    pub metadata: Vec<(&'static str, String)>,
}

/// The one error enum of a service.
pub trait ServiceError: std::error::Error + From<store::Error> + From<Refusal> + Send + 'static {
    /// As `workflow.qinqing`.
    const DOMAIN: &'static str;

    /// The wire table. `None` is our own fault: it is logged once and masked.
    fn wire(&self) -> Option<Wire>;

    /// The refusal that any service may answer with, if this is one.
    fn refusal(&self) -> Option<&Refusal>;

    /// The database's error, if this is one.
    fn store(&self) -> Option<&store::Error>;

    /// What a person reads, for each reason of the wire table; `{key}` stands for the metadata of that name.
    fn zh(reason: &str) -> Option<&'static str>;
}

/// Refusals that are the same in every service.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("{} of the request missing or malformed: {}", plural(.0.len()), names(.0))]
    Fields(Vec<FieldViolation>),
    #[error("the page_token belongs to another list")]
    PageToken,
    /// Of a stream that was open when its caller's token ended.
    #[error("the access token has expired")]
    TokenExpired,
    #[error("no role of the caller may do this here")]
    NotPermitted { method: String },
    #[error("the resource was changed since it was read")]
    StaleEtag { etag: String },
    #[error("the request_id was used before with another request")]
    RequestIdReused { request_id: String },
    /// A request in pieces did not come to its end in time.
    #[error("the request did not come in time")]
    Late,
    /// A request in pieces broke off, or a piece of it cannot be read.
    #[error("the request broke off")]
    Broken { too_large: bool, source: Box<Status> },
    /// What is to be on record before it happens could not be put there.
    #[error("the call could not be put on record")]
    Unrecorded,
    /// Another service did not answer as it should.
    #[error("the {service} service did not {doing}")]
    Peer { service: &'static str, doing: &'static str, source: Box<Status> },
}

fn plural(n: usize) -> String {
    if n == 1 { "1 field".to_owned() } else { format!("{n} fields") }
}

fn names(fields: &[FieldViolation]) -> String {
    fields.iter().map(|violation| violation.field.as_str()).collect::<Vec<_>>().join(", ")
}

impl Refusal {
    fn wire(&self) -> Option<Wire> {
        let (code, reason, metadata) = match self {
            Self::Fields(_) => (Code::InvalidArgument, Common::FieldInvalid, vec![]),
            Self::PageToken => (Code::InvalidArgument, Common::PageTokenInvalid, vec![]),
            Self::TokenExpired => (Code::Unauthenticated, Common::TokenInvalid, vec![]),
            Self::NotPermitted { method } => {
                (Code::PermissionDenied, Common::NotPermitted, vec![("method", method.clone())])
            }
            Self::StaleEtag { etag } => (Code::Aborted, Common::StaleEtag, vec![("etag", etag.clone())]),
            Self::RequestIdReused { request_id } => {
                (Code::InvalidArgument, Common::RequestIdReused, vec![("request_id", request_id.clone())])
            }
            Self::Late => (Code::DeadlineExceeded, Common::DeadlineExceeded, vec![]),
            Self::Broken { too_large: true, source: _ } => {
                (Code::ResourceExhausted, Common::MessageTooLarge, vec![])
            }
            Self::Broken { too_large: false, source: _ } => {
                (Code::InvalidArgument, Common::MessageMalformed, vec![])
            }
            Self::Unrecorded => (Code::Unavailable, Common::Unavailable, vec![]),
            Self::Peer { source, .. } => match source.code() {
                Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Cancelled => {
                    (Code::Unavailable, Common::Unavailable, vec![])
                }
                _ => return None,
            },
        };
        Some(Wire { code, reason: reason_name(reason), metadata })
    }

    fn fields(&self) -> &[FieldViolation] {
        if let Self::Fields(fields) = self { fields } else { &[] }
    }
}

/// The status that tells a caller about `error`.
pub(crate) fn status_of<E: ServiceError>(error: &E, trace_id: &str) -> Status {
    let fields = error.refusal().map_or(&[][..], Refusal::fields);
    if let Some(wire) = error.refusal().and_then(Refusal::wire) {
        return build(&wire, COMMON_DOMAIN, error.to_string(), fields, common_zh(wire.reason));
    }
    if let Some(wire) = error.wire() {
        return build(&wire, E::DOMAIN, error.to_string(), fields, E::zh(wire.reason));
    }
    match error.store() {
        Some(store::Error::Conflict { .. }) => common(Common::StaleEtag, &[]),
        Some(cause) if cause.may_pass() => {
            tracing::warn!(error = %chain(error), "the database does not serve");
            common(Common::Unavailable, &[])
        }
        _ => {
            tracing::error!(error = %chain(error), "a fault of ours");
            common(Common::Internal, &[("trace_id", trace_id.to_owned())])
        }
    }
}

/// The status for a reason that any RPC may answer with.
pub fn common(reason: Common, metadata: &[(&'static str, String)]) -> Status {
    let (code, message) = match reason {
        Common::TokenMissing => (Code::Unauthenticated, "no access token was sent"),
        Common::TokenInvalid => (Code::Unauthenticated, "the access token is not valid here and now"),
        Common::NotPermitted => (Code::PermissionDenied, "the caller may not call this"),
        Common::FieldInvalid => (Code::InvalidArgument, "a field is missing or malformed"),
        Common::RequestIdReused => {
            (Code::InvalidArgument, "the request_id was used before with another request")
        }
        Common::PageTokenInvalid => (Code::InvalidArgument, "the page_token belongs to another list"),
        Common::TimeoutMalformed => (Code::InvalidArgument, "the grpc-timeout header cannot be read"),
        Common::DeadlineExceeded => (Code::DeadlineExceeded, "the call's time ran out"),
        Common::Overloaded => (Code::ResourceExhausted, "too much at once; come back a little later"),
        Common::MessageTooLarge => (Code::ResourceExhausted, "the message is larger than the server takes"),
        Common::Unavailable => (Code::Unavailable, "a part that this needs does not answer; try again"),
        Common::FeedSourceUnknown => (Code::InvalidArgument, "there is no such source of events here"),
        Common::FeedPositionInvalid => (Code::InvalidArgument, "the position is none that the feed gave out"),
        Common::MethodUnknown => (Code::Unimplemented, "there is no such method"),
        Common::MessageMalformed => (Code::InvalidArgument, "the message cannot be decoded"),
        Common::StaleEtag => (Code::Aborted, "the resource was changed since it was read"),
        Common::Internal | Common::Unspecified => (Code::Internal, "a fault of the server"),
    };
    let wire = Wire { code, reason: reason_name(reason), metadata: metadata.to_vec() };
    build(&wire, COMMON_DOMAIN, message.to_owned(), &[], common_zh(wire.reason))
}

fn build(wire: &Wire, domain: &str, message: String, fields: &[FieldViolation], zh: Option<&str>) -> Status {
    let metadata: HashMap<String, String> =
        wire.metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let mut details: Vec<ErrorDetail> = Vec::with_capacity(5);
    let info = ErrorInfo::new(wire.reason, domain, metadata.clone());
    details.push(info.into());
    if !fields.is_empty() {
        details.push(BadRequest::new(fields.to_vec()).into());
    }
    if matches!(wire.code, Code::Unavailable | Code::ResourceExhausted) && wire.reason != "MESSAGE_TOO_LARGE"
    {
        details.push(RetryInfo::new(Some(Duration::from_secs(1))).into());
    }
    if let Some(zh) = zh {
        details.push(LocalizedMessage::new("zh-CN", filled(zh, &metadata)).into());
    }
    details.push(LocalizedMessage::new("en", message.clone()).into());
    Status::with_error_details_vec(wire.code, message, details)
}

fn filled(template: &str, metadata: &HashMap<String, String>) -> String {
    metadata.iter().fold(template.to_owned(), |text, (key, value)| text.replace(&format!("{{{key}}}"), value))
}

/// The name that goes on the wire.
fn reason_name(reason: Common) -> &'static str {
    reason.as_str_name().trim_start_matches("ERROR_REASON_")
}

fn common_zh(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "TOKEN_MISSING" => "请先登录",
        "TOKEN_INVALID" => "登录已失效，请重新登录",
        "NOT_PERMITTED" => "您没有权限进行此操作",
        "FIELD_INVALID" => "填写的内容有误，请按提示修改",
        "REQUEST_ID_REUSED" => "同一请求编号已用于不同的内容",
        "PAGE_TOKEN_INVALID" => "翻页标识无效，请从第一页重新查询",
        "TIMEOUT_MALFORMED" => "请求的超时设置无法识别",
        "DEADLINE_EXCEEDED" => "处理超时，请稍后用同一请求编号重试",
        "OVERLOADED" => "系统繁忙，请稍后重试",
        "MESSAGE_TOO_LARGE" => "提交的内容过大",
        "UNAVAILABLE" => "服务暂时不可用，请稍后重试",
        "INTERNAL" => "系统内部错误，请提供跟踪编号 {trace_id}",
        "FEED_SOURCE_UNKNOWN" => "没有这个事件来源：{source}",
        "FEED_POSITION_INVALID" => "事件位置无效",
        "METHOD_UNKNOWN" => "没有这个方法",
        "MESSAGE_MALFORMED" => "请求内容无法解析",
        "STALE_ETAG" => "内容已被他人修改，请刷新后重试",
        _ => return None,
    })
}

/// An error with its causes, for the log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_reason_has_a_code_a_message_and_chinese_words() {
        for number in 1.. {
            let Ok(reason) = Common::try_from(number) else { break };
            let status = common(reason, &[("trace_id", "t1".to_owned()), ("source", "s1".to_owned())]);
            let details = status.get_error_details();
            assert_eq!(details.error_info().unwrap().reason, reason_name(reason));
            assert_eq!(details.error_info().unwrap().domain, COMMON_DOMAIN);
            assert!(common_zh(reason_name(reason)).is_some(), "{reason:?}");
            let texts: Vec<_> = status
                .get_error_details_vec()
                .into_iter()
                .filter_map(|d| if let ErrorDetail::LocalizedMessage(m) = d { Some(m) } else { None })
                .collect();
            assert_eq!(texts.len(), 2, "{reason:?}");
            assert!(!texts.iter().any(|text| text.message.contains('{')), "{reason:?}");
        }
    }
}
