use prost_reflect::DescriptorPool;
use qinqing_transcode::{Transcoder, openapi};
use tower::service_fn;

use crate::library::{POOL, pool_of, serve};

fn refusal(content: &str) -> String {
    let pool = pool_of(content);
    let info =
        qinqing_transcode::Info { title: String::new(), version: String::new(), description: String::new() };
    let document = openapi(&pool, &info, &|_, _| {}).err();
    let built = Transcoder::new(pool, service_fn(serve)).err();
    assert_eq!(document, built, "what is described is what is served");
    built.map(|err| err.to_string()).unwrap_or_default()
}

fn rpc(name: &str, rule: &str) -> String {
    format!("rpc {name}(M) returns (M) {{ option (google.api.http) = {{ {rule} }}; }} ")
}

#[test]
fn a_rule_that_cannot_be_served_is_refused_by_name() {
    for (rule, words) in [
        ("get: \"/v1/{nothing}\"", &["t.S.A", "`nothing`", "t.M"][..]),
        ("get: \"/v1/{inner.nothing}\"", &["t.S.A", "inner.nothing", "t.M"]),
        ("get: \"/v1/{a.b}\"", &["t.S.A", "a.b"]),
        ("get: \"/v1/{many}\"", &["t.S.A", "many"]),
        ("get: \"/v1/{map}\"", &["t.S.A", "map"]),
        ("get: \"/v1/{inner}\"", &["t.S.A", "inner"]),
        ("get: \"v1\"", &["t.S.A", "`v1`"]),
        ("get: \"/v1/{a=**}/x\"", &["t.S.A", "**"]),
        ("post: \"/v1\" body: \"nothing\"", &["t.S.A", "nothing"]),
        ("post: \"/v1/{a}\" body: \"a\"", &["t.S.A", "both the path and the body"]),
        ("get: \"/v1\" body: \"*\"", &["t.S.A", "GET"]),
        ("get: \"/v1\" response_body: \"nothing\"", &["t.S.A", "nothing"]),
        ("custom { kind: \"HEAD\" path: \"/v1\" }", &["t.S.A"]),
        ("body: \"*\"", &["t.S.A"]),
    ] {
        let refusal = refusal(&rpc("A", rule));
        for word in words {
            assert!(refusal.contains(word), "{rule}: {refusal:?} lacks {word}");
        }
    }
    let stream = "rpc A(stream M) returns (M) { option (google.api.http) = { post: \"/v1\" body: \"*\" }; }";
    assert!(refusal(stream).contains("client stream"));
}

#[test]
fn rules_that_match_the_same_requests_are_refused_naming_both() {
    for (first, second, word) in [
        ("get: \"/v1/{a}\"", "get: \"/v1/{b}\"", "collide"),
        ("get: \"/v1/{a}/x\"", "get: \"/v1/{b=*}/x\"", "collide"),
        ("post: \"/v1/{a}:go\"", "post: \"/v1/{b}:go\" body: \"*\"", "collide"),
        ("get: \"/v1/{a}/x\"", "get: \"/v1/y/{b}\"", "ambiguous"),
        ("get: \"/{a}/x/y\"", "get: \"/v1/{b=**}\"", "ambiguous"),
    ] {
        let refusal = refusal(&(rpc("A", first) + &rpc("B", second)));
        assert!(
            ["t.S.A", "t.S.B", word].iter().all(|part| refusal.contains(part)),
            "{first} {second}: {refusal:?}"
        );
    }
    let twice = "get: \"/v1/{a}\" additional_bindings { get: \"/v1/{b}\" }";
    assert!(refusal(&rpc("A", twice)).contains("collide"));
}

#[test]
fn rules_that_can_be_told_apart_live_together() {
    for (first, second) in [
        ("get: \"/v1/{a}\"", "delete: \"/v1/{a}\""),
        ("get: \"/v1/{a}\"", "get: \"/v1/x\""),
        ("get: \"/v1/{a}\"", "get: \"/v1/{a}:go\""),
        ("get: \"/v1/{a}\"", "get: \"/v1/{a=**}\""),
        ("post: \"/v1/{a}:go\"", "post: \"/v1/{a}:stop\""),
        ("get: \"/v1/{a}/x\"", "get: \"/v1/y/{b}/x\""),
    ] {
        assert_eq!(refusal(&(rpc("A", first) + &rpc("B", second))), "", "{first} {second}");
    }
}

#[test]
fn bindings_can_be_listed_and_a_pool_without_rules_serves_nothing() {
    let transcoder = Transcoder::new(POOL.clone(), service_fn(serve)).expect("good rules");
    let lend = transcoder.bindings().iter().find(|binding| binding.template() == "/v1/books/{book_id}:lend");
    let lend = lend.expect("it is bound");
    assert_eq!(lend.method(), http::Method::POST);
    assert_eq!(lend.grpc_path(), "/library.v1.LibraryService/LendBook");
    assert_eq!(lend.rpc().name(), "LendBook");
    assert!(transcoder.bindings().iter().all(|binding| binding.rpc().name() != "Recount"));
    let nothing = Transcoder::new(DescriptorPool::global(), service_fn(serve)).expect("no rules");
    assert!(nothing.bindings().is_empty());
}
