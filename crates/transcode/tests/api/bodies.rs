use axum::body::Body;
use http::Request;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::library::{Answer, call, config, request, send, transcoder};

async fn echo(body: impl Into<Body>) -> Answer {
    call("POST", "/v1/echo", body).await
}

fn violation(answer: &Answer) -> (u16, String, String) {
    let field = answer
        .json()
        .pointer("/details/1/fieldViolations/0/field")
        .and_then(Value::as_str)
        .map(str::to_owned);
    (answer.status.as_u16(), answer.reason(), field.unwrap_or_default())
}

#[tokio::test]
async fn every_kind_of_field_comes_back_in_canonical_json() {
    for (given, expected) in [
        (json!({"aDouble": 1.5}), json!({"aDouble": 1.5})),
        (json!({"a_double": "NaN"}), json!({"aDouble": "NaN"})),
        (json!({"aFloat": 1.1}), json!({"aFloat": 1.1})),
        (json!({"anInt32": "-7"}), json!({"anInt32": -7})),
        (json!({"anInt32": 1e3}), json!({"anInt32": 1000})),
        (json!({"anInt64": -9_223_372_036_854_775_808_i64}), json!({"anInt64": "-9223372036854775808"})),
        (json!({"aUint64": "18446744073709551615"}), json!({"aUint64": "18446744073709551615"})),
        (json!({"aSint32": -1, "aFixed32": 1}), json!({"aSint32": -1, "aFixed32": 1})),
        (json!({"aString": "亲清\u{0}\"\\\n𝄞"}), json!({"aString": "亲清\u{0}\"\\\n𝄞"})),
        (json!({"someBytes": "_-8"}), json!({"someBytes": "/+8="})),
        (json!({"aGenre": 2}), json!({"aGenre": "GENRE_HISTORY"})),
        (json!({"aGenre": 99}), json!({"aGenre": 99})),
        (
            json!({"byInt64": {"-5": true}, "byBool": {"true": "x"}}),
            json!({"byInt64": {"-5": true}, "byBool": {"true": "x"}}),
        ),
        (json!({"choiceAuthor": {"born": 1936}}), json!({"choiceAuthor": {"born": 1936}})),
        (json!({"maybe": 0}), json!({"maybe": 0})),
        (json!({"aTimestamp": "2026-03-02T08:00:00+08:00"}), json!({"aTimestamp": "2026-03-02T00:00:00Z"})),
        (
            json!({"aDuration": "-1.5s", "aMask": "aB,c.dE"}),
            json!({"aDuration": "-1.500s", "aMask": "aB,c.dE"}),
        ),
        (
            json!({"aStruct": {"a": [1, null, {"b": "c"}]}}),
            json!({"aStruct": {"a": [1.0, null, {"b": "c"}]}}),
        ),
        (json!({"aValue": null}), json!({"aValue": null})),
        (
            json!({"anything": {"@type": "type.googleapis.com/library.v1.Author", "born": 1}}),
            json!({"anything": {"@type": "type.googleapis.com/library.v1.Author", "born": 1}}),
        ),
        (json!({"anInt64Value": 5, "aStringValue": ""}), json!({"anInt64Value": "5", "aStringValue": ""})),
        (
            json!({"aString": null, "messages": null, "genres": ["GENRE_FICTION"]}),
            json!({"genres": ["GENRE_FICTION"]}),
        ),
        (json!({}), json!({})),
    ] {
        let mut terse = config();
        terse.emit_defaults = false;
        let answer = send(&transcoder(terse), request("POST", "/v1/echo", given.to_string())).await;
        assert_eq!(answer.status, 200, "{given}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.json(), expected, "{given}");
    }
}

#[tokio::test]
async fn defaults_are_written_unless_configured_otherwise() {
    let json = echo("{}").await.json();
    assert_eq!(json["anInt64"], "0");
    assert_eq!(json["messages"], json!([]));
    assert_eq!(json["aGenre"], "GENRE_UNSPECIFIED");
    assert_eq!((json.get("aMessage"), json.get("maybe"), json.get("choiceText")), (None, None, None));
    assert_eq!(echo("").await.json(), json, "no body is an empty message");
}

#[tokio::test]
async fn a_rule_may_take_one_field_from_the_body_and_give_one_back() {
    let uri = "/v1/shelves/s1/books?validateOnly=true";
    let answer = call("POST", uri, r#"{"title": "亲清", "labels": {"a": "b"}}"#).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["title"], "亲清");
    let answer = call("POST", "/v1/shelves/s1/books", "").await;
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (200, b"null".as_slice()));
    assert_eq!(crate::library::get("/v1/titles").await.json(), json!(["亲", "清"]));

    // What follows the field's value must not become another field.
    let answer = call("POST", uri, r#"{"title": "x"}, "shelf": "s2""#).await;
    assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (400, "JSON_MALFORMED"));
    let answer = call("POST", "/v1/shelves/s1/books?book.title=x", "{}").await;
    assert_eq!(answer.reason(), "PARAMETER_UNKNOWN");
    let answer = call("POST", uri, r#"{"authors": [{"born": "secret7"}]}"#).await;
    assert_eq!(violation(&answer), (400, "FIELD_INVALID".to_owned(), "book.authors[0].born".to_owned()));
    let answer = call("POST", uri, r#"{"series": {"secret7": 1}}"#).await;
    assert_eq!(violation(&answer), (400, "FIELD_UNKNOWN".to_owned(), "book.series".to_owned()));
}

#[tokio::test]
async fn the_path_and_the_body_must_agree() {
    let answer = call("PATCH", "/v1/books/7", r#"{"book": {"bookId": "7", "title": "x"}}"#).await;
    assert_eq!(answer.json().pointer("/request/book/title"), Some(&json!("x")));
    let answer = call("PATCH", "/v1/books/7", r#"{"book": {"title": "x"}}"#).await;
    assert_eq!(answer.json().pointer("/request/book/bookId"), Some(&json!("7")));
    let answer = call("PATCH", "/v1/books/7", r#"{"book": {"bookId": "8"}}"#).await;
    assert_eq!(violation(&answer), (400, "FIELD_INVALID".to_owned(), "book.book_id".to_owned()));
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_by_the_path_of_the_field() {
    for (body, reason, field) in [
        (r#"{"secret7": 1}"#, "FIELD_UNKNOWN", ""),
        (r#"{"messages": [{}, {"aMessage": {"secret7": 1}}]}"#, "FIELD_UNKNOWN", "messages[1].a_message"),
        (r#"{"byString": {"secret7": {"x": 1}}}"#, "FIELD_UNKNOWN", "by_string[*]"),
        (r#"{"aBool": true, "aBool": true}"#, "FIELD_DUPLICATE", "a_bool"),
        (r#"{"aBool": true, "a_bool": true}"#, "FIELD_DUPLICATE", "a_bool"),
        (r#"{"byString": {"secret7": {}, "secret7": {}}}"#, "FIELD_DUPLICATE", "by_string[*]"),
        (r#"{"aStruct": {"secret7": 1, "secret7": 1}}"#, "FIELD_DUPLICATE", "a_struct[*]"),
        (r#"{"anInt32": "secret7"}"#, "FIELD_INVALID", "an_int32"),
        (r#"{"anInt32": 2147483648}"#, "FIELD_INVALID", "an_int32"),
        (r#"{"anInt32": 1.5}"#, "FIELD_INVALID", "an_int32"),
        (r#"{"aBool": "true"}"#, "FIELD_INVALID", "a_bool"),
        (r#"{"aString": 1}"#, "FIELD_INVALID", "a_string"),
        (r#"{"someBytes": "secret7!"}"#, "FIELD_INVALID", "some_bytes"),
        (r#"{"aGenre": "secret7"}"#, "FIELD_INVALID", "a_genre"),
        (r#"{"aMessage": []}"#, "FIELD_INVALID", "a_message"),
        (r#"{"messages": {}}"#, "FIELD_INVALID", "messages"),
        (r#"{"messages": [{}, {"aTimestamp": "secret7"}]}"#, "FIELD_INVALID", "messages[1].a_timestamp"),
        (r#"{"byInt64": {"secret7": true}}"#, "FIELD_INVALID", "by_int64"),
        (r#"{"choiceText": "secret7", "choiceAuthor": {}}"#, "FIELD_INVALID", ""),
        (r#"{"anything": {"@type": "x/secret7"}}"#, "FIELD_INVALID", "anything"),
        ("[]", "FIELD_INVALID", ""),
        ("\"secret7\"", "FIELD_INVALID", ""),
        ("null", "FIELD_INVALID", ""),
    ] {
        let answer = echo(body).await;
        assert_eq!(violation(&answer), (400, reason.to_owned(), field.to_owned()), "{body}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret7"), "{body}");
    }
}

#[tokio::test]
async fn malformed_json_is_refused_with_its_place_and_not_repeated() {
    for (body, line, column) in [
        ("{\n  \"aBool\": secret7\n}", 2, 12),
        ("{\"aString\": \"secret7", 1, 20),
        ("{} secret7", 1, 4),
        (" ", 1, 1),
        ("{\"aString\": \"\\ud800secret7\"}", 1, 20),
        ("{\"aDouble\": 01}", 1, 14),
    ] {
        let answer = echo(body).await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (400, "JSON_MALFORMED"), "{body}");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(text.contains(&format!("line {line}, column {column}")), "{body}: {text}");
        assert!(!text.contains("secret7"), "{body}");
    }
    assert_eq!(echo(b"{\"aString\": \"\xff\"}".to_vec()).await.reason(), "JSON_MALFORMED");
}

#[tokio::test]
async fn deep_nesting_is_refused_however_it_is_made() {
    let nested = |open: &str, close: &str, n: usize, core: &str| {
        format!("{}{core}{}", open.repeat(n), close.repeat(n))
    };
    for (body, fits) in [
        (nested("{\"aMessage\":", "}", 98, "{}"), true),
        (nested("{\"aMessage\":", "}", 100, "{}"), false),
        (nested("{\"aMessage\":", "}", 100_000, "{}"), false),
        (nested("{\"messages\":[", "]}", 49, "{}"), true),
        (nested("{\"messages\":[", "]}", 60_000, "{}"), false),
        (nested("{\"byString\":{\"k\":", "}}", 48, "{}"), true),
        (nested("{\"byString\":{\"k\":", "}}", 60, "{}"), false),
        (format!("{{\"aStruct\":{}}}", nested("{\"k\":", "}", 25, "1")), true),
        (format!("{{\"aStruct\":{}}}", nested("{\"k\":", "}", 60, "1")), false),
        (format!("{{\"aValue\":{}}}", nested("[", "]", 80, "1")), false),
        (format!("{{\"aValue\":{}}}", nested("[", "]", 500_000, "1")), false),
        ("[".repeat(1_000_000), false),
    ] {
        let answer = echo(body.clone()).await;
        let start = body.get(..40).unwrap_or(&body);
        assert_eq!(answer.status.as_u16(), if fits { 200 } else { 400 }, "{start}: {:?}", answer.reason());
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let mut small = config();
    small.max_body_bytes = 64;
    let transcoder = transcoder(small);
    let body = |n: usize| format!("{{\"aString\":\"{}\"}}", "x".repeat(n - 14));
    assert_eq!(send(&transcoder, request("POST", "/v1/echo", body(64))).await.status, 200);
    let whole = Body::from(body(65));
    let in_chunks = Body::from_stream(futures::stream::iter(
        body(65).into_bytes().chunks(10).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect::<Vec<_>>(),
    ));
    let endless = Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 32])));
    for body in [whole, in_chunks, endless] {
        let answer = send(&transcoder, request("POST", "/v1/echo", body)).await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (413, "BODY_TOO_LARGE"));
    }
    let broken =
        Body::from_stream(futures::stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("secret7"))]));
    let answer = send(&transcoder, request("POST", "/v1/echo", broken)).await;
    assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (400, "BODY_UNREADABLE"));
}

#[tokio::test]
async fn a_body_must_be_json_by_its_type_and_stand_where_one_is_taken() {
    for (content_type, status) in [
        (Some("application/json"), 200),
        (Some("application/json; charset=utf-8"), 200),
        (Some("application/json; charset=gbk"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("text/plain"), 415),
        (None, 415),
    ] {
        let mut asked = Request::builder().method("POST").uri("/v1/echo");
        if let Some(content_type) = content_type {
            asked = asked.header("content-type", content_type);
        }
        let asked = asked.body(Body::from("{}")).expect("a request");
        assert_eq!(send(&transcoder(config()), asked).await.status, status, "{content_type:?}");
    }
    for method in ["GET", "DELETE"] {
        let answer = call(method, "/v1/books/7", "{}").await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (400, "BODY_UNEXPECTED"), "{method}");
    }
}

fn kinds(depth: u32) -> impl Strategy<Value = Value> {
    let scalars = (
        (any::<i32>(), any::<i64>(), any::<u32>(), any::<u64>()),
        (-1e15_f64..1e15, -1e6_f32..1e6, any::<bool>(), any::<String>()),
        (proptest::collection::vec(any::<u8>(), 0..20), 0..4_i32, proptest::option::of(any::<i32>())),
        (proptest::collection::btree_map(any::<String>(), any::<bool>(), 0..3), 0..253_402_300_799_i64),
        proptest::collection::vec(any::<String>(), 0..3),
    );
    scalars
        .prop_map(|((i32, i64, u32, u64), (double, float, bool, string), (bytes, genre, maybe), (map, time), strings)| {
            use base64::Engine as _;
            let bytes = base64::engine::general_purpose::STANDARD.encode(bytes);
            json!({
                "anInt32": i32, "anInt64": i64.to_string(), "aUint32": u32, "aUint64": u64.to_string(),
                "aSint32": i32, "aSint64": i64.to_string(), "aFixed32": u32, "aFixed64": u64.to_string(),
                "anSfixed32": i32, "anSfixed64": i64.to_string(), "aDouble": double, "aFloat": float,
                "aBool": bool, "aString": string, "someBytes": bytes, "aGenre": genre, "maybe": maybe,
                "aStruct": map, "aTimestamp": prost_types::Timestamp { seconds: time, nanos: 0 }.to_string(),
                "strings": strings, "aStringValue": string, "byInt64": { i64.to_string(): bool },
                "aDuration": format!("{u32}s"), "choiceText": string, "doubles": [double],
            })
        })
        .prop_recursive(depth, 8, 2, |inner| {
            (inner.clone(), inner).prop_map(|(mut outer, inner)| {
                outer["aMessage"] = inner.clone();
                outer["messages"] = json!([inner]);
                outer["byString"] = json!({ "亲": inner });
                outer
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is written is read back as the same, and written as the same again.
    #[test]
    fn json_makes_the_round_trip(body in kinds(3)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (first, second) = runtime.block_on(async {
            let first = echo(body.to_string()).await;
            let second = echo(first.body.clone()).await;
            (first, second)
        });
        prop_assert_eq!(first.status, 200, "{}", String::from_utf8_lossy(&first.body));
        let (first, second) = (first.json(), second.json());
        prop_assert_eq!(&first, &second);
        for name in ["anInt64", "aUint64", "aDouble", "aString", "someBytes", "strings", "aDuration", "byInt64"] {
            prop_assert_eq!(&first[name], &body[name], "{}", name);
        }
    }
}
