//! Canonical JSON: one text for each value. No white space, keys in code-point order, and only those characters escaped
//! that JSON demands.

use crate::value::Value;

/// The text is not the one canonical text of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    #[error("not a JSON value that a trail may hold: {0}")]
    Json(String),
    #[error("not in canonical form from byte {0} on")]
    Form(usize),
    #[error("lists and maps are nested too deep")]
    TooDeep,
}

impl Value {
    /// The canonical text of this value.
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        write_value(&mut text, self);
        text
    }

    /// Reads the canonical text of a value; any other text of the same value is refused.
    pub fn from_json(text: &[u8]) -> Result<Self, NotCanonical> {
        Self::from_json_within(text, crate::MAX_DEPTH)
    }

    pub(crate) fn from_json_within(text: &[u8], max_depth: usize) -> Result<Self, NotCanonical> {
        let value: Value = serde_json::from_slice(text).map_err(|err| NotCanonical::Json(err.to_string()))?;
        if value.depth() > max_depth {
            return Err(NotCanonical::TooDeep);
        }
        let canonical = value.to_json();
        if canonical.as_bytes() == text {
            return Ok(value);
        }
        let same = canonical.bytes().zip(text).take_while(|(ours, theirs)| ours == *theirs).count();
        Err(NotCanonical::Form(same))
    }
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Text(text) => write_text(out, text),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Map(fields) => {
            out.push('{');
            for (i, (key, value)) in fields.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_text(out, key);
                out.push(':');
                write_value(out, value);
            }
            out.push('}');
        }
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&rest[..at]);
        write_escape(out, rest.as_bytes()[at]);
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

fn write_escape(out: &mut String, byte: u8) {
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        0x08 => out.push_str("\\b"),
        0x09 => out.push_str("\\t"),
        0x0a => out.push_str("\\n"),
        0x0c => out.push_str("\\f"),
        0x0d => out.push_str("\\r"),
        other => {
            out.push_str("\\u00");
            out.push_str(&crate::hash::to_hex(&[other]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canonical_text_is_read_and_written_back_unchanged() {
        for text in [
            "null",
            "[]",
            "{}",
            "-9223372036854775808",
            r#"{"":[true,false,null],"A":{"a":1},"中":"\"\\\b\t\n\f\r\u0000\u001f"}"#,
            "\"\u{7f}\u{2028}/亲清\u{1f600}\"",
        ] {
            assert_eq!(Value::from_json(text.as_bytes()).unwrap().to_json(), text);
        }
    }

    #[test]
    fn every_other_text_of_the_same_value_is_refused() {
        for text in [
            " 1",
            "1 ",
            "[1, 2]",
            r#"{"b":1,"a":2}"#,
            r#""\u0041""#,
            r#""\/""#,
            r#""\u001F""#,
            r#""\u000a""#,
            r#""\ud83d\ude00""#,
            "-0",
            "01",
            "",
            "1\n",
            "\u{feff}1",
        ] {
            assert!(Value::from_json(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Value::from_json(b"\"\xff\"").is_err());
    }
}
