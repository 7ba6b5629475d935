use std::collections::HashMap;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Value, json};

use crate::{
    assign::{is_given_elsewhere, takes_text},
    openapi::schema::Schemas,
    rule::Binding,
    template::Segment,
};

/// The paths of the document. Paths that differ only in the names of their parameters count as one in
/// `OpenAPI`, so the first spelling serves for all.
#[derive(Default)]
pub(crate) struct Paths {
    by_shape: HashMap<String, (String, Vec<String>)>,
}

impl Paths {
    /// The path and its parameters. A variable over several segments becomes one parameter for each
    /// wildcard in it.
    pub(crate) fn render(&mut self, binding: &Binding, schemas: &mut Schemas<'_>) -> (String, Vec<Value>) {
        let (mut path, mut shape) = (String::new(), String::new());
        let mut wildcards = Vec::new();
        for (at, segment) in binding.template.segments.iter().enumerate() {
            path.push('/');
            shape.push('/');
            if let Segment::Literal(text) = segment {
                path.push_str(text);
                shape.push_str(text);
                continue;
            }
            let variable = binding.variables.iter().find(|variable| variable.segments.contains(&at));
            let field = variable.and_then(|variable| variable.fields.last()).cloned();
            let base = field.as_ref().map_or("segment", |field| field.name());
            let mut name = base.to_owned();
            let mut n = 1;
            while wildcards.iter().any(|wildcard: &Wildcard| wildcard.name == name) {
                n += 1;
                name = format!("{base}_{n}");
            }
            path.extend(["{", &name, "}"]);
            shape.push_str("{}");
            let alone = variable.is_some_and(|variable| !variable.multi);
            wildcards.push(Wildcard {
                name,
                field: field.filter(|_| alone),
                rest: *segment == Segment::Rest,
            });
        }
        if let Some(verb) = &binding.template.verb {
            path.extend([":", verb]);
            shape.extend([":", verb]);
        }
        let names = wildcards.iter().map(|wildcard| wildcard.name.clone()).collect();
        let (path, names) = self.by_shape.entry(shape).or_insert((path, names));
        let parameters = wildcards
            .iter()
            .zip(names.iter())
            .map(|(wildcard, name)| wildcard.parameter(name, schemas))
            .collect();
        (path.clone(), parameters)
    }
}

struct Wildcard {
    name: String,
    /// The field, where the wildcard is the whole of its value.
    field: Option<FieldDescriptor>,
    rest: bool,
}

impl Wildcard {
    fn parameter(&self, name: &str, schemas: &mut Schemas<'_>) -> Value {
        let (schema, comment) = match &self.field {
            Some(field) => (schemas.value(&field.kind()), schemas.comment(field)),
            None => (json!({ "type": "string" }), String::new()),
        };
        let description = if self.rest {
            format!("{comment} The rest of the path, which may hold slashes.").trim().to_owned()
        } else {
            comment
        };
        let mut parameter = json!({ "name": name, "in": "path", "required": true, "schema": schema });
        describe(&mut parameter, description);
        parameter
    }
}

/// The query parameters: every field that neither path nor body gives and that one text can express,
/// also within single messages. A message within itself is left out.
pub(crate) fn query(binding: &Binding, schemas: &mut Schemas<'_>) -> Vec<Value> {
    let mut parameters = Vec::new();
    collect(binding, &binding.rpc.input(), &mut Vec::new(), schemas, &mut parameters);
    parameters
}

fn collect(
    binding: &Binding,
    message: &MessageDescriptor,
    outer: &mut Vec<FieldDescriptor>,
    schemas: &mut Schemas<'_>,
    parameters: &mut Vec<Value>,
) {
    for field in message.fields() {
        outer.push(field.clone());
        if is_given_elsewhere(binding, outer) {
            // Not a parameter.
        } else if takes_text(&field) {
            let name = outer.iter().map(FieldDescriptor::json_name).collect::<Vec<_>>().join(".");
            let value = schemas.value(&field.kind());
            let schema = if field.is_list() { json!({ "type": "array", "items": value }) } else { value };
            let mut parameter = json!({ "name": name, "in": "query", "schema": schema });
            describe(&mut parameter, schemas.comment(&field));
            parameters.push(parameter);
        } else if let Kind::Message(inner) = field.kind() {
            let within_itself =
                inner == binding.rpc.input() || outer.iter().any(|f| *f.parent_message() == inner);
            if !field.is_list()
                && !field.is_map()
                && !within_itself
                && inner.package_name() != "google.protobuf"
            {
                collect(binding, &inner, outer, schemas, parameters);
            }
        }
        outer.pop();
    }
}

fn describe(parameter: &mut Value, description: String) {
    if let (Some(parameter), false) = (parameter.as_object_mut(), description.is_empty()) {
        parameter.insert("description".to_owned(), description.into());
    }
}
