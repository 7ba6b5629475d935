//! What a verification found.

use std::fmt;

use crate::{hash::Hash, head::TreeHead};

/// Faults that a report lists one by one; further ones are only counted.
pub const MAX_FAULTS: usize = 1000;

/// Result of verifying an export.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Name of the log as the header states it; empty when no header could be read.
    pub log_id: String,
    pub suite: String,
    /// Keys of the header. With [`Keys::InHeader`](super::Keys::InHeader) a person has to compare them.
    pub public_keys: Vec<Vec<u8>>,
    /// The chain that a partial export holds; `None` for a whole log.
    pub chain: Option<String>,
    /// Entry lines that could be read.
    pub entries: u64,
    /// Different chains among them.
    pub chains: u64,
    /// Head lines that could be read.
    pub heads: u64,
    /// Root of the last head read.
    pub root: Option<Hash>,
    /// The last head read.
    pub head: Option<TreeHead>,
    /// In the order in which they were found, at most [`MAX_FAULTS`].
    pub faults: Vec<Fault>,
    /// All faults, also those that are not listed.
    pub n_faults: u64,
}

impl Report {
    /// Whether nothing at all was found wrong.
    pub fn is_intact(&self) -> bool {
        self.n_faults == 0
    }
}

/// One thing found wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, from 1. What is missing at the end is reported one line past the last.
    pub line: u64,
    /// Chain and position in it, where the line shows them.
    pub chain: Option<String>,
    pub seq: Option<u64>,
    pub kind: FaultKind,
    /// For a person, in English.
    pub explanation: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(chain) = &self.chain {
            write!(f, ", {chain}")?;
        }
        if let Some(seq) = self.seq {
            write!(f, " entry {seq}")?;
        }
        write!(f, ": {}", self.explanation)
    }
}

/// Kinds of faults. Further ones may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The line is not the canonical text of one of the four kinds of lines, or too long.
    Unreadable,
    /// A line of this kind may not stand here.
    OutOfPlace,
    /// The suite is not one that the reader accepts.
    Suite,
    /// A key of the header is not one that the reader trusts.
    Key,
    /// A signature is not good.
    Signature,
    /// The line belongs to another log.
    Log,
    /// The place in the log is not the next one: entries are missing, inserted, repeated or swapped.
    LogIndex,
    /// The place in the chain is not the next one, or the entry belongs to another chain than the export.
    Seq,
    /// The link before is not that of the entry before.
    Prev,
    /// The link does not follow from the entry: the entry or the link was changed.
    Link,
    /// The root of a head is not that of the entries: some of them were changed together with their links.
    Root,
    /// The inclusion proof does not lead from the entry to the root of the head.
    Proof,
    /// The head does not follow from the head before.
    HeadOrder,
    /// The footer does not fit the lines before it.
    Footer,
    /// The file ends before the export does.
    Cut,
    /// A head kept elsewhere contradicts the export: history was rewritten, or its end cut off.
    Witness,
    /// A head kept elsewhere could not be compared, for want of a consistency proof.
    WitnessUnproven,
}
