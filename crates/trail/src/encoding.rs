//! Canonical encoding of a value: a version byte, then tag, length and content. Every value has exactly one encoding and
//! every encoding one value, which is what makes a hash of it a hash of the value.

use std::collections::BTreeMap;

use crate::value::{MAX_DEPTH, Value};

/// First byte of every encoding.
const VERSION: u8 = 1;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const TEXT: u8 = 4;
const LIST: u8 = 5;
const MAP: u8 = 6;

/// Bytes that are not the canonical encoding of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("the version byte is not {VERSION}")]
    Version,
    #[error("the bytes end too early")]
    End,
    #[error("bytes follow the value")]
    Trailing,
    #[error("unknown tag {0}")]
    Tag(u8),
    #[error("a text is not UTF-8")]
    Utf8,
    #[error("the keys of a map do not ascend")]
    KeyOrder,
    #[error("lists and maps are nested too deep")]
    TooDeep,
}

impl Value {
    /// The canonical encoding of this value.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        encode_into(&mut out, self);
        out
    }

    /// The value that has this encoding. Refuses everything that [`Value::encode`] does not write, and values that nest
    /// more than [`MAX_DEPTH`] levels.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_within(bytes, MAX_DEPTH)
    }

    pub(crate) fn decode_within(bytes: &[u8], max_depth: usize) -> Result<Self, DecodeError> {
        let mut input = Input { rest: bytes };
        match input.byte() {
            Ok(VERSION) => {}
            Ok(_) => return Err(DecodeError::Version),
            Err(end) => return Err(end),
        }
        let value = input.value(max_depth)?;
        if input.rest.is_empty() { Ok(value) } else { Err(DecodeError::Trailing) }
    }
}

fn encode_into(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::Int(number) => {
            out.push(INT);
            out.extend(number.to_be_bytes());
        }
        Value::Text(text) => {
            out.push(TEXT);
            encode_text(out, text);
        }
        Value::List(items) => {
            out.push(LIST);
            encode_length(out, items.len());
            for item in items {
                encode_into(out, item);
            }
        }
        Value::Map(fields) => {
            out.push(MAP);
            encode_length(out, fields.len());
            for (key, value) in fields {
                encode_text(out, key);
                encode_into(out, value);
            }
        }
    }
}

fn encode_text(out: &mut Vec<u8>, text: &str) {
    encode_length(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn encode_length(out: &mut Vec<u8>, length: usize) {
    let length = u64::try_from(length).expect("lengths in memory fit in 64 bits");
    out.extend(length.to_be_bytes());
}

struct Input<'a> {
    rest: &'a [u8],
}

impl Input<'_> {
    fn value(&mut self, levels_left: usize) -> Result<Value, DecodeError> {
        Ok(match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT => Value::Int(i64::from_be_bytes(self.eight()?)),
            TEXT => Value::Text(self.text()?),
            LIST => {
                let below = levels_left.checked_sub(1).ok_or(DecodeError::TooDeep)?;
                let n_items = self.length()?;
                // No capacity is reserved: the count is not to be believed before the items are there.
                let mut items = Vec::new();
                for _ in 0..n_items {
                    items.push(self.value(below)?);
                }
                Value::List(items)
            }
            MAP => {
                let below = levels_left.checked_sub(1).ok_or(DecodeError::TooDeep)?;
                Value::Map(self.fields(below)?)
            }
            tag => return Err(DecodeError::Tag(tag)),
        })
    }

    fn fields(&mut self, levels_left: usize) -> Result<BTreeMap<String, Value>, DecodeError> {
        let n_fields = self.length()?;
        let mut fields = BTreeMap::new();
        for _ in 0..n_fields {
            let key = self.text()?;
            if fields.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(DecodeError::KeyOrder);
            }
            let value = self.value(levels_left)?;
            fields.insert(key, value);
        }
        Ok(fields)
    }

    fn text(&mut self) -> Result<String, DecodeError> {
        let length = usize::try_from(self.length()?).map_err(|_| DecodeError::End)?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::End)?;
        self.rest = rest;
        str::from_utf8(text).map(str::to_owned).map_err(|_| DecodeError::Utf8)
    }

    fn length(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_be_bytes(self.eight()?))
    }

    fn eight(&mut self) -> Result<[u8; 8], DecodeError> {
        let (eight, rest) = self.rest.split_first_chunk::<8>().ok_or(DecodeError::End)?;
        self.rest = rest;
        Ok(*eight)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        let (byte, rest) = self.rest.split_first().ok_or(DecodeError::End)?;
        self.rest = rest;
        Ok(*byte)
    }
}
