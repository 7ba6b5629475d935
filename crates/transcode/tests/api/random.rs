use axum::body::Body;
use http::{Request, Uri};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use crate::library::{config, send, transcoder};

const PIECES: [&str; 34] = [
    "/",
    "/v1",
    "/books",
    "/own",
    ":lend",
    ":watch",
    "/shelves/",
    "/files/",
    "/by-name/",
    "/echo",
    "/titles",
    "%2F",
    "%",
    "%E4%BA%B2",
    "%ff",
    ":",
    "?",
    "&",
    "=",
    "filter",
    ".butNot",
    ".genre",
    "pageSize",
    "=1",
    "ids=",
    "GENRE_FICTION",
    "+",
    "filter.publishedAfter=",
    "2026-03-02T00:00:00Z",
    "aDouble=1e999",
    "maybe=",
    "~",
    ":prepare",
    "a",
];
const TOKENS: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "1e400",
    "-0",
    "01",
    "\"aMessage\":",
    "\"messages\":[",
    "\"byString\":{",
    "\"aStruct\":",
    "\"aValue\":",
    "\"anything\":{\"@type\":\"type.googleapis.com/library.v1.Kinds\",",
    "\"aGenre\":",
    "\"anInt64\":",
    "\"9223372036854775808\"",
    "\"aTimestamp\":",
    "\"9999-12-31T23:59:59.999999999Z\"",
    "\"aDuration\":",
    "\"-315576000001s\"",
    "\"aMask\":",
    "\"someBytes\":",
    "\"=\"",
    "\\ud800",
    "\\u0000",
    "亲",
    "\n",
    " ",
    "1.5",
    "\"choiceText\":",
    "\"choiceAuthor\":{}",
    "\"0001-01-01T00:00:00Z\"",
    "\"@type\":",
    "\"google.protobuf.Any\"",
    "{}",
];
const METHODS: [&str; 7] = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "REPORT"];

/// Whatever comes, there is an answer with a status of its own, never one that is our fault.
#[tokio::test]
async fn no_request_makes_it_panic_or_fail() {
    let mut random = StdRng::seed_from_u64(20_260_302);
    let transcoder = transcoder(config());
    let mut n_served = 0_u32;
    for _ in 0..20_000 {
        let uri = match random.random_range(0..3) {
            0 => "/v1/echo".to_owned(),
            1 => format!("/{}", pick(&mut random, &PIECES, 10)),
            _ => format!("/v1/books{}", pick(&mut random, &PIECES, 6)),
        };
        let Ok(uri) = Uri::try_from(uri) else { continue };
        let body = match random.random_range(0..4) {
            0 => Vec::new(),
            1 => (0..random.random_range(0..40)).map(|_| random.random()).collect(),
            2 => pick(&mut random, &TOKENS, 30).into_bytes(),
            _ => format!("{{{}}}", pick(&mut random, &TOKENS, 8)).into_bytes(),
        };
        let method = METHODS.choose(&mut random).copied().unwrap_or("GET");
        let request = Request::builder()
            .method(method)
            .uri(uri.clone())
            .header("content-type", "application/json")
            .body(Body::from(body.clone()))
            .expect("a request");
        let answer = send(&transcoder, request).await;
        let status = answer.status.as_u16();
        let shown = String::from_utf8_lossy(&body).into_owned();
        assert!(matches!(status, 200 | 400 | 404 | 405), "{status}: {method} {uri} {shown}");
        n_served += u32::from(status == 200);
    }
    assert!(n_served > 500, "too few requests reach the service: {n_served}");
}

fn pick(random: &mut StdRng, from: &[&str], most: usize) -> String {
    (0..random.random_range(0..=most)).filter_map(|_| from.choose(random).copied()).collect()
}
