use crate::library::{call, get};

#[tokio::test]
async fn a_path_leads_to_its_method_and_gives_its_fields() {
    for (method, uri, rpc, pointer, expected) in [
        ("GET", "/v1/books/7", "GetBook", "/request/bookId", "7"),
        ("GET", "/v1/books/own", "GetOwnBook", "/request/bookId", ""),
        ("GET", "/v1/books/%6Fwn", "GetOwnBook", "/request/bookId", ""),
        ("GET", "/v1/shelves/s%201/books/7", "GetBook", "/request/shelf", "s 1"),
        ("GET", "/v1/books/a%2Fb", "GetBook", "/request/bookId", "a/b"),
        ("GET", "/v1/books/a+b", "GetBook", "/request/bookId", "a+b"),
        ("GET", "/v1/books/%E4%BA%B2%e6%b8%85", "GetBook", "/request/bookId", "亲清"),
        ("GET", "/v1/books/a%3Alend", "GetBook", "/request/bookId", "a:lend"),
        ("GET", "/v1/books/a:b", "GetBook", "/request/bookId", "a:b"),
        ("POST", "/v1/books/7:lend", "LendBook", "/request/bookId", "7"),
        ("POST", "/v1/books/a%3Ab:lend", "LendBook", "/request/bookId", "a:b"),
        ("POST", "/v1/books/a:b:lend", "LendBook", "/request/bookId", "a:b"),
        ("POST", "/v1/books/7:l%65nd", "LendBook", "/request/bookId", "7"),
        (
            "GET",
            "/v1/by-name/shelves/s%2f1/books/%E4%BA%B2",
            "GetBook",
            "/request/name",
            "shelves/s%2f1/books/亲",
        ),
        ("GET", "/v1/files/a/b/c", "ReadFile", "/request/path", "a/b/c"),
        ("GET", "/v1/files/a%20b//", "ReadFile", "/request/path", "a b//"),
        ("GET", "/v1/files", "ReadFile", "/request/path", ""),
        ("GET", "/v1/files/a:b", "ReadFile", "/request/path", "a:b"),
        ("REPORT", "/v1/files/a/b:prepare", "PrepareFile", "/request/path", "a/b"),
    ] {
        let answer = call(method, uri, "").await;
        assert_eq!(answer.status, 200, "{method} {uri}");
        assert_eq!(answer.header("x-rpc"), rpc, "{method} {uri}");
        let json = answer.json();
        assert_eq!(json.pointer(pointer).and_then(|v| v.as_str()), Some(expected), "{method} {uri}: {json}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    for uri in
        ["/", "/v1", "/v1/", "/v1/books/", "/v1/books/7/", "/v1/books/7/pages", "/v2/books", "//v1/books"]
    {
        let answer = get(uri).await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (404, "PATH_UNKNOWN"), "{uri}");
        assert_eq!(answer.json()["code"], 5);
    }
}

#[tokio::test]
async fn a_known_path_tells_its_methods() {
    for (method, uri, allowed) in [
        ("PUT", "/v1/books/7", "DELETE, GET, PATCH"),
        ("OPTIONS", "/v1/books", "GET"),
        ("GET", "/v1/books/7:lend", "POST"),
        ("GET", "/v1/files/a:prepare", "REPORT"),
        ("HEAD", "/v1/books:watch", "GET"),
        ("DELETE", "/v1/books/own", "DELETE, GET, PATCH"),
    ] {
        let answer = call(method, uri, "").await;
        if (method, uri) == ("DELETE", "/v1/books/own") {
            // The literal has no DELETE, so the variable takes it.
            assert_eq!(answer.header("x-rpc"), "DeleteBook");
            continue;
        }
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, allowed), "{method} {uri}");
        assert_eq!(answer.reason(), "METHOD_NOT_ALLOWED");
    }
}

#[tokio::test]
async fn a_broken_escape_is_refused_without_being_repeated() {
    for uri in
        ["/v1/books/%zz9", "/v1/books/%ff", "/v1/files/a/%E4%BA", "/v1/books?pageSize=%zz9", "/v1/books?%=1"]
    {
        let answer = get(uri).await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (400, "URL_MALFORMED"), "{uri}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("zz9"));
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let whole = get("/v1/books/7").await;
    let head = call("HEAD", "/v1/books/7", "").await;
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), whole.body.len().to_string());
}
