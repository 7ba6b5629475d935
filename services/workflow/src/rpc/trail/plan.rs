//! Which stored nodes a proof is made of, and the proof made of them.

use std::collections::HashMap;

use trail::{
    Hash, Sha256Ed25519,
    merkle::{self, NodeId, inclusion_plan},
};

/// The nodes of each hash of a proof.
pub(super) type Plan = Vec<Vec<NodeId>>;

/// Of the inclusion proof; of none, where the tree of that size does not have the entry.
pub(super) fn inclusion(log_index: u64, size: u64) -> Plan {
    inclusion_plan(log_index, size).unwrap_or_default()
}

/// All nodes of these plans, each once.
pub(super) fn nodes(plans: &[Plan]) -> Vec<NodeId> {
    let mut wanted: Vec<NodeId> = plans.iter().flatten().flatten().copied().collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// The hashes of the proof. A node that is missing gives a proof that does not hold.
pub(super) fn fold(plan: &Plan, nodes: &HashMap<NodeId, Hash>) -> Vec<Hash> {
    let subtrees = |ids: &Vec<NodeId>| ids.iter().filter_map(|id| nodes.get(id).copied()).collect::<Vec<_>>();
    plan.iter().map(|ids| merkle::fold(&Sha256Ed25519, &subtrees(ids))).collect()
}
