use std::collections::HashSet;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::openapi::comments::Comments;

/// Name of the schema that every error has.
pub(crate) const ERROR: &str = "google.rpc.Status";

/// The schemas of the document: whatever is referred to is put down by [`Schemas::finish`].
pub(crate) struct Schemas<'a> {
    comments: &'a Comments,
    known: HashSet<String>,
    waiting: Vec<Named>,
}

enum Named {
    Message(MessageDescriptor),
    Enum(EnumDescriptor),
}

impl<'a> Schemas<'a> {
    pub(crate) fn new(comments: &'a Comments) -> Self {
        Self { comments, known: HashSet::new(), waiting: Vec::new() }
    }

    /// A message: a reference, or the schema itself where it has a JSON form of its own.
    pub(crate) fn message(&mut self, message: &MessageDescriptor) -> Value {
        if message.package_name() == "google.protobuf" {
            return well_known(message.full_name());
        }
        if self.known.insert(message.full_name().to_owned()) {
            self.waiting.push(Named::Message(message.clone()));
        }
        reference(message.full_name())
    }

    /// One value of a kind, whatever its field's cardinality.
    pub(crate) fn value(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Double | Kind::Float => {
                let format = if *kind == Kind::Double { "double" } else { "float" };
                json!({ "oneOf": [
                    { "type": "number", "format": format },
                    { "type": "string", "enum": ["NaN", "Infinity", "-Infinity"] },
                ] })
            }
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({ "type": "integer", "format": "int32" }),
            Kind::Uint32 | Kind::Fixed32 => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                json!({ "type": "string", "format": "int64", "pattern": "^-?[0-9]+$" })
            }
            Kind::Uint64 | Kind::Fixed64 => {
                json!({ "type": "string", "format": "uint64", "pattern": "^[0-9]+$" })
            }
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::String => json!({ "type": "string" }),
            Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
            Kind::Enum(kind) if kind.full_name() == "google.protobuf.NullValue" => json!({ "type": "null" }),
            Kind::Enum(kind) => {
                if self.known.insert(kind.full_name().to_owned()) {
                    self.waiting.push(Named::Enum(kind.clone()));
                }
                reference(kind.full_name())
            }
            Kind::Message(message) => self.message(message),
        }
    }

    /// A field with its cardinality and its comment.
    pub(crate) fn field(&mut self, field: &FieldDescriptor) -> Value {
        let mut schema = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let value = self.value(&entry.map_entry_value_field().kind());
                json!({ "type": "object", "additionalProperties": value })
            }
            kind if field.is_list() => json!({ "type": "array", "items": self.value(&kind) }),
            kind => self.value(&kind),
        };
        describe(&mut schema, &self.comment(field));
        schema
    }

    pub(crate) fn comment(&self, field: &FieldDescriptor) -> String {
        self.comments.of(&field.parent_file(), field.path()).to_owned()
    }

    /// A message as an object, without some of its fields.
    pub(crate) fn object(&mut self, message: &MessageDescriptor, except: &[FieldDescriptor]) -> Value {
        let properties: Map<String, Value> = message
            .fields()
            .filter(|field| !except.contains(field))
            .map(|field| (field.json_name().to_owned(), self.field(&field)))
            .collect();
        let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        let mut description = self.comments.of(&message.parent_file(), message.path()).to_owned();
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let members: Vec<_> = oneof.fields().map(|field| format!("`{}`", field.json_name())).collect();
            description.extend(["\n\nAt most one of ", &members.join(", "), "."]);
        }
        describe(&mut schema, description.trim());
        schema
    }

    /// All schemas that were referred to, and the one of errors.
    pub(crate) fn finish(mut self) -> Map<String, Value> {
        let mut schemas = Map::new();
        while let Some(named) = self.waiting.pop() {
            match named {
                Named::Message(message) => {
                    schemas.insert(message.full_name().to_owned(), self.object(&message, &[]));
                }
                Named::Enum(kind) => {
                    schemas.insert(kind.full_name().to_owned(), self.enumeration(&kind));
                }
            }
        }
        schemas.insert(ERROR.to_owned(), error());
        schemas
    }

    fn enumeration(&self, kind: &EnumDescriptor) -> Value {
        let file = kind.parent_file();
        let mut description = self.comments.of(&file, kind.path()).to_owned();
        let mut names = Vec::new();
        for value in kind.values() {
            names.push(value.name().to_owned());
            let comment = self.comments.of(&file, value.path()).replace('\n', " ");
            if !comment.is_empty() {
                let first = if names.len() == 1 { "\n\n" } else { "\n" };
                description.extend([first, "- `", value.name(), "`: ", &comment]);
            }
        }
        let mut schema = json!({ "type": "string", "enum": names });
        describe(&mut schema, description.trim());
        schema
    }
}

fn reference(full_name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{full_name}") })
}

fn describe(schema: &mut Value, description: &str) {
    if let (Some(schema), false) = (schema.as_object_mut(), description.is_empty()) {
        schema.insert("description".to_owned(), description.into());
    }
}

fn well_known(full_name: &str) -> Value {
    match full_name.trim_start_matches("google.protobuf.") {
        "Timestamp" => json!({ "type": "string", "format": "date-time" }),
        "Duration" => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,9})?s$" }),
        "FieldMask" => json!({ "type": "string", "description": "Field names, separated by commas." }),
        "DoubleValue" | "FloatValue" => json!({ "type": ["number", "null"] }),
        "Int64Value" | "UInt64Value" => json!({ "type": ["string", "null"], "pattern": "^-?[0-9]+$" }),
        "Int32Value" | "UInt32Value" => json!({ "type": ["integer", "null"] }),
        "BoolValue" => json!({ "type": ["boolean", "null"] }),
        "StringValue" => json!({ "type": ["string", "null"] }),
        "BytesValue" => json!({ "type": ["string", "null"], "contentEncoding": "base64" }),
        "ListValue" => json!({ "type": "array", "items": {} }),
        "Any" => any(),
        "Value" => json!({}),
        // Struct, Empty, and what else the package may hold.
        _ => json!({ "type": "object" }),
    }
}

fn any() -> Value {
    json!({
        "type": "object",
        "properties": { "@type": { "type": "string", "description": "Type URL of the message." } },
        "required": ["@type"],
        "additionalProperties": true,
    })
}

fn error() -> Value {
    json!({
        "type": "object",
        "description": "An error. Branch on `reason` of the `google.rpc.ErrorInfo` among the details, not on text.",
        "properties": {
            "code": { "type": "integer", "format": "int32", "description": "A code of `google.rpc.Code`." },
            "message": { "type": "string", "description": "For developers." },
            "details": { "type": "array", "items": any() },
        },
        "required": ["code", "message", "details"],
    })
}
