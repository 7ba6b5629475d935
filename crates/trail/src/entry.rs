//! One step on record.

use crate::encoding::DecodeError;
use crate::fields::{Fields, WrongShape};
use crate::value::{MAX_DEPTH, Value};

/// One step: who did what, for whom, when, from which client. Personal data and free text stay outside; the payload
/// holds references and salted digests ([`crate::digest_text`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The subject whose chain this entry continues, such as `issue/019b…`.
    pub chain: String,
    /// Position in the chain, from 1 without gaps, at most 2^63 - 1.
    pub seq: u64,
    /// Id of the event.
    pub id: String,
    /// When it happened, in microseconds since 1970-01-01T00:00:00Z.
    pub time_micros: i64,
    pub actor: String,
    pub on_behalf_of: Option<String>,
    /// The program that it was done from; never an address.
    pub client: String,
    /// Type of the event.
    pub action: String,
    /// At most [`MAX_DEPTH`] levels of lists and maps.
    pub payload: Value,
}

/// An entry that cannot stand in a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEntry {
    #[error("the position in the chain is not between 1 and 2^63 - 1")]
    Seq,
    #[error("the payload nests more than {MAX_DEPTH} levels")]
    TooDeep,
}

impl Entry {
    /// Whether the entry keeps the limits of its fields. [`Entry::decode`] and the verifier accept exactly those that do.
    pub fn check(&self) -> Result<(), InvalidEntry> {
        if self.seq == 0 || i64::try_from(self.seq).is_err() {
            return Err(InvalidEntry::Seq);
        }
        if self.payload.depth() > MAX_DEPTH {
            return Err(InvalidEntry::TooDeep);
        }
        Ok(())
    }

    /// The canonical encoding, which the link of the chain covers: different entries have different encodings.
    pub fn encode(&self) -> Vec<u8> {
        self.to_value().encode()
    }

    /// The entry that has this encoding; see [`Entry::check`].
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEntryEncoding> {
        let value = Value::decode_within(bytes, MAX_DEPTH + 1)?;
        Ok(Self::from_value(value)?)
    }

    pub(crate) fn to_value(&self) -> Value {
        let Self { chain, seq, id, time_micros, actor, on_behalf_of, client, action, payload } = self;
        Value::map([
            ("action", Value::from(action.as_str())),
            ("actor", Value::from(actor.as_str())),
            ("chain", Value::from(chain.as_str())),
            ("client", Value::from(client.as_str())),
            ("id", Value::from(id.as_str())),
            ("on_behalf_of", on_behalf_of.as_deref().map_or(Value::Null, Value::from)),
            ("payload", payload.clone()),
            // Two's complement keeps the encoding injective even where `check` would refuse the number.
            ("seq", Value::Int(seq.cast_signed())),
            ("time_micros", Value::Int(*time_micros)),
        ])
    }

    pub(crate) fn from_value(value: Value) -> Result<Self, WrongShape> {
        let mut fields = Fields::of(value, "entry")?;
        let entry = Self {
            chain: fields.text("chain")?,
            seq: fields.count("seq")?,
            id: fields.text("id")?,
            time_micros: fields.int("time_micros")?,
            actor: fields.text("actor")?,
            on_behalf_of: fields.text_or_null("on_behalf_of")?,
            client: fields.text("client")?,
            action: fields.text("action")?,
            payload: fields.value("payload")?,
        };
        fields.finish()?;
        entry.check().map_err(|invalid| match invalid {
            InvalidEntry::Seq => WrongShape::Field("seq"),
            InvalidEntry::TooDeep => WrongShape::Field("payload"),
        })?;
        Ok(entry)
    }
}

/// Bytes that are not the canonical encoding of a valid entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEntryEncoding {
    #[error("not a canonical encoding")]
    Encoding(#[from] DecodeError),
    #[error("not an entry")]
    Shape(#[from] WrongShape),
}
