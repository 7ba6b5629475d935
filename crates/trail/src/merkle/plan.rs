//! Which perfect nodes a root or a proof is made of.

/// A perfect subtree: the one over leaves `index << level` up to, not including, `(index + 1) << level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// 0 for a leaf, at most 63.
    pub level: u32,
    pub index: u64,
}

/// The nodes whose [`fold`](super::fold) is the root of the tree of `size` leaves.
pub fn root_plan(size: u64) -> Vec<NodeId> {
    perfect_nodes(0, size)
}

/// For each hash of the inclusion proof (RFC 6962, section 2.1.1), the nodes whose [`fold`](super::fold) it is. `None`: there
/// is no such leaf.
pub fn inclusion_plan(index: u64, size: u64) -> Option<Vec<Vec<NodeId>>> {
    if index >= size {
        return None;
    }
    let mut plan = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let split = start + left_part(end - start);
        if index < split {
            plan.push(perfect_nodes(split, end));
            end = split;
        } else {
            plan.push(perfect_nodes(start, split));
            start = split;
        }
    }
    plan.reverse();
    Some(plan)
}

/// For each hash of the proof that the tree of `new` leaves continues the tree of `old` leaves (RFC 6962, section
/// 2.1.2), the nodes whose [`fold`](super::fold) it is. Empty for `old` = 0 and `old` = `new`. `None`: `old` is larger.
pub fn consistency_plan(old: u64, new: u64) -> Option<Vec<Vec<NodeId>>> {
    if old > new {
        return None;
    }
    let mut plan = Vec::new();
    if old == 0 {
        return Some(plan);
    }
    let (mut start, mut end) = (0, new);
    while old < end {
        let split = start + left_part(end - start);
        if old <= split {
            plan.push(perfect_nodes(split, end));
            end = split;
        } else {
            plan.push(perfect_nodes(start, split));
            start = split;
        }
    }
    // At start = 0 what is left is the old tree itself, whose root the reader has.
    if start > 0 {
        plan.push(perfect_nodes(start, end));
    }
    plan.reverse();
    Some(plan)
}

/// The largest power of two below `n_leaves`, which is at least 2.
fn left_part(n_leaves: u64) -> u64 {
    1 << (n_leaves - 1).ilog2()
}

/// The perfect subtrees from `start` to `end`, the largest first. `start` is where a subtree of that width may stand.
fn perfect_nodes(mut start: u64, end: u64) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    while start < end {
        let level = (end - start).ilog2();
        nodes.push(NodeId { level, index: start >> level });
        start += 1 << level;
    }
    nodes
}
