//! A tree in memory.

use super::plan::{NodeId, consistency_plan, inclusion_plan, root_plan};
use super::{Frontier, fold};
use crate::hash::Hash;
use crate::suite::Suite;

/// A tree with all its nodes in memory: 64 bytes a leaf. It knows the root and the proofs at every size that it ever had.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    frontier: Frontier,
    /// Perfect nodes by level and index.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub fn append(&mut self, suite: &dyn Suite, data: &[u8]) {
        for (NodeId { level, .. }, hash) in self.frontier.append(suite, data) {
            let level = level as usize;
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(hash);
        }
    }

    pub fn root(&self, suite: &dyn Suite) -> Hash {
        self.frontier.root(suite)
    }

    /// Root when the tree had `size` leaves. `None`: it never had so many.
    pub fn root_at(&self, suite: &dyn Suite, size: u64) -> Option<Hash> {
        if size > self.size() {
            return None;
        }
        self.folded(suite, &root_plan(size))
    }

    /// Proof that leaf `index` is in the tree of `size` leaves, from the leaf up.
    pub fn inclusion(&self, suite: &dyn Suite, index: u64, size: u64) -> Option<Vec<Hash>> {
        if size > self.size() {
            return None;
        }
        inclusion_plan(index, size)?.iter().map(|nodes| self.folded(suite, nodes)).collect()
    }

    /// Proof that the tree of `new` leaves continues the tree of `old` leaves.
    pub fn consistency(&self, suite: &dyn Suite, old: u64, new: u64) -> Option<Vec<Hash>> {
        if new > self.size() {
            return None;
        }
        consistency_plan(old, new)?.iter().map(|nodes| self.folded(suite, nodes)).collect()
    }

    fn folded(&self, suite: &dyn Suite, nodes: &[NodeId]) -> Option<Hash> {
        let hashes: Option<Vec<_>> = nodes.iter().map(|node| self.node(*node)).collect();
        Some(fold(suite, &hashes?))
    }

    fn node(&self, NodeId { level, index }: NodeId) -> Option<Hash> {
        let index = usize::try_from(index).ok()?;
        self.levels.get(level as usize)?.get(index).copied()
    }
}
