//! Verification of proofs (RFC 9162, sections 2.1.3.2 and 2.1.4.2, which fit the proofs of RFC 6962).

use super::{empty_root, node_hash};
use crate::hash::Hash;
use crate::suite::Suite;

/// Whether the leaf with this [`leaf_hash`](super::leaf_hash) stands at `index` in the tree of `size` leaves with this root.
pub fn verify_inclusion(
    suite: &dyn Suite,
    leaf: &Hash,
    index: u64,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            hash = node_hash(suite, sibling, &hash);
            skip_left_edge(&mut at, &mut last);
        } else {
            hash = node_hash(suite, &hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the tree of `new_size` leaves with `new_root` begins with the tree of `old_size` leaves with `old_root`.
pub fn verify_consistency(
    suite: &dyn Suite,
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> bool {
    if old_size > new_size {
        return false;
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    if old_size == 0 {
        return proof.is_empty() && *old_root == empty_root(suite);
    }
    let (first, rest) = if old_size.is_power_of_two() {
        (*old_root, proof)
    } else {
        match proof.split_first() {
            Some((first, rest)) => (*first, rest),
            None => return false,
        }
    };
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    let shared = at.trailing_ones();
    at >>= shared;
    last >>= shared;
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            old_hash = node_hash(suite, sibling, &old_hash);
            new_hash = node_hash(suite, sibling, &new_hash);
            skip_left_edge(&mut at, &mut last);
        } else {
            new_hash = node_hash(suite, &new_hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// Climbs the levels on which the node at the right edge has no sibling.
fn skip_left_edge(at: &mut u64, last: &mut u64) {
    while at.is_multiple_of(2) && *at != 0 {
        *at >>= 1;
        *last >>= 1;
    }
}
