//! The four kinds of lines and what stands in them.

use crate::chain::Link;
use crate::entry::Entry;
use crate::fields::{Fields, WrongShape, number};
use crate::hash::{Hash, from_hex, to_hex};
use crate::head::{SignedHead, message, signed};
use crate::json::NotCanonical;
use crate::suite::{SignError, Signer, Suite};
use crate::value::{MAX_DEPTH, Value};

pub(super) const FORMAT: &str = "trail-export";
pub(super) const VERSION: i64 = 1;

/// More keys than a log ever had; a bound on the work that one head can cause.
pub(super) const MAX_KEYS: usize = 32;

/// An entry with its place in the log and in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Position in the log over all chains, from 0 without gaps.
    pub log_index: u64,
    pub entry: Entry,
    /// Link of the entry before it in its chain.
    pub prev: Link,
    pub link: Link,
}

#[derive(Debug)]
pub(super) enum Line {
    Header(SignedHeader),
    Entry { record: Record, proof: Option<Vec<Hash>> },
    Head(SignedHead),
    Footer(SignedFooter),
}

#[derive(Clone, Debug)]
pub(super) struct Header {
    pub suite: String,
    pub log_id: String,
    /// The one chain that a partial export holds.
    pub chain: Option<String>,
    /// The key that signs this export, then those that signed earlier heads.
    pub public_keys: Vec<Vec<u8>>,
    pub created_micros: i64,
}

#[derive(Debug)]
pub(super) struct SignedHeader {
    pub header: Header,
    pub signature: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Footer {
    /// Hash of the header, so that a footer ends no other export.
    pub header: Hash,
    pub entries: u64,
    pub chains: u64,
    pub heads: u64,
    /// Root of the last head.
    pub root: Hash,
    pub last_head: Hash,
}

#[derive(Debug)]
pub(super) struct SignedFooter {
    pub footer: Footer,
    pub signature: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error(transparent)]
    Text(#[from] NotCanonical),
    #[error(transparent)]
    Shape(#[from] WrongShape),
}

impl Line {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        // The payload stands two levels deep: line, entry, payload.
        let value = Value::from_json_within(bytes, MAX_DEPTH + 2)?;
        let mut fields = Fields::of(value, "line")?;
        Ok(match fields.text("type")?.as_str() {
            "header" => Self::Header(SignedHeader::from_fields(fields)?),
            "entry" => entry_from_fields(fields)?,
            "head" => Self::Head(SignedHead::from_fields(fields)?),
            "footer" => Self::Footer(SignedFooter::from_fields(fields)?),
            _ => return Err(WrongShape::Field("type").into()),
        })
    }
}

pub(super) fn entry_to_json(record: &Record, proof: Option<&[Hash]>) -> String {
    let Record { log_index, entry, prev, link } = record;
    let mut fields = vec![
        ("entry", entry.to_value()),
        ("link", Value::from(link.to_string())),
        ("log_index", number(*log_index)),
        ("prev", Value::from(prev.to_string())),
        ("type", Value::from("entry")),
    ];
    if let Some(proof) = proof {
        let hashes = proof.iter().map(|hash| Value::from(hash.to_string())).collect();
        fields.push(("proof", Value::List(hashes)));
    }
    Value::map(fields).to_json()
}

fn entry_from_fields(mut fields: Fields) -> Result<Line, WrongShape> {
    let record = Record {
        log_index: fields.count("log_index")?,
        entry: Entry::from_value(fields.value("entry")?)?,
        prev: fields.hash("prev")?,
        link: fields.hash("link")?,
    };
    let proof =
        if fields.has("proof") { Some(fields.list("proof", |text| text.parse().ok())?) } else { None };
    fields.finish()?;
    Ok(Line::Entry { record, proof })
}

impl Header {
    pub(super) fn hash(&self, suite: &dyn Suite) -> Hash {
        suite.hash(&[&message(&self.to_value())])
    }

    /// The signed line, without its newline.
    pub(super) fn sign(&self, signer: &dyn Signer) -> Result<String, SignError> {
        let statement = self.to_value();
        let signature = signer.sign(&message(&statement))?;
        Ok(signed(statement, &signature).to_json())
    }

    fn to_value(&self) -> Value {
        let Self { suite, log_id, chain, public_keys, created_micros } = self;
        let keys = public_keys.iter().map(|key| Value::from(to_hex(key))).collect();
        Value::map([
            ("chain", chain.as_deref().map_or(Value::Null, Value::from)),
            ("created_micros", Value::Int(*created_micros)),
            ("format", Value::from(FORMAT)),
            ("log_id", Value::from(log_id.as_str())),
            ("public_keys", Value::List(keys)),
            ("suite", Value::from(suite.as_str())),
            ("type", Value::from("header")),
            ("version", Value::Int(VERSION)),
        ])
    }
}

impl SignedHeader {
    pub(super) fn verify(&self, suite: &dyn Suite) -> bool {
        let message = message(&self.header.to_value());
        self.header.public_keys.first().is_some_and(|key| suite.verify(key, &message, &self.signature))
    }

    fn from_fields(mut fields: Fields) -> Result<Self, WrongShape> {
        if fields.text("format")? != FORMAT {
            return Err(WrongShape::Field("format"));
        }
        if fields.int("version")? != VERSION {
            return Err(WrongShape::Field("version"));
        }
        let header = Header {
            suite: fields.text("suite")?,
            log_id: fields.text("log_id")?,
            chain: fields.text_or_null("chain")?,
            public_keys: fields.list("public_keys", from_hex)?,
            created_micros: fields.int("created_micros")?,
        };
        if header.public_keys.is_empty() || header.public_keys.len() > MAX_KEYS {
            return Err(WrongShape::Field("public_keys"));
        }
        let signature = fields.bytes("signature")?;
        fields.finish()?;
        Ok(Self { header, signature })
    }
}

impl Footer {
    /// The signed line, without its newline.
    pub(super) fn sign(&self, signer: &dyn Signer) -> Result<String, SignError> {
        let statement = self.to_value();
        let signature = signer.sign(&message(&statement))?;
        Ok(signed(statement, &signature).to_json())
    }

    fn to_value(&self) -> Value {
        let Self { header, entries, chains, heads, root, last_head } = self;
        Value::map([
            ("chains", number(*chains)),
            ("entries", number(*entries)),
            ("header", Value::from(header.to_string())),
            ("heads", number(*heads)),
            ("last_head", Value::from(last_head.to_string())),
            ("root", Value::from(root.to_string())),
            ("type", Value::from("footer")),
        ])
    }
}

impl SignedFooter {
    pub(super) fn verify(&self, suite: &dyn Suite, public_key: &[u8]) -> bool {
        suite.verify(public_key, &message(&self.footer.to_value()), &self.signature)
    }

    fn from_fields(mut fields: Fields) -> Result<Self, WrongShape> {
        let footer = Footer {
            header: fields.hash("header")?,
            entries: fields.count("entries")?,
            chains: fields.count("chains")?,
            heads: fields.count("heads")?,
            root: fields.hash("root")?,
            last_head: fields.hash("last_head")?,
        };
        let signature = fields.bytes("signature")?;
        fields.finish()?;
        Ok(Self { footer, signature })
    }
}
