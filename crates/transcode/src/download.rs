//! Files: a stream of pieces whose rule names a `bytes` field as its `response_body`.

use std::io;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, header};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind};
use tonic::Streaming;

use crate::{problem::Problem, rule::Binding, transcoder::Shared};

/// The field that holds the pieces, if the binding answers with a file.
pub(crate) fn piece_field(binding: &Binding) -> Option<&FieldDescriptor> {
    let field = binding.response_body.as_ref()?;
    let is_file = binding.rpc.is_server_streaming() && !field.is_list() && field.kind() == Kind::Bytes;
    is_file.then_some(field)
}

/// Reads the first message, so that a call that fails is answered as any other, and then hands the pieces on. The
/// first message may have `content_type` and `file_name`. A failure on the way breaks the connection: half a file must
/// not look like a whole one.
pub(crate) async fn response(
    mut messages: Streaming<DynamicMessage>,
    mut headers: HeaderMap,
    field: FieldDescriptor,
    shared: &Shared,
) -> Result<Response, Problem> {
    let first = messages.message().await.map_err(|status| Problem::from_status(&status, &shared.pool))?;
    let said = |name: &str| {
        let value = first.as_ref()?.get_field_by_name(name)?;
        value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let content_type = said("content_type").and_then(|text| HeaderValue::from_str(&text).ok());
    let content_type = content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_DISPOSITION, disposition(said("file_name").as_deref()));

    let rest = stream::unfold(Some(messages), |messages| async move {
        let mut messages = messages?;
        match messages.message().await {
            Ok(Some(message)) => Some((Ok(message), Some(messages))),
            Ok(None) => None,
            Err(status) => Some((Err(io::Error::other(status)), None)),
        }
    });
    let pieces = stream::iter(first.map(Ok)).chain(rest).map(move |message: io::Result<DynamicMessage>| {
        let message = message?;
        Ok::<Bytes, io::Error>(message.get_field(&field).as_bytes().cloned().unwrap_or_default())
    });
    let mut response = Response::new(Body::from_stream(pieces));
    *response.headers_mut() = headers;
    Ok(response)
}

/// To be kept, not shown. The plain form is for readers that do not know the other one.
fn disposition(file_name: Option<&str>) -> HeaderValue {
    let Some(name) = file_name else { return HeaderValue::from_static("attachment") };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let encode = |byte: u8| match char::from(byte) {
        c if is_plain(c) => c.to_string(),
        _ => format!("%{byte:02X}"),
    };
    let encoded: String = name.bytes().map(encode).collect();
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}
