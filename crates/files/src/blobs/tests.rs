use std::{collections::HashMap, sync::Mutex};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Request, Response, StatusCode, header},
};
use futures::TryStreamExt as _;

use super::*;

async fn read(blobs: &Blobs, key: &str, range: Range<u64>) -> Result<Vec<u8>, BlobError> {
    let pieces: Vec<Bytes> = blobs.get(key, range).await?.try_collect().await.unwrap();
    Ok(pieces.concat())
}

async fn keeps_gives_and_deletes(blobs: &Blobs) {
    blobs.put("0123abcd", Bytes::from_static(b"0123456789")).await.unwrap();
    assert_eq!(read(blobs, "0123abcd", 0..10).await.unwrap(), b"0123456789");
    assert_eq!(read(blobs, "0123abcd", 3..6).await.unwrap(), b"345");
    blobs.delete("0123abcd").await.unwrap();
    blobs.delete("0123abcd").await.unwrap();
    assert!(matches!(read(blobs, "0123abcd", 0..10).await, Err(BlobError::Missing)));
}

#[tokio::test]
async fn a_directory_keeps_gives_and_deletes() {
    let dir = tempfile::tempdir().unwrap();
    keeps_gives_and_deletes(&Blobs::on_disk(&dir.path().join("attachments")).unwrap()).await;
}

#[tokio::test]
async fn a_key_never_leads_out_of_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::on_disk(&dir.path().join("attachments")).unwrap();
    for key in ["../../evil", "..", "/etc/evil", ""] {
        drop(blobs.put(key, Bytes::from_static(b"x")).await);
    }
    let names: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["attachments"]);
}

type Objects = Arc<Mutex<HashMap<String, Bytes>>>;

/// A store that takes signed requests alone.
async fn bucket(State(objects): State<Objects>, request: Request<Body>) -> Response<Body> {
    let answer = |status: StatusCode, body: Bytes| {
        Response::builder().status(status).header(header::ETAG, "\"1\"").body(Body::from(body)).unwrap()
    };
    let signed = request.headers().get(header::AUTHORIZATION).is_some_and(|value| {
        let value = value.to_str().unwrap();
        value.starts_with("AWS4-HMAC-SHA256 Credential=somebody/")
            && value.contains("/cn-east/s3/aws4_request")
    });
    let path = request.uri().path().to_owned();
    if !signed || !path.starts_with("/files/") {
        return answer(StatusCode::FORBIDDEN, Bytes::new());
    }
    let range = request.headers().get(header::RANGE).map(|value| value.to_str().unwrap().to_owned());
    match request.method().as_str() {
        "PUT" => {
            let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
            objects.lock().unwrap().insert(path, body);
            answer(StatusCode::OK, Bytes::new())
        }
        "DELETE" => {
            objects.lock().unwrap().remove(&path);
            answer(StatusCode::NO_CONTENT, Bytes::new())
        }
        _ => {
            let Some(found) = objects.lock().unwrap().get(&path).cloned() else {
                return answer(StatusCode::NOT_FOUND, Bytes::new());
            };
            let range = range.unwrap();
            let (from, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            let (from, last): (usize, usize) = (from.parse().unwrap(), last.parse().unwrap());
            let n_bytes = found.len();
            let mut response = answer(StatusCode::PARTIAL_CONTENT, found.slice(from..=last));
            let told = format!("bytes {from}-{last}/{n_bytes}");
            response.headers_mut().insert(header::CONTENT_RANGE, told.parse().unwrap());
            let modified = "Mon, 02 Mar 2026 01:00:00 GMT".parse().unwrap();
            response.headers_mut().insert(header::LAST_MODIFIED, modified);
            response
        }
    }
}

#[tokio::test]
async fn a_bucket_keeps_gives_and_deletes_for_who_signs() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(bucket).with_state(Objects::default());
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let mut config = S3 {
        endpoint,
        bucket: "files".to_owned(),
        region: "cn-east".to_owned(),
        access_key: "somebody".to_owned(),
        secret_key: "secret".to_owned(),
    };
    keeps_gives_and_deletes(&Blobs::s3(&config).unwrap()).await;
    assert!(!format!("{config:?}").contains("secret"));
    config.access_key = "nobody".to_owned();
    let refused = Blobs::s3(&config).unwrap().put("0123", Bytes::from_static(b"x")).await;
    assert!(matches!(refused, Err(BlobError::Store { .. })), "{refused:?}");
    serving.abort();
}
