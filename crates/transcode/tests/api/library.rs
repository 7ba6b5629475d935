//! The service under test: answers every RPC with what it was asked, and fails for certain books.

use std::{collections::HashMap, convert::Infallible, sync::LazyLock, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ReflectMessage as _, Value};
use qinqing_transcode::{Config, DynCodec, Transcoder};
use tonic::{Code, Response, Status, server::Grpc};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::{ServiceExt as _, service_fn};

pub static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| compile("library/v1/library.proto").expect("the proto of the library compiles"));

pub fn compile(file: &str) -> Result<DescriptorPool, String> {
    let mut compiler =
        protox::Compiler::new(["tests/proto", "../../proto"]).map_err(|err| err.to_string())?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_file(file).map_err(|err| err.to_string())?;
    DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).map_err(|err| err.to_string())
}

/// A pool of one file with this content after the imports, for rules that must be refused.
pub fn pool_of(content: &str) -> DescriptorPool {
    let source = format!(
        "syntax = \"proto3\"; package t; import \"google/api/annotations.proto\"; \
         message M {{ string a = 1; string b = 2; M inner = 3; repeated string many = 4; map<string, string> map = 5; }} \
         service S {{ {content} }}"
    );
    let mut resolver = protox::file::ChainFileResolver::new();
    resolver.add(InMemory(source));
    resolver.add(protox::file::IncludeFileResolver::new("../../proto".into()));
    resolver.add(protox::file::GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).open_file("t.proto").expect("the proto compiles");
    DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).expect("a descriptor set")
}

pub type GrpcRequest = Request<tonic::body::Body>;
pub type GrpcResponse = http::Response<tonic::body::Body>;

/// Serves gRPC by descriptor.
pub async fn serve(request: GrpcRequest) -> Result<GrpcResponse, Infallible> {
    let path = request.uri().path().to_owned();
    let rpc = POOL
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .find(|rpc| format!("/{}/{}", rpc.parent_service().full_name(), rpc.name()) == path);
    let Some(rpc) = rpc else { return Ok(Status::unimplemented("no such method").into_http()) };
    let mut grpc = Grpc::new(DynCodec(rpc.input()));
    if rpc.name() == "DownloadBook" {
        return Ok(grpc
            .server_streaming(service_fn(|request| async move { download(&request) }), request)
            .await);
    }
    if rpc.is_server_streaming() {
        return Ok(grpc
            .server_streaming(service_fn(|request| async { Ok::<_, Status>(watch(request)) }), request)
            .await);
    }
    let answer = service_fn(move |request: tonic::Request<DynamicMessage>| {
        let answered = answer(&rpc, &request);
        async { answered }
    });
    Ok(grpc.unary(answer, request).await)
}

fn answer(
    rpc: &MethodDescriptor,
    request: &tonic::Request<DynamicMessage>,
) -> Result<Response<DynamicMessage>, Status> {
    let input = request.get_ref();
    fail_for(input)?;
    let mut output = DynamicMessage::new(rpc.output());
    if rpc.input() == rpc.output() {
        output = input.clone();
    }
    for (name, value) in [
        ("request", Some(Value::Message(input.clone()))),
        ("n_copies", Some(Value::I64(9_007_199_254_740_993))),
        ("titles", Some(Value::List(vec![Value::String("亲".to_owned()), Value::String("清".to_owned())]))),
        ("book", input.clone().take_field_by_name("book")),
    ] {
        if let (Some(field), Some(value)) = (rpc.output().get_field_by_name(name), value)
            && rpc.input() != rpc.output()
        {
            output.set_field(&field, value);
        }
    }
    let mut response = Response::new(output);
    let mut seen: Vec<_> = request.metadata().as_ref().keys().map(http::HeaderName::as_str).collect();
    seen.sort_unstable();
    let metadata = response.metadata_mut();
    metadata.insert("x-rpc", rpc.name().parse().expect("ascii"));
    metadata.insert("x-seen", seen.join(",").parse().expect("ascii"));
    metadata.insert("x-secret", "kept back".parse().expect("ascii"));
    Ok(response)
}

fn fail_for(input: &DynamicMessage) -> Result<(), Status> {
    let book =
        input.get_field_by_name("book_id").and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default();
    let mut details = ErrorDetails::new();
    let (code, message) = match book.as_str() {
        "missing" => {
            details.set_error_info(
                "BOOK_NOT_FOUND",
                "library",
                HashMap::from([("book_id".to_owned(), book.clone())]),
            );
            details.set_localized_message("zh-CN", "没有这本书");
            (Code::NotFound, "no such book")
        }
        "invalid" => {
            details.add_bad_request_violation("book_id", "must be a number");
            details.add_precondition_failure_violation("STATE", "book/1", "is lent");
            (Code::InvalidArgument, "the book is invalid")
        }
        "busy" => {
            details.set_retry_info(Some(Duration::from_millis(1_200)));
            (Code::Unavailable, "try again")
        }
        "bug" => {
            details.set_debug_info(vec!["secret.rs:1".to_owned()], "a stack");
            (Code::Internal, "internal error")
        }
        "stranger" => (Code::Unauthenticated, "who are you"),
        _ => return Ok(()),
    };
    Err(Status::with_error_details(code, message, details))
}

type Books = stream::BoxStream<'static, Result<DynamicMessage, Status>>;

fn watch(request: tonic::Request<DynamicMessage>) -> Response<Books> {
    let input = request.into_inner();
    let flag =
        |name: &str| input.get_field_by_name(name).and_then(|value| value.as_bool()).unwrap_or_default();
    let n = input.get_field_by_name("n_books").and_then(|value| value.as_i32()).unwrap_or_default();
    let output =
        input.descriptor().parent_pool().get_message_by_name("library.v1.GetBookResponse").expect("known");
    let books = stream::iter(0..n).map(move |at| {
        let mut book = DynamicMessage::new(output.clone());
        book.set_field_by_name("n_copies", Value::I64(at.into()));
        Ok(book)
    });
    let failure = stream::iter(flag("fail").then(|| Err(Status::data_loss("the shelf fell"))));
    let lingering = flag("linger");
    let rest =
        stream::pending().take_while(move |_| std::future::ready(lingering)).take(usize::from(lingering));
    Response::new(books.chain(failure).chain(rest).boxed())
}

/// What the book is, then its pages; `broken` ends after the first of them.
fn download(request: &tonic::Request<DynamicMessage>) -> Result<Response<Books>, Status> {
    let input = request.get_ref();
    fail_for(input)?;
    let output = input.descriptor().parent_pool().get_message_by_name("library.v1.DownloadBookResponse");
    let output = output.expect("known");
    let book = input.get_field_by_name("book_id").and_then(|id| id.as_str().map(str::to_owned));
    let mut first = DynamicMessage::new(output.clone());
    if book.as_deref() != Some("nameless") {
        first.set_field_by_name("content_type", Value::String("text/plain; charset=utf-8".to_owned()));
        first.set_field_by_name("file_name", Value::String("诉求 \"1\".txt".to_owned()));
    }
    let mut messages = vec![Ok(first)];
    for page in ["one\n", "\0two", ""] {
        let mut message = DynamicMessage::new(output.clone());
        message.set_field_by_name("page", Value::Bytes(Bytes::from_static(page.as_bytes())));
        messages.push(Ok(message));
    }
    if book.as_deref() == Some("broken") {
        messages.truncate(2);
        messages.push(Err(Status::data_loss("the page is torn out")));
    }
    Ok(Response::new(stream::iter(messages).boxed()))
}

/// What came back over HTTP.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The reason in the error's `ErrorInfo`.
    pub fn reason(&self) -> String {
        self.json()
            .pointer("/details/0/reason")
            .and_then(|reason| reason.as_str())
            .unwrap_or_default()
            .to_owned()
    }
}

/// As the tests want it: shows what the service saw.
pub fn config() -> Config {
    let mut config = Config::default();
    config
        .response_headers
        .extend([http::HeaderName::from_static("x-rpc"), http::HeaderName::from_static("x-seen")]);
    config
}

pub fn transcoder(config: Config) -> Transcoder {
    Transcoder::with_config(POOL.clone(), service_fn(serve), config).expect("the library's rules are good")
}

pub async fn send(transcoder: &Transcoder, request: Request<Body>) -> Answer {
    let response = transcoder.clone().oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("the body ends well").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub fn request(method: &str, uri: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(uri)
        .header("content-type", "application/json")
        .body(body.into())
        .expect("a request")
}

pub async fn get(uri: &str) -> Answer {
    call("GET", uri, Body::empty()).await
}

pub async fn call(method: &str, uri: &str, body: impl Into<Body>) -> Answer {
    send(&transcoder(config()), request(method, uri, body)).await
}

struct InMemory(String);

impl protox::file::FileResolver for InMemory {
    fn open_file(&self, name: &str) -> Result<protox::file::File, protox::Error> {
        if name == "t.proto" {
            protox::file::File::from_source(name, &self.0)
        } else {
            Err(protox::Error::file_not_found(name))
        }
    }
}
