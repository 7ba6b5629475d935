//! What an entry carries: the part of JSON that has one meaning everywhere.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Levels of lists and maps that the payload of an entry may nest.
pub const MAX_DEPTH: usize = 64;

/// A value without floats, so that it has one encoding and one text on every machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Value>),
    /// Keys in the order of their UTF-8 bytes, which is the order of their code points.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// Levels of lists and maps: 0 for a scalar, 1 for a list or map of scalars.
    pub fn depth(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Text(_) => 0,
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(fields) => 1 + fields.values().map(Self::depth).max().unwrap_or(0),
        }
    }

    /// A map of these fields; of equal keys the last one stays.
    pub fn map<K: Into<String>>(fields: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

/// JSON that a trail does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    #[error("numbers of a trail are whole, between -2^63 and 2^63 - 1")]
    Number,
    #[error("more than {MAX_DEPTH} levels of lists and maps")]
    TooDeep,
}

impl TryFrom<serde_json::Value> for Value {
    type Error = InvalidValue;

    fn try_from(json: serde_json::Value) -> Result<Self, InvalidValue> {
        from_json_value(json, MAX_DEPTH)
    }
}

fn from_json_value(json: serde_json::Value, levels_left: usize) -> Result<Value, InvalidValue> {
    use serde_json::Value as Json;
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(flag),
        Json::Number(number) => Value::Int(number.as_i64().ok_or(InvalidValue::Number)?),
        Json::String(text) => Value::Text(text),
        Json::Array(items) => {
            let below = levels_left.checked_sub(1).ok_or(InvalidValue::TooDeep)?;
            let items: Result<_, _> = items.into_iter().map(|item| from_json_value(item, below)).collect();
            Value::List(items?)
        }
        Json::Object(fields) => {
            let below = levels_left.checked_sub(1).ok_or(InvalidValue::TooDeep)?;
            let fields: Result<_, _> =
                fields.into_iter().map(|(key, value)| Ok((key, from_json_value(value, below)?))).collect();
            Value::Map(fields?)
        }
    })
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without fractions and without numbers beyond 64 bits")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Int).map_err(|_| E::custom(InvalidValue::Number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if fields.insert(key, value).is_some() {
                return Err(de::Error::custom("a key stands twice in one map"));
            }
        }
        Ok(Value::Map(fields))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fractions_and_numbers_beyond_64_bits_are_refused() {
        for json in [json!(0.5), json!(1.0), json!([1e3]), json!({"a": u64::MAX})] {
            assert_eq!(Value::try_from(json), Err(InvalidValue::Number));
        }
        for text in ["0.5", "1.0", "1e3", "-0", "9223372036854775808", "-9223372036854775809"] {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        }
        assert_eq!(Value::try_from(json!(i64::MIN)), Ok(Value::Int(i64::MIN)));
    }

    #[test]
    fn sixty_four_levels_are_taken_and_sixty_five_refused() {
        let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(Value::try_from(nested(MAX_DEPTH)).map(|value| value.depth()), Ok(MAX_DEPTH));
        assert_eq!(Value::try_from(nested(MAX_DEPTH + 1)), Err(InvalidValue::TooDeep));
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        assert!(serde_json::from_str::<Value>(r#"{"a":1,"a":1}"#).is_err());
    }
}
