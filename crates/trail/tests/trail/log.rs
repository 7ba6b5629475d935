//! A log in memory, as a service would keep it in its database.

use trail::merkle::Tree;
use trail::{
    ChainExportWriter, Ed25519Signer, Entry, ExportWriter, Hash, Keys, Record, Sha256Ed25519, SignedHead,
    Signer, Start, TreeHead, Trust, Value, Witness, chain,
};

pub const SUITE: &Sha256Ed25519 = &Sha256Ed25519;

pub fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(&[1; 32]).unwrap()
}

pub fn trust() -> Trust {
    Trust::new(Keys::Expected(vec![signer().public_key().to_vec()]))
}

/// Entry number `i` of a log over `n_chains` chains, which take turns.
pub fn entry(i: u64, n_chains: u64) -> Entry {
    Entry {
        chain: format!("issue/{}", i % n_chains),
        seq: i / n_chains + 1,
        id: format!("e{i}"),
        time_micros: 1_700_000_000_000_000 + i64::try_from(i).unwrap() * 1_000_000,
        actor: format!("account/{}", i % 7),
        on_behalf_of: i.is_multiple_of(5).then(|| "firm/8".to_owned()),
        client: "portal".to_owned(),
        action: "signed".to_owned(),
        payload: Value::map([
            ("n", Value::Int(i64::try_from(i).unwrap())),
            ("ok", Value::Bool(i.is_multiple_of(2))),
        ]),
    }
}

pub fn entries(n_entries: u64, n_chains: u64) -> Vec<Entry> {
    (0..n_entries).map(|i| entry(i, n_chains)).collect()
}

/// The entries with their links, from the first one on.
pub fn linked(entries: impl IntoIterator<Item = Entry>) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for (log_index, entry) in (0..).zip(entries) {
        let last = records.iter().rev().find(|record| record.entry.chain == entry.chain);
        let prev = last.map_or(chain::GENESIS, |record| record.link);
        let link = chain::append(SUITE, prev, &entry);
        records.push(Record { log_index, entry, prev, link });
    }
    records
}

pub fn tree(records: &[Record]) -> Tree {
    let mut tree = Tree::new();
    for record in records {
        tree.append(SUITE, record.link.as_bytes());
    }
    tree
}

/// A head after every `every` entries and one at the end.
pub fn heads(records: &[Record], every: u64, signer: &dyn Signer) -> Vec<SignedHead> {
    let tree = tree(records);
    let mut previous = Hash::ZERO;
    let mut heads = Vec::new();
    for size in (1..=tree.size()).filter(|size| size % every == 0 || *size == tree.size()) {
        let head = TreeHead {
            suite: signer.suite().name().to_owned(),
            log_id: "log-1".to_owned(),
            size,
            root: tree.root_at(SUITE, size).unwrap(),
            time_micros: 1_800_000_000_000_000 + i64::try_from(size).unwrap(),
            previous,
        };
        previous = head.hash(SUITE);
        heads.push(head.sign(signer).unwrap());
    }
    heads
}

pub fn start() -> Start {
    Start { log_id: "log-1".to_owned(), created_micros: 1_900_000_000_000_000, earlier_keys: Vec::new() }
}

pub fn export(records: &[Record], heads: &[SignedHead], signer: &dyn Signer) -> Vec<u8> {
    let mut writer = ExportWriter::begin(Vec::new(), signer, start()).unwrap();
    let mut heads = heads.iter().peekable();
    for (n_written, record) in (1..).zip(records) {
        writer.entry(record).unwrap();
        while let Some(head) = heads.next_if(|head| head.head.size == n_written) {
            writer.head(head).unwrap();
        }
    }
    for head in heads {
        writer.head(head).unwrap();
    }
    writer.finish().unwrap()
}

/// An entry that the head does not cover gets an empty proof.
pub fn export_chain(records: &[Record], chain: &str, head: &SignedHead, signer: &dyn Signer) -> Vec<u8> {
    let tree = tree(records);
    let mut writer = ChainExportWriter::begin(Vec::new(), signer, start(), chain, head).unwrap();
    for record in records.iter().filter(|record| record.entry.chain == chain) {
        let proof = tree.inclusion(SUITE, record.log_index, head.head.size).unwrap_or_default();
        writer.entry(record, &proof).unwrap();
    }
    writer.finish().unwrap()
}

/// The lines of an export, each with its newline.
pub fn lines(export: &[u8]) -> Vec<Vec<u8>> {
    export.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

pub fn witness(head: &SignedHead) -> Witness {
    Witness::from(head.clone())
}
