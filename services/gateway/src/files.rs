//! Files as HTTP has them: the bytes are the body, on their way up and down, and are passed on as they come.

use std::{collections::HashMap, fmt::Write as _};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody as _},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
    routing::{get, post},
};
use futures::{Stream, StreamExt as _, stream};
use proto::workflow::v1::{
    self as pb, attachment_service_client::AttachmentServiceClient,
    download_attachment_response::Part as Down, upload_attachment_request::Part as Up,
};
use serde_json::{Value, json};
use tonic::{Status, Streaming};
use transcode::Transcoder;

use crate::switchboard::Switchboard;

/// Bytes of a piece, as the contract has it.
const MAX_CHUNK: usize = 64 << 10;
/// Name of the file, percent-encoded UTF-8.
const FILE_NAME: HeaderName = HeaderName::from_static("x-qinqing-file-name");
/// Whatever a file holds, nothing of it runs where it came from.
const POLICY: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'");

#[derive(Clone)]
struct Files {
    client: AttachmentServiceClient<Switchboard>,
    transcoder: Transcoder,
}

/// The routes; what else these paths take goes to the transcoder.
pub fn routes(switchboard: &Switchboard, transcoder: &Transcoder) -> Router {
    let client = AttachmentServiceClient::new(switchboard.clone());
    let files = Files { client, transcoder: transcoder.clone() };
    let others = || transcoder.clone();
    Router::new()
        .route("/v1/issues/{id}/attachments", post(upload_to_issue).fallback_service(others()))
        .route("/v1/drafts/{id}/attachments", post(upload_to_draft).fallback_service(others()))
        .route("/v1/attachments/{id}/content", get(download).fallback_service(others()))
        .with_state(files)
}

/// Whether the body is a file, of whatever length and for however long it comes.
pub fn is_upload(request: &Request) -> bool {
    let mut parts = request.uri().path().split('/').skip(1);
    request.method() == Method::POST
        && parts.next() == Some("v1")
        && matches!(parts.next(), Some("issues" | "drafts"))
        && parts.nth(1) == Some("attachments")
        && parts.next().is_none()
}

type Asked = Query<HashMap<String, String>>;

async fn upload_to_issue(
    State(files): State<Files>,
    Path(issue_id): Path<String>,
    query: Asked,
    request: Request,
) -> Response {
    let header = pb::UploadHeader { issue_id, ..Default::default() };
    upload(files, header, query, request).await
}

async fn upload_to_draft(
    State(files): State<Files>,
    Path(draft_id): Path<String>,
    query: Asked,
    request: Request,
) -> Response {
    let header = pb::UploadHeader { draft_id, ..Default::default() };
    upload(files, header, query, request).await
}

async fn upload(
    mut files: Files,
    owner: pb::UploadHeader,
    Query(mut query): Asked,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut asked = |name: &str| query.remove(name).unwrap_or_default();
    // What is missing or wrong is told by the service.
    let header = pb::UploadHeader {
        file_name: file_name(&parts.headers),
        size_bytes: body.size_hint().exact().and_then(|size| i64::try_from(size).ok()).unwrap_or_default(),
        sha256: asked("sha256"),
        audience: audience(&asked("audience")),
        ..owner
    };
    // By either of its names, as every other field.
    let request_id =
        Some(asked("requestId")).filter(|id| !id.is_empty()).unwrap_or_else(|| asked("request_id"));
    let first = pb::UploadAttachmentRequest { request_id, part: Some(Up::Header(header)) };
    let call = match files.transcoder.call(&parts, pieces(first, body)) {
        Ok(call) => call,
        Err(refusal) => return refusal,
    };
    match files.client.upload_attachment(call).await {
        Ok(answer) => files.transcoder.answer(answer),
        Err(status) => files.transcoder.refusal(&status),
    }
}

/// The header, then the bytes. A body that breaks off must not look like one that ends: a piece of nothing, which the
/// service refuses, takes the place of the rest.
fn pieces(
    first: pb::UploadAttachmentRequest,
    body: Body,
) -> impl Stream<Item = pb::UploadAttachmentRequest> + Send + 'static {
    let bytes = body.into_data_stream().flat_map(|bytes| {
        let pieces = match bytes {
            Ok(bytes) => chunks(bytes),
            Err(_) => vec![pb::UploadAttachmentRequest::default()],
        };
        stream::iter(pieces)
    });
    stream::iter([first]).chain(bytes)
}

fn chunks(mut bytes: Bytes) -> Vec<pb::UploadAttachmentRequest> {
    let mut pieces = Vec::with_capacity(bytes.len().div_ceil(MAX_CHUNK));
    while !bytes.is_empty() {
        let chunk = bytes.split_to(bytes.len().min(MAX_CHUNK));
        pieces.push(pb::UploadAttachmentRequest { request_id: String::new(), part: Some(Up::Chunk(chunk)) });
    }
    pieces
}

/// A header that cannot be read becomes a name that is none.
fn file_name(headers: &HeaderMap) -> String {
    let Some(value) = headers.get(FILE_NAME) else { return String::new() };
    decoded(value.as_bytes()).unwrap_or_else(|| "/".to_owned())
}

fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'%' {
            let digit = |digit: Option<&u8>| char::from(*digit?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn audience(name: &str) -> i32 {
    if name.is_empty() {
        return 0;
    }
    let full = format!("ATTACHMENT_AUDIENCE_{name}");
    // No value of the enum has this number.
    pb::AttachmentAudience::from_str_name(&full).map_or(-1, Into::into)
}

async fn download(
    State(mut files): State<Files>,
    Path(attachment_id): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let range = range(&parts);
    let (offset, length) = range.unwrap_or_default();
    let asked = pb::DownloadAttachmentRequest { attachment_id, offset, length };
    let call = match files.transcoder.call(&parts, asked) {
        Ok(call) => call,
        Err(refusal) => return refusal,
    };
    match begun(&mut files.client, call).await {
        Ok((file, pieces)) => response(&file, range, pieces),
        Err(status) => files.transcoder.refusal(&status),
    }
}

type Pieces = Streaming<pb::DownloadAttachmentResponse>;

async fn begun(
    client: &mut AttachmentServiceClient<Switchboard>,
    call: tonic::Request<pb::DownloadAttachmentRequest>,
) -> Result<(pb::Attachment, Pieces), Status> {
    let mut pieces = client.download_attachment(call).await?.into_inner();
    match pieces.message().await?.and_then(|piece| piece.part) {
        Some(Down::Attachment(file)) => Ok((file, pieces)),
        _ => Err(Status::internal("a download began without its description")),
    }
}

/// Offset and length of the one range that is asked for, 0 for all that follows; any other form is left aside, as HTTP
/// allows.
fn range(parts: &Parts) -> Option<(i64, i64)> {
    let text = parts.headers.get(header::RANGE)?.to_str().ok()?.strip_prefix("bytes=")?;
    let (first, last) = text.split_once('-')?;
    let first: i64 = first.parse().ok().filter(|first| *first >= 0)?;
    if last.is_empty() {
        return Some((first, 0));
    }
    let last: i64 = last.parse().ok().filter(|last| *last >= first)?;
    Some((first, last.checked_sub(first)?.checked_add(1)?))
}

fn response(file: &pb::Attachment, range: Option<(i64, i64)>, pieces: Pieces) -> Response {
    let bytes = pieces.map(|piece| match piece.map(|piece| piece.part) {
        Ok(Some(Down::Chunk(chunk))) => Ok(chunk),
        Ok(_) => Err(Status::internal("a download has a piece without bytes")),
        // The body breaks off, and its length tells.
        Err(status) => Err(status),
    });
    let mut response = Response::new(Body::from_stream(bytes));
    let size = file.size_bytes;
    let length = match range {
        Some((offset, length)) => {
            let rest = size - offset;
            let length = if length == 0 { rest } else { length.min(rest) };
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let told = format!("bytes {offset}-{}/{size}", offset + length - 1);
            insert(response.headers_mut(), header::CONTENT_RANGE, &told);
            length
        }
        None => size,
    };
    let is_text = file.media_type.starts_with("text/");
    let media_type = format!("{}{}", file.media_type, if is_text { "; charset=utf-8" } else { "" });
    let headers = response.headers_mut();
    insert(headers, header::CONTENT_LENGTH, &length.to_string());
    insert(headers, header::CONTENT_TYPE, &media_type);
    insert(headers, header::CONTENT_DISPOSITION, &disposition(&file.file_name));
    insert(headers, header::ETAG, &format!("\"{}\"", file.sha256));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// To be saved, never shown in place; the name is encoded, whatever it holds.
fn disposition(name: &str) -> String {
    let mut text = String::from("attachment; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Adds the routes to the document.
pub fn describe(document: &mut Value, up: &[String], down: &[String]) {
    let parameter = |name: &str, place: &str, required: bool, text: &str| json!({"name": name, "in": place, "required": required, "description": text, "schema": {"type": "string"}});
    let tag = "AttachmentService";
    let bytes = json!({"schema": {"type": "string", "format": "binary"}});
    let upload = |id: &str| {
        json!({
            "tags": [tag],
            "summary": "Uploads a file: the body is its bytes, at most 20 MiB.",
            "parameters": [
                parameter(id, "path", true, "What the file is for."),
                parameter("x-qinqing-file-name", "header", true, "Name of the file, percent-encoded UTF-8."),
                parameter("requestId", "query", true, "Names the call, so that a repeat has no second effect (UUID)."),
                parameter("audience", "query", false, "FIRM, DEPARTMENT, JOINT or AUDIT; by default the own side."),
                parameter("sha256", "query", false, "SHA-256 of the bytes, 64 hexadecimal digits."),
            ],
            "requestBody": {"required": true, "content": {"application/octet-stream": bytes.clone()}},
            "responses": {"200": {
                "description": "The file.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }},
            "x-access": up,
        })
    };
    let download = json!({
        "tags": [tag],
        "summary": "Gives the bytes of a file, or the one range that is asked for.",
        "parameters": [parameter("attachment_id", "path", true, "The file.")],
        "responses": {"200": {
            "description": "The bytes, to be saved.",
            "content": {"application/octet-stream": bytes.clone()},
        }},
        "x-access": down,
    });
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    let operations = [
        ("/v1/issues/{issue_id}/attachments", "post", upload("issue_id")),
        ("/v1/drafts/{draft_id}/attachments", "post", upload("draft_id")),
        ("/v1/attachments/{attachment_id}/content", "get", download),
    ];
    for (path, method, operation) in operations {
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(method.to_owned(), operation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_and_goes_encoded() {
        let name = "现场 \"照片\"; x=1\r\n.jpg";
        let encoded = disposition(name);
        let (_, tail) = encoded.split_once("''").unwrap();
        assert!(!tail.contains(|c: char| !c.is_ascii_alphanumeric() && !"-._~%".contains(c)), "{tail}");
        assert_eq!(decoded(tail.as_bytes()).unwrap(), name);
        for bad in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decoded(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn one_range_is_taken_and_any_other_form_left_aside() {
        let asked = |text: &str| {
            let request = axum::http::Request::builder().header(header::RANGE, text).body(()).unwrap();
            range(&request.into_parts().0)
        };
        assert_eq!(asked("bytes=0-9"), Some((0, 10)));
        assert_eq!(asked("bytes=5-"), Some((5, 0)));
        for odd in [
            "bytes=-5",
            "bytes=9-0",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=a-b",
            "bytes=0-9223372036854775807",
        ] {
            assert_eq!(asked(odd), None, "{odd}");
        }
    }

    #[test]
    fn uploads_are_told_by_their_address() {
        let request = |method: &str, path: &str| {
            let request = axum::http::Request::builder().method(method).uri(path).body(Body::empty());
            is_upload(&request.unwrap())
        };
        assert!(
            request("POST", "/v1/issues/1/attachments?x=1") && request("POST", "/v1/drafts/1/attachments")
        );
        assert!(
            !request("GET", "/v1/issues/1/attachments") && !request("POST", "/v1/issues/1/attachments/2")
        );
        assert!(!request("POST", "/v1/issues") && !request("POST", "/v2/issues/1/attachments"));
    }
}
