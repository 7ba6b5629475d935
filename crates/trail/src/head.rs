//! Signed heads of the tree: what is handed to a third party.

use crate::fields::{Fields, WrongShape, number};
use crate::hash::{Hash, to_hex};
use crate::json::NotCanonical;
use crate::suite::{SignError, Signer, Suite};
use crate::value::Value;

const DOMAIN: u8 = 0x03;

/// The state of the log at one moment: how many entries, and the root over their links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Name of the suite of the hashes and of the signature.
    pub suite: String,
    pub log_id: String,
    /// Entries that it covers, at most 2^63 - 1.
    pub size: u64,
    pub root: Hash,
    /// When it was taken, in microseconds since 1970-01-01T00:00:00Z; never before the head before it.
    pub time_micros: i64,
    /// [`TreeHead::hash`] of the head before it; [`Hash::ZERO`] for the first one.
    pub previous: Hash,
}

/// A tree head with the signature of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    pub head: TreeHead,
    pub signature: Vec<u8>,
}

impl TreeHead {
    /// Hash by which the next head refers to this one. It does not cover the signature.
    pub fn hash(&self, suite: &dyn Suite) -> Hash {
        suite.hash(&[&self.message()])
    }

    /// Signs the head. Its suite must be the signer's, otherwise nobody will be able to verify it.
    pub fn sign(self, signer: &dyn Signer) -> Result<SignedHead, SignError> {
        let signature = signer.sign(&self.message())?;
        Ok(SignedHead { head: self, signature })
    }

    /// The bytes that are signed.
    pub fn message(&self) -> Vec<u8> {
        message(&self.to_value())
    }

    fn to_value(&self) -> Value {
        let Self { suite, log_id, size, root, time_micros, previous } = self;
        Value::map([
            ("log_id", Value::from(log_id.as_str())),
            ("previous", Value::from(previous.to_string())),
            ("root", Value::from(root.to_string())),
            ("size", number(*size)),
            ("suite", Value::from(suite.as_str())),
            ("time_micros", Value::Int(*time_micros)),
            ("type", Value::from("head")),
        ])
    }
}

impl SignedHead {
    /// Whether `public_key` signed this head with this suite.
    pub fn verify(&self, suite: &dyn Suite, public_key: &[u8]) -> bool {
        self.head.suite == suite.name() && suite.verify(public_key, &self.head.message(), &self.signature)
    }

    /// The head as a line of an export or of a witness's file, without the newline.
    pub fn to_json(&self) -> String {
        signed(self.head.to_value(), &self.signature).to_json()
    }

    /// Reads a line that [`SignedHead::to_json`] wrote. The signature is not checked here.
    pub fn from_json(line: &str) -> Result<Self, InvalidHead> {
        let mut fields = Fields::of(Value::from_json(line.as_bytes())?, "head")?;
        if fields.text("type")? != "head" {
            return Err(WrongShape::Field("type").into());
        }
        Ok(Self::from_fields(fields)?)
    }

    pub(crate) fn from_fields(mut fields: Fields) -> Result<Self, WrongShape> {
        let head = TreeHead {
            suite: fields.text("suite")?,
            log_id: fields.text("log_id")?,
            size: fields.count("size")?,
            root: fields.hash("root")?,
            time_micros: fields.int("time_micros")?,
            previous: fields.hash("previous")?,
        };
        let signature = fields.bytes("signature")?;
        fields.finish()?;
        Ok(Self { head, signature })
    }
}

/// Text that is not the line of a tree head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHead {
    #[error("not canonical JSON")]
    Text(#[from] NotCanonical),
    #[error("not a tree head")]
    Shape(#[from] WrongShape),
}

/// The bytes that the signature of a signed line covers; `statement` is the line without its signature.
pub(crate) fn message(statement: &Value) -> Vec<u8> {
    let mut message = vec![DOMAIN];
    message.extend(statement.encode());
    message
}

/// The statement with its signature, as a line shows it.
pub(crate) fn signed(statement: Value, signature: &[u8]) -> Value {
    match statement {
        Value::Map(mut fields) => {
            fields.insert("signature".to_owned(), Value::from(to_hex(signature)));
            Value::Map(fields)
        }
        other => other,
    }
}
