//! The Merkle tree of RFC 6962 over the links of a log, in log order.
//!
//! A [`Frontier`] is all that is needed to go on appending and to know the root: the roots of the perfect subtrees, at
//! most 64 hashes. Proofs need older nodes too. The `*_plan` functions say which perfect nodes these are, so that a
//! database that stores nodes as [`Frontier::append`] completes them can fetch them in one query; [`Tree`] keeps them in
//! memory.

mod plan;
mod tree;
mod verify;

pub use plan::{NodeId, consistency_plan, inclusion_plan, root_plan};
pub use tree::Tree;
pub use verify::{verify_consistency, verify_inclusion};

use crate::hash::Hash;
use crate::suite::Suite;

/// Hash of a leaf: `H(0x00 || data)`. The data of a log's leaf are the 32 bytes of the entry's link.
pub fn leaf_hash(suite: &dyn Suite, data: &[u8]) -> Hash {
    suite.hash(&[&[0x00], data])
}

/// Hash of an inner node: `H(0x01 || left || right)`.
pub fn node_hash(suite: &dyn Suite, left: &Hash, right: &Hash) -> Hash {
    suite.hash(&[&[0x01], left.as_bytes(), right.as_bytes()])
}

/// Root of the tree with no leaf: the hash of nothing.
pub fn empty_root(suite: &dyn Suite) -> Hash {
    suite.hash(&[])
}

/// Root over perfect subtrees that stand side by side, the largest first. No subtree: [`empty_root`].
pub fn fold(suite: &dyn Suite, subtrees: &[Hash]) -> Hash {
    let joined = subtrees.iter().rev().copied().reduce(|right, left| node_hash(suite, &left, &right));
    joined.unwrap_or_else(|| empty_root(suite))
}

/// The right edge of a growing tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the perfect subtrees, the largest first: one for each one-bit of `size`.
    nodes: Vec<Hash>,
}

impl Frontier {
    /// The tree with no leaf.
    pub const fn new() -> Self {
        Self { size: 0, nodes: Vec::new() }
    }

    /// The tree of `size` leaves whose perfect subtrees have these roots ([`root_plan`] names them). `None`: the number of
    /// roots does not fit the size.
    pub fn from_parts(size: u64, nodes: Vec<Hash>) -> Option<Self> {
        let n_expected = size.count_ones() as usize;
        (nodes.len() == n_expected).then_some(Self { size, nodes })
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the perfect subtrees, the largest first.
    pub fn nodes(&self) -> &[Hash] {
        &self.nodes
    }

    pub fn root(&self, suite: &dyn Suite) -> Hash {
        fold(suite, &self.nodes)
    }

    /// Adds a leaf and returns the nodes that it completed: itself, then each perfect subtree that it closes.
    pub fn append(&mut self, suite: &dyn Suite, data: &[u8]) -> Vec<(NodeId, Hash)> {
        let mut hash = leaf_hash(suite, data);
        let mut completed = vec![(NodeId { level: 0, index: self.size }, hash)];
        for level in 1..=self.size.trailing_ones() {
            let left = self.nodes.pop().expect("one node for each one-bit of the size");
            hash = node_hash(suite, &left, &hash);
            completed.push((NodeId { level, index: self.size >> level }, hash));
        }
        self.nodes.push(hash);
        self.size += 1;
        completed
    }
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}
