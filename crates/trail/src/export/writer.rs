//! Writes exports. A writer writes what the log holds, also when that is damaged: finding it is the verifier's part.

use std::collections::HashSet;
use std::io::{self, Write};

use super::MAX_LINE_BYTES;
use super::line::{Footer, Header, MAX_KEYS, Record, entry_to_json};
use crate::entry::InvalidEntry;
use crate::hash::Hash;
use crate::head::SignedHead;
use crate::suite::{SignError, Signer};

/// What the header of an export says.
#[derive(Clone, Debug)]
pub struct Start {
    pub log_id: String,
    /// Now, in microseconds since 1970-01-01T00:00:00Z.
    pub created_micros: i64,
    /// Public keys, besides the signer's, that signed heads of the export; at most 31.
    pub earlier_keys: Vec<Vec<u8>>,
}

/// An export could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("could not write the export")]
    Io(#[from] io::Error),
    #[error("could not sign the export")]
    Sign(#[from] SignError),
    #[error("the entry cannot be exported")]
    Entry(#[from] InvalidEntry),
    #[error("a line of {0} bytes is longer than an export allows")]
    LineTooLong(usize),
    #[error("an export takes at most 31 earlier keys")]
    TooManyKeys,
    #[error("an export needs a tree head")]
    NoHead,
}

/// Writes the export of a whole log: entries in log order, each head right after the last entry that it covers. All
/// heads of the log up to the last one belong in it, and the last one must cover every entry.
pub struct ExportWriter<'a, W: Write> {
    out: Lines<'a, W>,
}

impl<'a, W: Write> ExportWriter<'a, W> {
    /// Writes the header.
    pub fn begin(out: W, signer: &'a dyn Signer, start: Start) -> Result<Self, ExportError> {
        Ok(Self { out: Lines::begin(out, signer, start, None)? })
    }

    pub fn entry(&mut self, record: &Record) -> Result<(), ExportError> {
        self.out.entry(record, None)
    }

    pub fn head(&mut self, head: &SignedHead) -> Result<(), ExportError> {
        self.out.head(head)
    }

    /// Writes the footer and gives the output back, flushed.
    pub fn finish(self) -> Result<W, ExportError> {
        self.out.finish()
    }
}

/// Writes the export of one chain: one head, then the chain's entries, each with its inclusion proof to that head.
pub struct ChainExportWriter<'a, W: Write> {
    out: Lines<'a, W>,
}

impl<'a, W: Write> ChainExportWriter<'a, W> {
    /// Writes the header and the head.
    pub fn begin(
        out: W,
        signer: &'a dyn Signer,
        start: Start,
        chain: impl Into<String>,
        head: &SignedHead,
    ) -> Result<Self, ExportError> {
        let mut out = Lines::begin(out, signer, start, Some(chain.into()))?;
        out.head(head)?;
        Ok(Self { out })
    }

    /// `proof` leads from the entry to the root of the head ([`crate::merkle::inclusion_plan`]).
    pub fn entry(&mut self, record: &Record, proof: &[Hash]) -> Result<(), ExportError> {
        self.out.entry(record, Some(proof))
    }

    /// Writes the footer and gives the output back, flushed.
    pub fn finish(self) -> Result<W, ExportError> {
        self.out.finish()
    }
}

struct Lines<'a, W: Write> {
    out: W,
    signer: &'a dyn Signer,
    header: Hash,
    n_entries: u64,
    chains: HashSet<String>,
    n_heads: u64,
    last_head: Option<(Hash, Hash)>,
}

impl<'a, W: Write> Lines<'a, W> {
    fn begin(
        out: W,
        signer: &'a dyn Signer,
        start: Start,
        chain: Option<String>,
    ) -> Result<Self, ExportError> {
        let Start { log_id, created_micros, earlier_keys } = start;
        let suite = signer.suite();
        let mut public_keys = vec![signer.public_key().to_vec()];
        public_keys.extend(earlier_keys);
        if public_keys.len() > MAX_KEYS {
            return Err(ExportError::TooManyKeys);
        }
        let header = Header { suite: suite.name().to_owned(), log_id, chain, public_keys, created_micros };
        let mut lines = Self {
            out,
            signer,
            header: header.hash(suite),
            n_entries: 0,
            chains: HashSet::new(),
            n_heads: 0,
            last_head: None,
        };
        lines.line(&header.sign(signer)?)?;
        Ok(lines)
    }

    fn entry(&mut self, record: &Record, proof: Option<&[Hash]>) -> Result<(), ExportError> {
        record.entry.check()?;
        self.line(&entry_to_json(record, proof))?;
        self.n_entries += 1;
        if !self.chains.contains(&record.entry.chain) {
            self.chains.insert(record.entry.chain.clone());
        }
        Ok(())
    }

    fn head(&mut self, head: &SignedHead) -> Result<(), ExportError> {
        self.line(&head.to_json())?;
        self.n_heads += 1;
        self.last_head = Some((head.head.hash(self.signer.suite()), head.head.root));
        Ok(())
    }

    fn finish(mut self) -> Result<W, ExportError> {
        let (last_head, root) = self.last_head.ok_or(ExportError::NoHead)?;
        let footer = Footer {
            header: self.header,
            entries: self.n_entries,
            chains: self.chains.len() as u64,
            heads: self.n_heads,
            root,
            last_head,
        };
        self.line(&footer.sign(self.signer)?)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn line(&mut self, text: &str) -> Result<(), ExportError> {
        if text.len() > MAX_LINE_BYTES {
            return Err(ExportError::LineTooLong(text.len()));
        }
        self.out.write_all(text.as_bytes())?;
        self.out.write_all(b"\n")?;
        Ok(())
    }
}
