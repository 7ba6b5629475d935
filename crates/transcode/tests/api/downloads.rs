use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::library::{config, get, transcoder};

#[tokio::test]
async fn a_stream_of_bytes_is_a_file_to_keep() {
    let answer = get("/v1/books/1:download").await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &b"one\n\0two"[..]));
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"____1_.txt\"; filename*=UTF-8''%E8%AF%89%E6%B1%82%20%221%22.txt"
    );
    assert_eq!(
        (answer.header("cache-control"), answer.header("x-content-type-options")),
        ("no-store", "nosniff")
    );
}

#[tokio::test]
async fn a_file_that_does_not_say_what_it_is_is_bytes() {
    let answer = get("/v1/books/nameless:download").await;
    assert_eq!(
        (answer.header("content-type"), answer.header("content-disposition")),
        ("application/octet-stream", "attachment")
    );
}

#[tokio::test]
async fn a_file_that_is_refused_is_answered_as_any_other_call() {
    let answer = get("/v1/books/missing:download").await;
    assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (404, "BOOK_NOT_FOUND"));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn half_a_file_does_not_look_whole() {
    let asked = Request::builder().uri("/v1/books/broken:download").body(Body::empty()).expect("a request");
    let mut body = transcoder(config()).oneshot(asked).await.expect("infallible").into_body();
    let mut seen = Vec::new();
    let ended = loop {
        match body.frame().await {
            Some(Ok(frame)) => seen.extend(frame.into_data().expect("data")),
            Some(Err(_)) => break "broken",
            None => break "whole",
        }
    };
    assert_eq!((seen.as_slice(), ended), (&b"one\n"[..], "broken"));
}
