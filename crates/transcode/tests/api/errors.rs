use std::convert::Infallible;

use axum::body::Body;
use http::Request;
use qinqing_transcode::{Transcoder, http_status};
use serde_json::json;
use tonic::Code;
use tower::service_fn;

use crate::library::{GrpcRequest, GrpcResponse, POOL, call, config, get, request, send, transcoder};

#[tokio::test]
async fn a_status_becomes_its_http_status_and_json_with_details() {
    let answer = get("/v1/books/missing").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (404, "application/json"));
    assert_eq!(
        answer.json(),
        json!({
            "code": 5,
            "message": "no such book",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "BOOK_NOT_FOUND",
                    "domain": "library",
                    "metadata": { "book_id": "missing" },
                },
                {
                    "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                    "locale": "zh-CN",
                    "message": "没有这本书",
                },
            ],
        })
    );
    let answer = get("/v1/books/invalid").await;
    assert_eq!(answer.status, 400);
    let types: Vec<_> = answer.json()["details"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|detail| {
            detail["@type"].as_str().unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned()
        })
        .collect();
    assert_eq!(types, ["PreconditionFailure", "BadRequest"]);
}

#[tokio::test]
async fn what_to_do_next_stands_in_the_headers() {
    let answer = get("/v1/books/busy").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"));
    assert_eq!(answer.json().pointer("/details/0/retryDelay"), Some(&json!("1.200s")));
    let answer = get("/v1/books/stranger").await;
    assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer"));
}

#[tokio::test]
async fn debugging_information_is_withheld() {
    let answer = get("/v1/books/bug").await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.json(), json!({ "code": 13, "message": "internal error", "details": [] }));
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_unavailable_and_says_no_more() {
    let gone = service_fn(|_: GrpcRequest| async {
        Err::<GrpcResponse, _>(std::io::Error::other("10.0.0.7 refused"))
    });
    let transcoder = Transcoder::new(POOL.clone(), gone).expect("good rules");
    let answer = send(&transcoder, request("GET", "/v1/books/7", "")).await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.json(),
        json!({ "code": 14, "message": "the service cannot be reached", "details": [] })
    );
}

#[tokio::test]
async fn details_that_are_not_base64_are_dropped() {
    for in_trailers in [false, true] {
        let broken = service_fn(move |_: GrpcRequest| async move {
            let status: http::Response<tonic::body::Body> = tonic::Status::aborted("stale").into_http();
            let mut headers = status.headers().clone();
            headers.insert("grpc-status-details-bin", http::HeaderValue::from_static("not base64!"));
            let mut response = GrpcResponse::default();
            if in_trailers {
                let trailers =
                    futures::stream::iter([Ok::<_, Infallible>(http_body::Frame::trailers(headers))]);
                *response.body_mut() = tonic::body::Body::new(http_body_util::StreamBody::new(trailers));
            } else {
                *response.headers_mut() = headers;
            }
            Ok::<_, Infallible>(response)
        });
        let transcoder = Transcoder::new(POOL.clone(), broken).expect("good rules");
        let answer = send(&transcoder, request("GET", "/v1/books/7", "")).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["message"]),
            (409, &json!("stale")),
            "{in_trailers}"
        );
    }
}

#[tokio::test]
async fn a_response_without_a_json_form_is_our_fault() {
    // An Any of a type that nobody knows cannot be written; it can only come from the service.
    let transcoder = Transcoder::new(
        POOL.clone(),
        service_fn(|request: GrpcRequest| async move {
            let (parts, _) = request.into_parts();
            let kinds = POOL.get_message_by_name("library.v1.Kinds").expect("known");
            let mut anything = prost_reflect::DynamicMessage::new(kinds);
            let any = prost_types::Any { type_url: "x/secret7".to_owned(), value: vec![] };
            let mut value = prost_reflect::DynamicMessage::new(
                POOL.get_message_by_name("google.protobuf.Any").expect("known"),
            );
            value.transcode_from(&any).expect("an Any");
            anything.set_field_by_name("anything", prost_reflect::Value::Message(value));
            let answer = service_fn(move |_| {
                let anything = anything.clone();
                async { Ok::<_, tonic::Status>(tonic::Response::new(anything)) }
            });
            let mut grpc = tonic::server::Grpc::new(qinqing_transcode::DynCodec(
                POOL.get_message_by_name("library.v1.Kinds").expect("known"),
            ));
            let request = http::Request::from_parts(parts, tonic::body::Body::new(Body::from(vec![0_u8; 5])));
            Ok::<_, Infallible>(grpc.unary(answer, request).await)
        }),
    )
    .expect("good rules");
    let answer = send(&transcoder, request("POST", "/v1/echo", "{}")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (500, json!({ "code": 13, "message": "internal error", "details": [] }))
    );
}

#[tokio::test]
async fn errors_that_arise_here_have_a_reason_and_a_text_for_people() {
    let mut chinese = config();
    chinese.error_domain = "gateway.example".to_owned();
    chinese.localize = |reason| vec![("zh-CN", format!("拒绝：{}", reason.as_str()))];
    let asked = Request::builder().uri("/nowhere").body(Body::empty()).expect("a request");
    let answer = send(&transcoder(chinese), asked).await;
    assert_eq!(
        answer.json()["details"],
        json!([
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "PATH_UNKNOWN",
                "domain": "gateway.example",
            },
            {
                "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                "locale": "zh-CN",
                "message": "拒绝：PATH_UNKNOWN",
            },
        ])
    );
}

#[tokio::test]
async fn an_empty_answer_is_an_empty_object() {
    let answer = call("DELETE", "/v1/books/7", "").await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({})));
}

#[test]
fn every_code_has_its_http_status() {
    for (code, expected) in
        [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401]
            .into_iter()
            .enumerate()
    {
        let code = Code::from_i32(i32::try_from(code).expect("small"));
        assert_eq!(http_status(code).as_u16(), expected, "{code}");
    }
}
