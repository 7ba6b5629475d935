use std::collections::HashMap;

use trail::Hash;
use trail::merkle::{
    Frontier, NodeId, Tree, consistency_plan, fold, inclusion_plan, leaf_hash, root_plan, verify_consistency,
    verify_inclusion,
};

use crate::log::SUITE;

/// The eight leaves that implementations of Certificate Transparency share as test data.
pub const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

pub fn tree_of_eight() -> Tree {
    let mut tree = Tree::new();
    for leaf in LEAVES {
        tree.append(SUITE, leaf);
    }
    tree
}

fn tree_of(n_leaves: u64) -> Tree {
    let mut tree = Tree::new();
    for i in 0..n_leaves {
        tree.append(SUITE, &i.to_be_bytes());
    }
    tree
}

fn hashes(proof: &[Hash]) -> Vec<String> {
    proof.iter().map(ToString::to_string).collect()
}

#[test]
fn the_roots_of_the_shared_leaves_are_the_known_ones() {
    let tree = tree_of_eight();
    let mut frontier = Frontier::new();
    for (size, root) in (0..).zip(ROOTS) {
        assert_eq!(tree.root_at(SUITE, size).unwrap().to_string(), root);
        assert_eq!(frontier.root(SUITE).to_string(), root);
        if let Some(leaf) = LEAVES.get(usize::try_from(size).unwrap()) {
            frontier.append(SUITE, leaf);
        }
    }
    assert_eq!(tree.root_at(SUITE, 9), None);
}

#[test]
fn the_proofs_of_the_shared_leaves_are_the_known_ones() {
    let tree = tree_of_eight();
    assert_eq!(
        hashes(&tree.inclusion(SUITE, 0, 8).unwrap()),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
    );
    assert_eq!(
        hashes(&tree.inclusion(SUITE, 5, 8).unwrap()),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
    assert_eq!(
        hashes(&tree.consistency(SUITE, 6, 8).unwrap()),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
}

#[test]
fn every_leaf_is_proven_at_its_own_place_and_at_no_other() {
    let tree = tree_of(20);
    for size in 1..=20 {
        let root = tree.root_at(SUITE, size).unwrap();
        for index in 0..size {
            let leaf = leaf_hash(SUITE, &index.to_be_bytes());
            let proof = tree.inclusion(SUITE, index, size).unwrap();
            for claimed in 0..=size {
                let is_right = claimed == index;
                assert_eq!(verify_inclusion(SUITE, &leaf, claimed, size, &root, &proof), is_right);
            }
            let other = leaf_hash(SUITE, b"other");
            assert!(!verify_inclusion(SUITE, &other, index, size, &root, &proof));
            for longer in [0, proof.len()] {
                let mut bad = proof.clone();
                bad.insert(longer, root);
                assert!(!verify_inclusion(SUITE, &leaf, index, size, &root, &bad));
            }
            for shorter in 0..proof.len() {
                let mut bad = proof.clone();
                bad.remove(shorter);
                assert!(!verify_inclusion(SUITE, &leaf, index, size, &root, &bad));
            }
        }
        assert_eq!(tree.inclusion(SUITE, size, size), None);
    }
}

#[test]
fn every_size_is_proven_to_continue_every_smaller_one() {
    let tree = tree_of(20);
    let root = |size| tree.root_at(SUITE, size).unwrap();
    for new in 0..=20 {
        for old in 0..=new {
            let proof = tree.consistency(SUITE, old, new).unwrap();
            let holds = |old_root: Hash, new_root: Hash, proof: &[Hash]| {
                verify_consistency(SUITE, old, &old_root, new, &new_root, proof)
            };
            assert!(holds(root(old), root(new), &proof), "{old} {new}");
            assert!(!holds(leaf_hash(SUITE, b"x"), root(new), &proof), "{old} {new}");
            // The empty tree is continued by every other one.
            if old > 0 {
                assert!(!holds(root(old), leaf_hash(SUITE, b"x"), &proof), "{old} {new}");
            }
            let mut longer = proof.clone();
            longer.push(root(new));
            assert!(!holds(root(old), root(new), &longer));
            for at in 0..proof.len() {
                let mut changed = proof.clone();
                changed[at] = leaf_hash(SUITE, b"x");
                assert!(!holds(root(old), root(new), &changed), "{old} {new} {at}");
                let mut shorter = proof.clone();
                shorter.remove(at);
                assert!(!holds(root(old), root(new), &shorter), "{old} {new} {at}");
            }
        }
    }
    assert_eq!(tree.consistency(SUITE, 3, 2), None);
    assert_eq!(tree.consistency(SUITE, 3, 21), None);
    assert!(!verify_consistency(SUITE, 3, &root(3), 2, &root(2), &[]));
}

#[test]
fn a_store_of_the_completed_nodes_gives_every_root_and_proof() {
    let mut store: HashMap<NodeId, Hash> = HashMap::new();
    let mut frontier = Frontier::new();
    let tree = tree_of(33);
    for i in 0..33_u64 {
        for (id, hash) in frontier.append(SUITE, &i.to_be_bytes()) {
            assert_eq!(store.insert(id, hash), None, "{id:?} is completed once");
        }
    }
    let folded = |nodes: &Vec<NodeId>| fold(SUITE, &nodes.iter().map(|id| store[id]).collect::<Vec<_>>());
    for size in 0..=33 {
        let nodes: Vec<_> = root_plan(size).iter().map(|id| store[id]).collect();
        let resumed = Frontier::from_parts(size, nodes).unwrap();
        assert_eq!(resumed.root(SUITE), tree.root_at(SUITE, size).unwrap());
        for index in 0..size {
            let proof: Vec<_> = inclusion_plan(index, size).unwrap().iter().map(folded).collect();
            assert_eq!(Some(proof), tree.inclusion(SUITE, index, size));
            let proof: Vec<_> = consistency_plan(index, size).unwrap().iter().map(folded).collect();
            assert_eq!(Some(proof), tree.consistency(SUITE, index, size));
        }
    }
    assert_eq!(Frontier::from_parts(3, vec![Hash::ZERO]), None);
}
