//! Takes a map apart whole: a field that is missing, of another kind, or not foreseen is refused.

use std::collections::BTreeMap;

use crate::hash::{Hash, from_hex};
use crate::value::Value;

/// A map that does not have exactly the fields that it should have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongShape {
    #[error("{0} is not a map")]
    NotAMap(&'static str),
    #[error("`{0}` is missing or of the wrong kind")]
    Field(&'static str),
    #[error("field {0:?} does not belong there")]
    Unknown(String),
}

pub(crate) struct Fields(BTreeMap<String, Value>);

impl Fields {
    pub(crate) fn of(value: Value, what: &'static str) -> Result<Self, WrongShape> {
        match value {
            Value::Map(fields) => Ok(Self(fields)),
            _ => Err(WrongShape::NotAMap(what)),
        }
    }

    pub(crate) fn has(&self, name: &'static str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn value(&mut self, name: &'static str) -> Result<Value, WrongShape> {
        self.0.remove(name).ok_or(WrongShape::Field(name))
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<String, WrongShape> {
        match self.value(name)? {
            Value::Text(text) => Ok(text),
            _ => Err(WrongShape::Field(name)),
        }
    }

    pub(crate) fn text_or_null(&mut self, name: &'static str) -> Result<Option<String>, WrongShape> {
        match self.value(name)? {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            _ => Err(WrongShape::Field(name)),
        }
    }

    pub(crate) fn int(&mut self, name: &'static str) -> Result<i64, WrongShape> {
        match self.value(name)? {
            Value::Int(number) => Ok(number),
            _ => Err(WrongShape::Field(name)),
        }
    }

    pub(crate) fn count(&mut self, name: &'static str) -> Result<u64, WrongShape> {
        u64::try_from(self.int(name)?).map_err(|_| WrongShape::Field(name))
    }

    pub(crate) fn hash(&mut self, name: &'static str) -> Result<Hash, WrongShape> {
        self.text(name)?.parse().map_err(|_| WrongShape::Field(name))
    }

    pub(crate) fn bytes(&mut self, name: &'static str) -> Result<Vec<u8>, WrongShape> {
        from_hex(&self.text(name)?).ok_or(WrongShape::Field(name))
    }

    /// A list of texts, each read by `parse`.
    pub(crate) fn list<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, WrongShape> {
        let Value::List(items) = self.value(name)? else { return Err(WrongShape::Field(name)) };
        let read = |item: &Value| match item {
            Value::Text(text) => parse(text),
            _ => None,
        };
        items.iter().map(read).collect::<Option<_>>().ok_or(WrongShape::Field(name))
    }

    /// Requires that every field has been taken.
    pub(crate) fn finish(self) -> Result<(), WrongShape> {
        match self.0.into_keys().next() {
            Some(name) => Err(WrongShape::Unknown(name)),
            None => Ok(()),
        }
    }
}

/// For counts and positions, which are far below 2^63 wherever they come from rows or lines that exist.
pub(crate) fn number(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}
