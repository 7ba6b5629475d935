use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use qinqing_transcode::Transcoder;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower::{ServiceExt as _, service_fn};

use crate::library::{Answer, GrpcRequest, POOL, config, get, send, serve, transcoder};

async fn watch(query: &str, accept: &str) -> Answer {
    let asked = Request::builder().uri(format!("/v1/books:watch?{query}")).header("accept", accept);
    send(&transcoder(config()), asked.body(Body::empty()).expect("a request")).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[tokio::test]
async fn a_stream_is_one_line_a_message() {
    let answer = get("/v1/books:watch?nBooks=3").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/x-ndjson"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let lines: Vec<Value> =
        text(&answer).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, [json!({"nCopies": "0"}), json!({"nCopies": "1"}), json!({"nCopies": "2"})]);
    assert!(text(&answer).ends_with('\n'));
    assert!(get("/v1/books:watch").await.body.is_empty());
}

#[tokio::test]
async fn a_stream_is_events_when_asked_for() {
    let expected = "data: {\"nCopies\":\"0\"}\n\ndata: {\"nCopies\":\"1\"}\n\n";
    for accept in ["text/event-stream", "application/json;q=0.5, Text/Event-Stream;q=0.9"] {
        let answer = watch("nBooks=2", accept).await;
        assert_eq!(answer.header("content-type"), "text/event-stream");
        assert_eq!(text(&answer), expected, "{accept}");
    }
    for accept in ["*/*", "application/x-ndjson", "text/event-stream;q=0"] {
        assert_eq!(
            watch("nBooks=2", accept).await.header("content-type"),
            "application/x-ndjson",
            "{accept}"
        );
    }
}

#[tokio::test]
async fn an_error_on_the_way_is_the_last_line_or_event() {
    let error = json!({ "error": { "code": 15, "message": "the shelf fell", "details": [] } });
    let lines = text(&watch("nBooks=1&fail=true", "*/*").await);
    let last: Value = serde_json::from_str(lines.lines().last().expect("a line")).expect("JSON");
    assert_eq!((lines.lines().count(), last), (2, error.clone()));
    let events = text(&watch("nBooks=1&fail=true", "text/event-stream").await);
    let last = events.trim_end().rsplit("data: ").next().expect("an event");
    assert_eq!(serde_json::from_str::<Value>(last).expect("JSON"), error);
}

#[tokio::test]
async fn an_idle_stream_of_events_is_kept_alive() {
    let mut impatient = config();
    impatient.keep_alive = Duration::from_millis(1);
    let asked =
        Request::builder().uri("/v1/books:watch?nBooks=1&linger=true").header("accept", "text/event-stream");
    let asked = asked.body(Body::empty()).expect("a request");
    let mut body = transcoder(impatient).oneshot(asked).await.expect("infallible").into_body();
    let mut seen = String::new();
    while seen.matches(": keep-alive\n\n").count() < 2 {
        let frame = body.frame().await.expect("an open stream").expect("a good frame");
        seen.push_str(&String::from_utf8_lossy(&frame.into_data().expect("data")));
    }
    assert!(seen.starts_with("data: {\"nCopies\":\"0\"}\n\n") || seen.starts_with(": keep-alive"), "{seen}");
    assert!(seen.contains("data: {"), "{seen}");
}

#[tokio::test]
async fn hanging_up_ends_the_call() {
    let (gone, ended) = oneshot::channel::<()>();
    let gone = Arc::new(Mutex::new(Some(gone)));
    let service = service_fn(move |request: GrpcRequest| {
        let gone = gone.lock().expect("not poisoned").take();
        async move {
            let response = serve(request).await?;
            // Lives as long as the response body.
            Ok::<_, std::convert::Infallible>(response.map(|body| {
                tonic::body::Body::new(body.map_frame(move |frame| {
                    let _alive = &gone;
                    frame
                }))
            }))
        }
    });
    let transcoder = Transcoder::new(POOL.clone(), service).expect("good rules");
    let asked = Request::builder()
        .uri("/v1/books:watch?nBooks=1&linger=true")
        .body(Body::empty())
        .expect("a request");
    let mut body = transcoder.oneshot(asked).await.expect("infallible").into_body();
    assert!(body.frame().await.is_some());
    drop(body);
    assert!(ended.await.is_err(), "the sender was dropped with the stream");
}

#[tokio::test]
async fn a_stream_that_never_begins_is_an_ordinary_error() {
    let answer = watch("nBooks=x", "*/*").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (400, "application/json"));
    let refusing = service_fn(|_: GrpcRequest| async {
        let response: http::Response<tonic::body::Body> =
            tonic::Status::permission_denied("not yours").into_http();
        Ok::<_, std::convert::Infallible>(response)
    });
    let transcoder = Transcoder::new(POOL.clone(), refusing).expect("good rules");
    let asked = Request::builder().uri("/v1/books:watch").body(Body::empty()).expect("a request");
    assert_eq!(send(&transcoder, asked).await.status, 403);
}
