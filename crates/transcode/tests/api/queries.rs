use serde_json::{Value, json};

use crate::library::get;

#[tokio::test]
async fn query_parameters_set_fields_by_dotted_names() {
    for (query, pointer, expected) in [
        ("pageSize=5", "/pageSize", json!(5)),
        ("page_size=-5", "/pageSize", json!(-5)),
        ("filter.genre=GENRE_HISTORY", "/filter/genre", json!("GENRE_HISTORY")),
        ("filter.genre=2", "/filter/genre", json!("GENRE_HISTORY")),
        ("filter.genre=99", "/filter/genre", json!(99)),
        (
            "filter.publishedAfter=2026-03-02T08:00:00%2B08:00",
            "/filter/publishedAfter",
            json!("2026-03-02T00:00:00Z"),
        ),
        ("filter.lent_for=1.5s", "/filter/lentFor", json!("1.500s")),
        ("filter.word=%E4%BA%B2+%E6%B8%85", "/filter/word", json!("亲 清")),
        ("filter.word=", "/filter/word", json!("")),
        ("filter.word", "/filter/word", json!("")),
        ("filter.word=a=b", "/filter/word", json!("a=b")),
        ("filter.minPages=4294967295", "/filter/minPages", json!(4_294_967_295_u32)),
        ("filter.available=false", "/filter/available", json!(false)),
        ("filter.mark=_-8", "/filter/mark", json!("/+8=")),
        ("filter.minRating=1.1", "/filter/minRating", json!(1.1)),
        ("filter.minRating=-Infinity", "/filter/minRating", json!("-Infinity")),
        ("filter.butNot.butNot.word=x", "/filter/butNot/butNot/word", json!("x")),
        ("readMask=bookId,request.shelf", "/readMask", json!("bookId,request.shelf")),
        ("ids=1&ids=-2&ids=9007199254740993", "/ids", json!(["1", "-2", "9007199254740993"])),
        ("genres=GENRE_FICTION&genres=2", "/genres", json!(["GENRE_FICTION", "GENRE_HISTORY"])),
        ("&&byTitle=true&", "/byTitle", json!(true)),
    ] {
        let answer = get(&format!("/v1/books?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", String::from_utf8_lossy(&answer.body));
        let json = answer.json();
        assert_eq!(json["request"].pointer(pointer), Some(&expected), "{query}: {json}");
    }
}

#[tokio::test]
async fn a_parameter_that_does_not_fit_is_refused_by_the_name_of_its_field() {
    for (query, field) in [
        ("pageSize=secret7", "page_size"),
        ("pageSize=", "page_size"),
        ("pageSize=2147483648", "page_size"),
        ("pageSize=1&pageSize=1", "page_size"),
        ("pageSize=1&page_size=2", "page_size"),
        ("filter.genre=secret7", "filter.genre"),
        ("filter.publishedAfter=secret7", "filter.published_after"),
        ("filter.publishedAfter=2026-03-02", "filter.published_after"),
        ("filter.lentFor=secret7", "filter.lent_for"),
        ("filter.minPages=-1", "filter.min_pages"),
        ("filter.minRating=inf", "filter.min_rating"),
        ("filter.minRating=1e39", "filter.min_rating"),
        ("filter.available=1", "filter.available"),
        ("filter.mark=%21secret7", "filter.mark"),
        ("readMask=secret7_a", "read_mask"),
        ("ids=1&ids=secret7", "ids"),
        ("byTitle=true&byYear=true", "by_year"),
    ] {
        let answer = get(&format!("/v1/books?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (400, "FIELD_INVALID"), "{query}");
        assert_eq!(
            answer.json().pointer("/details/1/fieldViolations/0/field"),
            Some(&Value::from(field)),
            "{query}"
        );
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret7"), "{query}");
    }
}

#[tokio::test]
async fn a_parameter_that_the_method_does_not_take_is_refused() {
    let too_deep = format!("/v1/books?filter{}.word=x", ".butNot".repeat(5_000));
    for uri in [
        "/v1/books?secret7=1",
        "/v1/books?pageSize=1&secret7=1",
        "/v1/books?filter=1",
        "/v1/books?filter.secret7=1",
        "/v1/books?pageSize.secret7=1",
        "/v1/books?filter.word.value=1",
        "/v1/books?=1",
        "/v1/books?.=1",
        "/v1/books/7?bookId=8",
        "/v1/echo?byString.x=1",
        "/v1/echo?aStruct=1",
        "/v1/echo?messages.aBool=true",
        "/v1/echo?anything=1",
        &too_deep,
    ] {
        let answer = get(uri).await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (400, "PARAMETER_UNKNOWN"), "{uri}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret7"), "{uri}");
    }
}
