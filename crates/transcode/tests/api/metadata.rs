use axum::body::Body;
use http::Request;
use hyper_util::rt::TokioIo;
use qinqing_transcode::Transcoder;
use tonic::{
    service::Routes,
    transport::{Endpoint, Server},
};
use tower::{ServiceExt as _, service_fn};

use crate::library::{GrpcRequest, POOL, config, request, send, serve, transcoder};

#[tokio::test]
async fn only_the_allowed_headers_pass() {
    let mut asked = Request::builder().uri("/v1/books/7");
    for (name, value) in [
        ("authorization", "Bearer x"),
        ("traceparent", "00-0-0-00"),
        ("accept-language", "zh-CN"),
        ("user-agent", "test"),
        ("x-request-id", "r1"),
        ("grpc-timeout", "5S"),
        ("cookie", "session=1"),
        ("x-forwarded-for", "10.0.0.7"),
        ("x-account-id", "forged"),
        ("grpc-encoding", "gzip"),
    ] {
        asked = asked.header(name, value);
    }
    let answer = send(&transcoder(config()), asked.body(Body::empty()).expect("a request")).await;
    assert_eq!(
        answer.header("x-seen"),
        "accept-language,authorization,content-type,grpc-timeout,te,traceparent,user-agent,x-request-id"
    );
    assert_eq!(answer.header("x-secret"), "");
}

#[tokio::test]
async fn a_malformed_deadline_is_refused() {
    for value in ["soon", "5", "1s", "123456789S", ""] {
        let asked = Request::builder().uri("/v1/books/7").header("grpc-timeout", value);
        let answer = send(&transcoder(config()), asked.body(Body::empty()).expect("a request")).await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (400, "HEADER_MALFORMED"), "{value}");
    }
}

#[tokio::test]
async fn the_caller_may_add_to_a_call() {
    #[derive(Clone)]
    struct Address(String);
    let service = service_fn(|request: GrpcRequest| async move {
        assert_eq!(
            request.extensions().get::<Address>().map(|address| address.0.as_str()),
            Some("/v1/books/7")
        );
        serve(request).await
    });
    let config = config().on_request(|parts, metadata, extensions| {
        metadata.insert("x-client", "web".parse().expect("ascii"));
        extensions.insert(Address(parts.uri.path().to_owned()));
    });
    let transcoder = Transcoder::with_config(POOL.clone(), service, config).expect("good rules");
    let answer = send(&transcoder, request("GET", "/v1/books/7", "")).await;
    assert!(answer.header("x-seen").contains("x-client"), "{}", answer.header("x-seen"));
}

#[tokio::test]
async fn the_same_works_over_a_channel_and_as_a_router() {
    let routes =
        Routes::from(axum::Router::new().fallback_service(service_fn(|request: Request<Body>| {
            serve(request.map(tonic::body::Body::new))
        })));
    let (near, far) = tokio::io::duplex(64 * 1024);
    let incoming = tokio_stream::once(Ok::<_, std::io::Error>(far));
    let server = tokio::spawn(Server::builder().add_routes(routes.clone()).serve_with_incoming(incoming));
    let mut near = Some(near);
    let channel = Endpoint::from_static("http://library")
        .connect_with_connector(service_fn(move |_| {
            let near = near.take().map(TokioIo::new).ok_or_else(|| std::io::Error::other("connected once"));
            async { near }
        }))
        .await
        .expect("connected");

    let remote = Transcoder::with_config(POOL.clone(), channel, config()).expect("good rules");
    let local = Transcoder::with_config(POOL.clone(), routes, config()).expect("good rules");
    for uri in ["/v1/books/%E4%BA%B2", "/v1/books/missing", "/v1/books:watch?nBooks=3&fail=true"] {
        let over_channel = send(&remote, request("GET", uri, "")).await;
        let in_process = send(&local, request("GET", uri, "")).await;
        assert_eq!((over_channel.status, &over_channel.body), (in_process.status, &in_process.body), "{uri}");
    }
    let answered = local.into_router().oneshot(request("GET", "/v1/books/7", "")).await.expect("infallible");
    assert_eq!(answered.status(), 200);
    drop(remote);
    server.abort();
}
