//! The hash chain of one subject.

use crate::entry::Entry;
use crate::hash::Hash;
use crate::suite::Suite;

/// Hash of an entry and of all entries of its chain before it.
pub type Link = Hash;

/// What stands before the first link of every chain. The name of the chain is part of each entry, so chains with equal
/// starts still have different links.
pub const GENESIS: Link = Hash::ZERO;

const DOMAIN: u8 = 0x02;

/// The link of an entry that follows `prev`.
pub fn append(suite: &dyn Suite, prev: Link, entry: &Entry) -> Link {
    suite.hash(&[&[DOMAIN], prev.as_bytes(), &entry.encode()])
}

/// Where a chain is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq}: {kind}")]
pub struct Fault {
    /// Position, from 1, at which the fault was found, counted in the order given.
    pub seq: u64,
    pub kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    #[error("the entry belongs to another chain")]
    OtherChain,
    #[error("the entry says that it stands elsewhere in the chain")]
    Seq,
    #[error("the link does not follow from the entry and the link before")]
    Link,
}

/// Checks a chain from its first entry on; each entry comes with the link stored for it. Stops at the first fault.
/// Entries cut off at the end are not seen here; a tree head or a later link shows them.
pub fn verify<'a>(
    suite: &dyn Suite,
    entries: impl IntoIterator<Item = (&'a Entry, Link)>,
) -> Result<(), Fault> {
    let mut prev = GENESIS;
    let mut chain = None;
    for (seq, (entry, link)) in (1..).zip(entries) {
        let fault = |kind| Err(Fault { seq, kind });
        if *chain.get_or_insert(&entry.chain) != &entry.chain {
            return fault(FaultKind::OtherChain);
        }
        if entry.seq != seq {
            return fault(FaultKind::Seq);
        }
        if append(suite, prev, entry) != link {
            return fault(FaultKind::Link);
        }
        prev = link;
    }
    Ok(())
}
