//! The contracts as OpenAPI, with who may call each RPC, and as a page to read.

use std::fmt::Write as _;

use access::{MethodRule, Rules};
use anyhow::Context as _;
use prost_reflect::MethodDescriptor;
use serde_json::{Map, Value};
use transcode::Info;

use crate::files;

/// The document.
pub fn document() -> anyhow::Result<Value> {
    let rules = Rules::from_pool(proto::pool())?;
    let info = Info {
        title: "Qinqing (亲清)".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "Enterprise service manager platform. Every RPC is open as gRPC on the same port."
            .to_owned(),
    };
    let extend = |method: &MethodDescriptor, operation: &mut Map<String, Value>| {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        if let Some(rule) = rules.get(&path) {
            operation.insert("x-access".to_owned(), Value::from(who(rule)));
            if rule.public {
                operation.insert("security".to_owned(), Value::Array(Vec::new()));
            }
        }
    };
    let mut document = transcode::openapi(proto::pool(), &info, &extend).context("the OpenAPI document")?;
    let who = |method: &str| {
        let path = format!("/qinqing.workflow.v1.AttachmentService/{method}");
        rules.get(&path).map(|rule| who(rule)).unwrap_or_default()
    };
    files::describe(&mut document, &who("UploadAttachment"), &who("DownloadAttachment"));
    Ok(document)
}

/// Who may call, as the reader of the page sees it.
fn who(rule: &MethodRule) -> Vec<String> {
    let mut who: Vec<String> =
        rule.grants.iter().map(|(role, relation)| format!("{role} {relation}")).collect();
    who.extend(rule.scopes.iter().map(|scope| format!("scope {scope}")));
    if rule.public {
        who.push("everybody".to_owned());
    }
    if rule.services {
        who.push("the suite's services".to_owned());
    }
    who
}

/// The document as a page that needs no script.
pub fn page(document: &Value) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Qinqing API</title><style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;\
         padding:0 1rem;color:#1b1b1b;background:#fff}h2{margin-top:2.5rem;border-bottom:1px solid #ccc}\
         h3{margin:1.5rem 0 .2rem;font:600 15px ui-monospace,monospace;overflow-wrap:anywhere}\
         p{margin:.2rem 0;white-space:pre-line}.who{color:#555}</style><h1>Qinqing (亲清) API</h1>\
         <p>The same as a document for tools: <a href=\"/openapi.json\">/openapi.json</a>.</p>",
    );
    let mut tag = "";
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let of = operation["tags"][0].as_str().unwrap_or_default();
            if of != tag {
                tag = of;
                let _ = write!(html, "<h2>{}</h2>", escaped(tag));
            }
            let text =
                operation["description"].as_str().or(operation["summary"].as_str()).unwrap_or_default();
            let who: Vec<&str> =
                operation["x-access"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let _ = write!(
                html,
                "<h3>{} {}</h3><p>{}</p><p class=\"who\">{}</p>",
                method.to_uppercase(),
                escaped(path),
                escaped(text),
                escaped(&who.join(" · "))
            );
        }
    }
    html.push_str("</html>");
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
