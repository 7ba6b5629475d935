//! The proto3 JSON mapping, with the checks that it needs against strangers.
//!
//! A body is read twice. The first pass checks syntax, depth, unknown fields and fields given twice, and
//! knows the path of what is wrong; the second makes the message. Their own error texts quote the input,
//! so none of them is passed on.

mod scan;

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, SerializeOptions, Value,
};
use serde_json::{Deserializer, Serializer};

use crate::{
    assign::expectation,
    problem::{Problem, Reason},
};
use scan::{Fault, Path, Shape, Step};

/// Deepest nesting of messages that protobuf decoders accept.
const MAX_MESSAGE_DEPTH: usize = 100;
/// Largest body, in bytes, that is searched for the field whose value does not fit.
const MAX_SEARCHED: usize = 64 * 1024;

/// Reads a whole message from a body.
pub(crate) fn read(body: &[u8], message: &MessageDescriptor) -> Result<DynamicMessage, Problem> {
    scan::check(body, Shape::of_message(message), Path::default()).map_err(Fault::into_problem)?;
    build(body, message)
}

/// Reads a message of which the body holds one field.
pub(crate) fn read_field(
    body: &[u8],
    message: &MessageDescriptor,
    field: &FieldDescriptor,
) -> Result<DynamicMessage, Problem> {
    let path = Path::from([Step::Field(field.clone())]);
    scan::check(body, Shape::of_field(field), path).map_err(Fault::into_problem)?;
    // The body is one well-formed JSON value, so nothing can leave the field that it is put in.
    let mut wrapped = Vec::with_capacity(body.len() + field.json_name().len() + 5);
    wrapped.push(b'{');
    serde_json::to_writer(&mut wrapped, field.json_name()).map_err(|_| Problem::internal())?;
    wrapped.push(b':');
    wrapped.extend_from_slice(body);
    wrapped.push(b'}');
    build(&wrapped, message)
}

fn build(body: &[u8], message: &MessageDescriptor) -> Result<DynamicMessage, Problem> {
    let mut deserializer = Deserializer::from_slice(body);
    let Ok(read) = DynamicMessage::deserialize(message.clone(), &mut deserializer) else {
        return Err(unfitting(body, message));
    };
    if depth_exceeds(&read, MAX_MESSAGE_DEPTH) {
        return Err(Problem::field(Reason::JsonTooDeep, "", "the message is nested too deeply"));
    }
    Ok(read)
}

/// Finds the value that does not fit its field, in a body that has passed the first pass.
fn unfitting(body: &[u8], message: &MessageDescriptor) -> Problem {
    let mut path = Path::default();
    let mut description = "a value does not fit its field";
    if body.len() <= MAX_SEARCHED
        && let Ok(value) = serde_json::from_slice::<serde_json::Value>(body)
        && let Some(found) = search(&value, message, &mut path)
    {
        description = found;
    }
    Problem::field(Reason::FieldInvalid, &path.to_string(), description)
}

fn search(value: &serde_json::Value, message: &MessageDescriptor, path: &mut Path) -> Option<&'static str> {
    let Some(fields) = value.as_object() else { return Some("must be an object that fits the message") };
    for (name, value) in fields {
        let field = message.get_field_by_json_name(name).or_else(|| message.get_field_by_name(name))?;
        if fits(message, &field, value) {
            continue;
        }
        path.push(Step::Field(field.clone()));
        if field.is_map() {
            return Some("a key or value of the map does not fit");
        }
        let mut value = value;
        if field.is_list() {
            let Some(items) = value.as_array() else { return Some("must be a list") };
            let alone = |item: &serde_json::Value| serde_json::Value::from(vec![item.clone()]);
            let at = items.iter().position(|item| !fits(message, &field, &alone(item)))?;
            path.push(Step::Index(at));
            value = items.get(at)?;
        }
        return match (Shape::of_kind(&field.kind()), field.kind()) {
            (Shape::Message(inner), _) => search(value, &inner, path),
            (_, kind) => Some(expectation(&kind)),
        };
    }
    Some("two fields of one choice are set")
}

fn fits(message: &MessageDescriptor, field: &FieldDescriptor, value: &serde_json::Value) -> bool {
    let alone = serde_json::json!({ field.json_name(): value });
    DynamicMessage::deserialize(message.clone(), alone).is_ok()
}

fn depth_exceeds(message: &DynamicMessage, limit: usize) -> bool {
    let Some(limit) = limit.checked_sub(1) else { return true };
    message.fields().any(|(_, value)| match value {
        Value::Message(inner) => depth_exceeds(inner, limit),
        Value::List(items) => {
            items.iter().any(|item| item.as_message().is_some_and(|m| depth_exceeds(m, limit)))
        }
        // An entry of a map is a message of its own on the wire.
        Value::Map(entries) => {
            limit == 0
                || entries.values().any(|item| item.as_message().is_some_and(|m| depth_exceeds(m, limit - 1)))
        }
        _ => false,
    })
}

/// Writes a whole message. Fails for content that has no JSON form, such as a time past the year 9999.
pub(crate) fn write(
    message: &DynamicMessage,
    options: &SerializeOptions,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut written = Vec::with_capacity(256);
    write_to(&mut written, message, options)?;
    Ok(written)
}

/// Writes one field of a message, as the value alone.
pub(crate) fn write_field(
    message: &DynamicMessage,
    field: &FieldDescriptor,
    options: &SerializeOptions,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut written = Vec::with_capacity(256);
    match message.get_field(field).as_ref() {
        Value::Message(_) if !message.has_field(field) => written.extend_from_slice(b"null"),
        Value::Message(inner) => write_to(&mut written, inner, options)?,
        Value::List(items) if matches!(field.kind(), Kind::Message(_)) => {
            written.push(b'[');
            for (at, inner) in items.iter().filter_map(Value::as_message).enumerate() {
                if at > 0 {
                    written.push(b',');
                }
                write_to(&mut written, inner, options)?;
            }
            written.push(b']');
        }
        value => {
            // Written as the only field of a message, then taken out of it.
            let mut alone = DynamicMessage::new(message.descriptor());
            alone.set_field(field, value.clone());
            let options = if message.has_field(field) {
                options.clone()
            } else {
                options.clone().skip_default_fields(false)
            };
            let object = write(&alone, &options)?;
            let object: serde_json::Value = serde_json::from_slice(&object)?;
            serde_json::to_writer(
                &mut written,
                object.get(field.json_name()).unwrap_or(&serde_json::Value::Null),
            )?;
        }
    }
    Ok(written)
}

fn write_to(
    out: &mut Vec<u8>,
    message: &DynamicMessage,
    options: &SerializeOptions,
) -> Result<(), serde_json::Error> {
    // Straight into the text: a detour over `serde_json::Value` would widen 32-bit floats.
    message.serialize_with_options(&mut Serializer::new(out), options)
}
