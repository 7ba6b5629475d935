use std::collections::HashSet;

use qinqing_transcode::{Info, openapi};
use serde_json::{Value, json};

use crate::library::POOL;

fn document() -> Value {
    let info =
        Info { title: "Library".to_owned(), version: "1".to_owned(), description: "Books.".to_owned() };
    openapi(&POOL, &info, &|rpc, operation| {
        operation.insert("x-rpc".to_owned(), rpc.full_name().into());
        if rpc.name() == "ListTitles" {
            operation.insert("security".to_owned(), json!([]));
        }
    })
    .expect("the library's rules are good")
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods");
            let methods = methods.iter().filter(|(method, _)| !method.starts_with("x-"));
            methods.map(move |(method, operation)| (path.clone(), method.clone(), operation.clone()))
        })
        .collect()
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(target) if name == "$ref" => found.push(target.to_owned()),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_referred_to() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    for target in &found {
        assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
    }
    for name in document["components"]["schemas"].as_object().expect("schemas").keys() {
        assert!(found.iter().any(|target| target.ends_with(&format!("/{name}"))), "{name}");
    }
}

#[test]
fn every_path_parameter_is_declared_and_every_operation_is_named_once() {
    let mut ids = HashSet::new();
    let mut shapes = HashSet::new();
    let document = document();
    for path in document["paths"].as_object().expect("paths").keys() {
        let shape: String =
            path.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after)).collect();
        assert!(shapes.insert(shape), "{path} differs from another only in its names");
    }
    for (path, method, operation) in operations(&document) {
        let in_path: HashSet<String> = path
            .split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}').map(|(name, _)| name.to_owned()))
            .collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let mut declared = HashSet::new();
        let mut all = HashSet::new();
        for parameter in &parameters {
            assert!(
                all.insert((parameter["in"].clone(), parameter["name"].clone())),
                "{method} {path}: {parameter}"
            );
            if parameter["in"] == "path" {
                assert_eq!(parameter["required"], true);
                declared.insert(parameter["name"].as_str().expect("a name").to_owned());
            }
        }
        assert_eq!(in_path, declared, "{method} {path}");
        assert!(ids.insert(operation["operationId"].clone()), "{method} {path}");
        assert!(operation.pointer("/responses/200/content").is_some(), "{method} {path}");
        let error = operation.pointer("/responses/default/content/application~1json/schema/$ref");
        assert_eq!(error, Some(&json!("#/components/schemas/google.rpc.Status")));
    }
}

#[test]
fn comments_options_and_extensions_are_shown() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["security"], json!([{ "bearer": [] }]));
    assert_eq!(document["tags"][0]["description"], "Lends books. Echoes what it is given.");
    let get = &document["paths"]["/v1/books/{book_id}"]["get"];
    assert_eq!(get["summary"], "Gets one book.");
    assert_eq!(get["description"], "Gets one book. Errors: BOOK_NOT_FOUND.");
    assert_eq!(get["operationId"], "LibraryService_GetBook");
    assert_eq!(get["x-rpc"], "library.v1.LibraryService.GetBook");
    assert_eq!(get["parameters"][0]["description"], "Its number.");
    assert_eq!(document["paths"]["/v1/titles"]["get"]["security"], json!([]));
    let prepare = &document["paths"]["/v1/files/{path}:prepare"]["x-additionalOperations"]["REPORT"];
    assert_eq!(prepare["operationId"], "LibraryService_PrepareFile");
    let titles =
        document.pointer("/paths/~1v1~1titles/get/responses/200/content/application~1json/schema/type");
    assert_eq!(titles, Some(&json!("array")));
    let genre = &document["components"]["schemas"]["library.v1.Genre"];
    assert_eq!(genre["enum"], json!(["GENRE_UNSPECIFIED", "GENRE_FICTION", "GENRE_HISTORY"]));
    let said = genre["description"].as_str().expect("a description");
    assert!(said.contains("- `GENRE_HISTORY`: True, or so they say."), "{said}");
    let book = &document["components"]["schemas"]["library.v1.Book"]["properties"];
    assert_eq!(
        book["genre"],
        json!({ "$ref": "#/components/schemas/library.v1.Genre", "description": "Its genre." })
    );
    assert_eq!(book["labels"]["additionalProperties"]["type"], "string");
}

#[test]
fn what_the_path_gives_is_in_neither_body_nor_query() {
    let document = document();
    let lend = document
        .pointer("/paths/~1v1~1books~1{book_id}:lend/post/requestBody/content/application~1json/schema");
    let properties = lend.and_then(|schema| schema["properties"].as_object()).expect("properties");
    assert_eq!(properties.keys().collect::<Vec<_>>(), ["reader"]);
    let list = document["paths"]["/v1/books"]["get"]["parameters"].as_array().expect("parameters").clone();
    let names: Vec<_> = list.iter().filter_map(|parameter| parameter["name"].as_str()).collect();
    for name in
        ["filter.genre", "filter.publishedAfter", "filter.word", "pageSize", "readMask", "ids", "byTitle"]
    {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("butNot")), "a message within itself ends: {names:?}");
    let watch = &document["paths"]["/v1/books:watch"]["get"]["responses"]["200"]["content"];
    let types: Vec<_> = watch.as_object().expect("content").keys().collect();
    assert_eq!(types, ["application/x-ndjson", "text/event-stream"]);
    assert!(document["paths"].get("/v1/by-name/shelves/{name}/books/{name_2}").is_some());
}
