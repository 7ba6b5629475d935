//! Sets fields of a request message from the texts in its path and query.

use std::collections::HashSet;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::{
    percent,
    problem::{Problem, Reason},
    rule::{Binding, BodyRule, BoundVariable},
};

/// Deepest field that a query parameter may name. The URL's length alone would let a recursive message
/// be nested thousands deep.
const MAX_PATH: usize = 16;

const BASE64: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, BASE64);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, BASE64);

/// Sets the field that a path variable gives. A body that set the same field to something else is an
/// error, not silently overruled.
pub(crate) fn variable(
    message: &mut DynamicMessage,
    variable: &BoundVariable,
    text: &str,
) -> Result<(), Problem> {
    let Some((field, outer)) = variable.fields.split_last() else { return Ok(()) };
    let name = dotted(&variable.fields);
    let value = parse(&field.kind(), text)
        .map_err(|expected| Problem::field(Reason::FieldInvalid, &name, expected))?;
    let holder = descend(message, outer).ok_or_else(|| conflict(&name))?;
    if holder.has_field(field) && *holder.get_field(field) != value {
        return Err(Problem::field(Reason::FieldInvalid, &name, "differs from the value in the path"));
    }
    set(holder, field, value).ok_or_else(|| conflict(&name))
}

/// Sets fields from a raw query string. Every parameter must name a field that neither the path nor the
/// body gives; only repeated fields may be named twice.
pub(crate) fn query(message: &mut DynamicMessage, binding: &Binding, raw: &str) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for (at, pair) in raw.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(text)) = (percent::decode_query(name), percent::decode_query(text)) else {
            return Err(Problem::malformed_url());
        };
        let unknown = || Problem::unknown_parameter(at + 1);
        let fields = resolve(&binding.rpc.input(), &name).ok_or_else(unknown)?;
        if is_given_elsewhere(binding, &fields) {
            return Err(unknown());
        }
        let (field, outer) = fields.split_last().ok_or_else(unknown)?;
        let name = dotted(&fields);
        let invalid = |expected| Problem::field(Reason::FieldInvalid, &name, expected);
        let value = parse(&field.kind(), &text).map_err(invalid)?;
        let holder = descend(message, outer).ok_or_else(|| conflict(&name))?;
        if field.is_list() {
            if let Some(list) = holder.get_field_mut(field).as_list_mut() {
                list.push(value);
            }
        } else if seen.insert(name.clone()) {
            set(holder, field, value).ok_or_else(|| conflict(&name))?;
        } else {
            return Err(invalid("given more than once"));
        }
    }
    Ok(())
}

/// The path of a field as it stands in errors, with the names of the proto file.
pub(crate) fn dotted(fields: &[FieldDescriptor]) -> String {
    fields.iter().map(FieldDescriptor::name).collect::<Vec<_>>().join(".")
}

/// Whether a query can give a value of this field by one text.
pub(crate) fn takes_text(field: &FieldDescriptor) -> bool {
    !field.is_map()
        && match field.kind() {
            Kind::Message(message) => is_text_message(message.full_name()),
            _ => true,
        }
}

fn is_text_message(full_name: &str) -> bool {
    matches!(
        full_name,
        "google.protobuf.Timestamp"
            | "google.protobuf.Duration"
            | "google.protobuf.FieldMask"
            | "google.protobuf.DoubleValue"
            | "google.protobuf.FloatValue"
            | "google.protobuf.Int64Value"
            | "google.protobuf.UInt64Value"
            | "google.protobuf.Int32Value"
            | "google.protobuf.UInt32Value"
            | "google.protobuf.BoolValue"
            | "google.protobuf.StringValue"
            | "google.protobuf.BytesValue"
    )
}

/// `None`: no such field, or one that a query cannot give.
fn resolve(message: &MessageDescriptor, path: &str) -> Option<Vec<FieldDescriptor>> {
    let mut fields: Vec<FieldDescriptor> = Vec::new();
    let mut message = message.clone();
    for name in path.split('.') {
        if fields.len() == MAX_PATH {
            return None;
        }
        if let Some(outer) = fields.last() {
            message = match outer.kind() {
                Kind::Message(inner) if !outer.is_list() && !takes_text(outer) => inner,
                _ => return None,
            };
        }
        let field = message.get_field_by_name(name).or_else(|| message.get_field_by_json_name(name))?;
        fields.push(field);
    }
    fields.last().is_some_and(takes_text).then_some(fields)
}

/// Whether the path or the body gives this field, so that the query may not.
pub(crate) fn is_given_elsewhere(binding: &Binding, fields: &[FieldDescriptor]) -> bool {
    let by_body = match &binding.body {
        BodyRule::None => false,
        BodyRule::Whole => true,
        BodyRule::Field(field) => fields.first() == Some(field),
    };
    by_body || binding.variables.iter().any(|variable| variable.fields == fields)
}

/// The message in which `outer` ends, made where it is absent. `None`: another member of a oneof is set.
fn descend<'m>(message: &'m mut DynamicMessage, outer: &[FieldDescriptor]) -> Option<&'m mut DynamicMessage> {
    let mut message = message;
    for field in outer {
        if other_member_is_set(message, field) {
            return None;
        }
        message = message.get_field_mut(field).as_message_mut()?;
    }
    Some(message)
}

fn set(message: &mut DynamicMessage, field: &FieldDescriptor, value: Value) -> Option<()> {
    if other_member_is_set(message, field) {
        return None;
    }
    message.try_set_field(field, value).ok()
}

fn other_member_is_set(message: &DynamicMessage, field: &FieldDescriptor) -> bool {
    field
        .containing_oneof()
        .is_some_and(|oneof| oneof.fields().any(|member| member != *field && message.has_field(&member)))
}

fn conflict(name: &str) -> Problem {
    Problem::field(Reason::FieldInvalid, name, "another field of the same choice is set already")
}

/// One value from its text in the JSON mapping, without quotes. The error says what was expected.
fn parse(kind: &Kind, text: &str) -> Result<Value, &'static str> {
    let value = match kind {
        Kind::Double => float(text).map(Value::F64),
        Kind::Float => float(text).and_then(narrow).map(Value::F32),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => text.parse().ok().map(Value::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => text.parse().ok().map(Value::I64),
        Kind::Uint32 | Kind::Fixed32 => text.parse().ok().map(Value::U32),
        Kind::Uint64 | Kind::Fixed64 => text.parse().ok().map(Value::U64),
        Kind::Bool => text.parse().ok().map(Value::Bool),
        Kind::String => Some(Value::String(text.to_owned())),
        Kind::Bytes => {
            let bytes = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok();
            bytes.map(|bytes| Value::Bytes(bytes.into()))
        }
        Kind::Enum(kind) => enum_number(kind, text).map(Value::EnumNumber),
        Kind::Message(kind) => well_known(kind, text).map(Value::Message),
    };
    value.ok_or_else(|| expectation(kind))
}

/// What a value of this kind must be, as a description for the client.
pub(crate) fn expectation(kind: &Kind) -> &'static str {
    match kind {
        Kind::Double => "must be a number",
        Kind::Float => "must be a number in the range of a 32-bit float",
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "must be a 32-bit integer",
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => "must be a 64-bit integer",
        Kind::Uint32 | Kind::Fixed32 => "must be a 32-bit integer, at least 0",
        Kind::Uint64 | Kind::Fixed64 => "must be a 64-bit integer, at least 0",
        Kind::Bool => "must be true or false",
        Kind::String => "must be a string",
        Kind::Bytes => "must be base64",
        Kind::Enum(_) => "must be a value of the enum",
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => "must be a time such as 2026-03-02T08:00:00Z",
            "google.protobuf.Duration" => "must be a duration in seconds such as 1.5s",
            "google.protobuf.FieldMask" => "must be field names in lowerCamelCase, separated by commas",
            name if is_text_message(name) => message
                .get_field_by_name("value")
                .map_or("must be a value", |value| expectation(&value.kind())),
            _ => "must be an object that fits the message",
        },
    }
}

fn float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust also reads "inf", "nan" and so on, which the JSON mapping does not know.
        _ if text.chars().any(|c| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')) => None,
        _ => text.parse().ok().filter(|value: &f64| value.is_finite()),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to the nearest is what is asked for")]
fn narrow(wide: f64) -> Option<f32> {
    let value = wide as f32;
    (value.is_finite() || !wide.is_finite()).then_some(value)
}

/// By name, or by number; as in JSON, a number need not be known.
fn enum_number(kind: &EnumDescriptor, text: &str) -> Option<i32> {
    kind.get_value_by_name(text).map(|value| value.number()).or_else(|| text.parse().ok())
}

fn well_known(kind: &MessageDescriptor, text: &str) -> Option<DynamicMessage> {
    match kind.full_name() {
        "google.protobuf.Timestamp" | "google.protobuf.Duration" | "google.protobuf.FieldMask" => {
            DynamicMessage::deserialize(kind.clone(), serde_json::Value::String(text.to_owned())).ok()
        }
        name if is_text_message(name) => {
            let value = kind.get_field_by_name("value")?;
            let mut message = DynamicMessage::new(kind.clone());
            message.try_set_field(&value, parse(&value.kind(), text).ok()?).ok()?;
            Some(message)
        }
        _ => None,
    }
}
