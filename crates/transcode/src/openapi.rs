//! The bindings as an `OpenAPI` 3.1 document.

mod comments;
mod parameters;
mod schema;

use std::collections::{BTreeMap, HashSet};

use http::Method;
use prost_reflect::{DescriptorPool, FieldDescriptor, MethodDescriptor};
use serde_json::{Map, Value, json};

use crate::{
    BuildError,
    rule::{self, Binding, BodyRule},
};
use comments::Comments;
use parameters::Paths;
use schema::Schemas;

/// The heading of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Name of the API.
    pub title: String,
    /// Version of the API, not of `OpenAPI`.
    pub version: String,
    /// Markdown.
    pub description: String,
}

/// Adds to one operation what the annotations do not say: text, `x-…` members, another `security`.
/// It runs for every binding of the method, last, and may change any member.
pub type Extension<'a> = &'a dyn Fn(&MethodDescriptor, &mut Map<String, Value>);

/// Describes every annotated method of `pool`. Comments become descriptions, if the descriptor set was
/// made with source info. Every operation asks for a bearer token unless `extend` says otherwise.
///
/// Fails as [`Transcoder::new`](crate::Transcoder::new) does, so what is described can be served.
pub fn openapi(pool: &DescriptorPool, info: &Info, extend: Extension<'_>) -> Result<Value, BuildError> {
    let bindings = rule::bindings(pool)?;
    let comments = Comments::read(pool);
    let mut document = Document {
        schemas: Schemas::new(&comments),
        comments: &comments,
        paths: Paths::default(),
        ids: HashSet::new(),
    };
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut tags: BTreeMap<String, Value> = BTreeMap::new();
    for binding in &bindings {
        let (path, mut operation) = document.operation(binding);
        extend(&binding.rpc, &mut operation);
        put(paths.entry(path).or_default(), &binding.method, operation);
        let service = binding.rpc.parent_service();
        tags.entry(service.full_name().to_owned()).or_insert_with(|| {
            let description = comments.of(&service.parent_file(), service.path());
            json!({ "name": service.full_name(), "description": description })
        });
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": { "title": info.title, "version": info.version, "description": info.description },
        "tags": tags.into_values().collect::<Vec<_>>(),
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "schemas": document.schemas.finish(),
        },
    }))
}

/// Puts an operation under its method. `OpenAPI` 3.1 knows no methods but its own, so any other stands in
/// an extension.
fn put(path: &mut Map<String, Value>, method: &Method, operation: Map<String, Value>) {
    let standard = [Method::GET, Method::PUT, Method::POST, Method::DELETE, Method::PATCH].contains(method);
    if standard {
        path.insert(method.as_str().to_ascii_lowercase(), Value::Object(operation));
        return;
    }
    let others = path.entry("x-additionalOperations").or_insert_with(|| json!({}));
    if let Some(others) = others.as_object_mut() {
        others.insert(method.as_str().to_owned(), Value::Object(operation));
    }
}

struct Document<'a> {
    comments: &'a Comments,
    schemas: Schemas<'a>,
    paths: Paths,
    ids: HashSet<String>,
}

impl Document<'_> {
    fn operation(&mut self, binding: &Binding) -> (String, Map<String, Value>) {
        let rpc = &binding.rpc;
        let (path, mut parameters) = self.paths.render(binding, &mut self.schemas);
        parameters.extend(parameters::query(binding, &mut self.schemas));

        let mut operation = Map::new();
        operation.insert("operationId".to_owned(), self.operation_id(binding).into());
        operation.insert("tags".to_owned(), json!([rpc.parent_service().full_name()]));
        let comment = self.comments.of(&rpc.parent_file(), rpc.path());
        if !comment.is_empty() {
            operation.insert("summary".to_owned(), comments::first_sentence(comment).into());
            operation.insert("description".to_owned(), comment.into());
        }
        if !parameters.is_empty() {
            operation.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(schema) = self.request_schema(binding) {
            let body = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
            operation.insert("requestBody".to_owned(), body);
        }
        operation.insert("responses".to_owned(), self.responses(binding));
        (path, operation)
    }

    /// Unique: a second method of the same short name is named in full, further bindings are numbered.
    fn operation_id(&mut self, binding: &Binding) -> String {
        let service = binding.rpc.parent_service();
        let suffix = if binding.index == 0 { String::new() } else { format!("_{}", binding.index + 1) };
        let short = format!("{}_{}{suffix}", service.name(), binding.rpc.name());
        let full = format!("{}_{}{suffix}", service.full_name().replace('.', "_"), binding.rpc.name());
        let id = if self.ids.contains(&short) { full } else { short };
        self.ids.insert(id.clone());
        id
    }

    fn request_schema(&mut self, binding: &Binding) -> Option<Value> {
        match &binding.body {
            BodyRule::None => None,
            BodyRule::Field(field) => Some(self.schemas.field(field)),
            BodyRule::Whole => {
                let input = binding.rpc.input();
                let in_path: Vec<FieldDescriptor> = binding
                    .variables
                    .iter()
                    .filter(|variable| variable.fields.len() == 1)
                    .filter_map(|variable| variable.fields.first().cloned())
                    .collect();
                Some(if in_path.is_empty() {
                    self.schemas.message(&input)
                } else {
                    self.schemas.object(&input, &in_path)
                })
            }
        }
    }

    fn responses(&mut self, binding: &Binding) -> Value {
        let schema = match &binding.response_body {
            Some(field) => self.schemas.field(field),
            None => self.schemas.message(&binding.rpc.output()),
        };
        let is_file = crate::download::piece_field(binding).is_some();
        let content = if is_file {
            json!({ "application/octet-stream": {} })
        } else if binding.rpc.is_server_streaming() {
            json!({ "application/x-ndjson": { "schema": schema }, "text/event-stream": { "schema": schema } })
        } else {
            json!({ "application/json": { "schema": schema } })
        };
        let description = if is_file {
            "A file, with the media type and the name that it says of itself."
        } else if binding.rpc.is_server_streaming() {
            "A stream: one message a line, or one server-sent event each. A last `{\"error\": …}` tells of a \
             failure on the way."
        } else {
            "Done."
        };
        let error = json!({ "$ref": format!("#/components/schemas/{}", schema::ERROR) });
        json!({
            "200": { "description": description, "content": content },
            "default": { "description": "Failed.", "content": { "application/json": { "schema": error } } },
        })
    }
}
