//! The commands that check an exported trail, as whoever has nothing but the file runs them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use trail::{
    ChainExportWriter, Ed25519Signer, Entry, ExportWriter, Hash, Record, Sha256Ed25519, SignedHead,
    Signer as _, Start, Suite as _, TreeHead, Value, chain, merkle::Tree,
};

/// Exit code and output of `qinqing` with these arguments.
fn qinqing(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_qinqing")).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// What happened, a minute apart: chain and kind. What happens to orders and cases is no part of the completion rate.
const HISTORY: [(&str, &str); 15] = [
    ("issue/a", "submitted"),
    ("issue/b", "submitted"),
    ("issue/c", "submitted"),
    ("issue/a", "closed"),
    ("issue/d", "submitted"),
    ("issue/c", "closed"),
    ("issue/d", "scope_rejected"),
    ("issue/a", "reopened"),
    ("issue/e", "submitted"),
    ("issue/e", "merged"),
    ("issue/a", "closed"),
    ("order/f", "submitted"),
    ("order/f", "closed"),
    ("case/a", "withdrawn"),
    ("case/a", "closed"),
];
/// 2026-03-02T09:00:00+08:00.
const BEGIN: i64 = 1_772_413_200_000_000;
const MINUTE: i64 = 60_000_000;

struct Files {
    dir: tempfile::TempDir,
    key: String,
    heads: Vec<SignedHead>,
}

impl Files {
    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

/// The exports of that history, whole (`whole.jsonl`) and of issue a (`one.jsonl`), with a head after each four entries.
fn files() -> Files {
    let signer = Ed25519Signer::from_seed(&[5; 32]).unwrap();
    let start = || Start { log_id: "log".to_owned(), created_micros: BEGIN, earlier_keys: Vec::new() };
    let (mut records, mut heads): (Vec<Record>, Vec<SignedHead>) = (Vec::new(), Vec::new());
    let mut tree = Tree::new();
    let mut whole = ExportWriter::begin(Vec::new(), &signer, start()).unwrap();
    for (at, (chain, kind)) in (0..).zip(HISTORY) {
        let last = records.iter().rev().find(|record| record.entry.chain == chain);
        let prev = last.map_or(chain::GENESIS, |record| record.link);
        let entry = Entry {
            chain: chain.to_owned(),
            seq: last.map_or(1, |record| record.entry.seq + 1),
            id: format!("e{at}"),
            time_micros: BEGIN + at * MINUTE,
            actor: "account:1".to_owned(),
            on_behalf_of: None,
            client: "test".to_owned(),
            action: kind.to_owned(),
            payload: Value::Null,
        };
        let link = chain::append(&Sha256Ed25519, prev, &entry);
        let record = Record { log_index: at.cast_unsigned(), entry, prev, link };
        whole.entry(&record).unwrap();
        tree.append(&Sha256Ed25519, link.as_bytes());
        records.push(record);
        if tree.size().is_multiple_of(4) || records.len() == HISTORY.len() {
            let head = TreeHead {
                suite: Sha256Ed25519.name().to_owned(),
                log_id: "log".to_owned(),
                size: tree.size(),
                root: tree.root(&Sha256Ed25519),
                time_micros: BEGIN + at * MINUTE,
                previous: heads.last().map_or(Hash::ZERO, |head| head.head.hash(&Sha256Ed25519)),
            };
            heads.push(head.sign(&signer).unwrap());
            whole.head(heads.last().unwrap()).unwrap();
        }
    }
    let newest = heads.last().unwrap();
    let mut one = ChainExportWriter::begin(Vec::new(), &signer, start(), "issue/a", newest).unwrap();
    for record in records.iter().filter(|record| record.entry.chain == "issue/a") {
        let proof = tree.inclusion(&Sha256Ed25519, record.log_index, tree.size()).unwrap();
        one.entry(record, &proof).unwrap();
    }
    // As long as a hash, and written as one.
    let key = Hash::try_from(signer.public_key()).unwrap().to_string();
    let files = Files { dir: tempfile::tempdir().unwrap(), key, heads };
    files.write("whole.jsonl", whole.finish().unwrap());
    files.write("one.jsonl", one.finish().unwrap());
    files
}

fn lines(heads: &[SignedHead]) -> String {
    heads.iter().map(|head| head.to_json() + "\n").collect()
}

#[test]
fn an_export_is_held_against_every_head_of_a_witness_file() {
    let files = files();
    let witness = files.write("heads.jsonl", lines(&files.heads));
    for name in ["whole.jsonl", "one.jsonl"] {
        let file = files.path(name);
        let (code, said) = qinqing(&["verify", &file, "--key", &files.key, "--witness", &witness]);
        assert!(code == 0 && said.contains("intact: nothing was deleted"), "{said}");
    }
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/trail/vectors/trail-v1.json");
    let vectors: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(vectors).unwrap()).unwrap();
    let foreign = format!("{}\n{}\n", files.heads[0].to_json(), vectors["head"]["line"].as_str().unwrap());
    let foreign = files.write("foreign.jsonl", foreign);
    let (code, said) = qinqing(&["verify", &files.path("whole.jsonl"), "--witness", &foreign]);
    assert!(code == 1 && said.contains("of another log"), "{said}");
    let (code, said) =
        qinqing(&["verify", &files.path("whole.jsonl"), "--witness", &files.path("whole.jsonl")]);
    assert!(code == 1 && said.contains("line 1 of") && said.contains("is no tree head"), "{said}");
}

#[test]
fn a_witness_that_is_younger_than_the_export_is_passed_over_when_that_is_said() {
    let files = files();
    let whole = std::fs::read_to_string(files.path("whole.jsonl")).unwrap();
    let signer = Ed25519Signer::from_seed(&[5; 32]).unwrap();
    let mut younger = files.heads[2].head.clone();
    (younger.size, younger.time_micros) = (20, BEGIN + 60 * MINUTE);
    let mut kept = files.heads.clone();
    kept.push(younger.sign(&signer).unwrap());
    let witness = files.write("heads.jsonl", lines(&kept));
    let file = files.write("export.jsonl", whole);
    let (code, said) = qinqing(&["verify", &file, "--witness", &witness]);
    assert!(code == 1 && said.contains("the export ends after 15") && said.contains("--until"), "{said}");
    let until = ["--until", "2026-03-02T09:30:00+08:00"];
    let (code, said) = qinqing(&["verify", &file, "--witness", &witness, until[0], until[1]]);
    assert!(code == 0 && said.contains("witness   4 heads"), "{said}");
}

#[test]
fn the_completion_rate_is_recomputed_from_an_export_alone_at_any_moment() {
    let files = files();
    let file = files.path("whole.jsonl");
    let (code, said) = qinqing(&["figures", "--verify", &file, "--key", &files.key]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("66.7 %") && said.contains("2 closed / 3 accepted"), "{said}");
    assert!(said.contains("1 out of scope, 1 merged, 0 withdrawn"), "{said}");
    assert!(said.contains("as of     2026-03-02T09:14:00+08:00"), "{said}");
    assert!(said.contains("log       log, 15 entries"), "{said}");
    let newest = &files.heads.last().unwrap().head;
    let head = format!("head      over 15 entries, of 2026-03-02T09:14:00+08:00: {}", newest.root);
    assert!(said.contains(&head), "{said}");
    for (as_of, rate) in [
        ("2026-03-02T08:59:59+08:00", "n/a  办结率 completion: 0 closed / 0 accepted"),
        ("2026-03-02T09:02:59+08:00", "0.0 %  办结率 completion: 0 closed / 3 accepted"),
        ("2026-03-02T09:05:00+08:00", "50.0 %  办结率 completion: 2 closed / 4 accepted"),
        ("2026-03-02T09:07:00+08:00", "33.3 %  办结率 completion: 1 closed / 3 accepted"),
    ] {
        let (code, said) = qinqing(&["figures", "--verify", &file, "--as-of", as_of]);
        assert!(code == 0 && said.contains(rate), "{as_of}: {said}");
    }
}

#[test]
fn no_figure_is_counted_from_an_export_that_is_not_intact_or_not_whole() {
    let files = files();
    let whole = std::fs::read_to_string(files.path("whole.jsonl")).unwrap();
    let forged = files.write("forged.jsonl", whole.replacen("reopened", "replied", 1));
    let (code, said) = qinqing(&["figures", "--verify", &forged]);
    assert!(code == 1 && said.contains("issue/a entry 3") && !said.contains("M1"), "{said}");
    let (code, said) = qinqing(&["figures", "--verify", &files.path("one.jsonl")]);
    assert!(code == 1 && said.contains("holds one chain") && !said.contains("M1  "), "{said}");
    let (code, said) =
        qinqing(&["figures", "--verify", &files.path("whole.jsonl"), "--key", &"07".repeat(32)]);
    assert!(code == 1 && !said.contains("M1  "), "{said}");
    // Cut off behind the eighth entry: the footer is missing where the file ends.
    let cut: String = whole.lines().take(11).map(|line| line.to_owned() + "\n").collect();
    let (code, said) = qinqing(&["figures", "--verify", &files.write("cut.jsonl", cut)]);
    assert!(code == 1 && said.contains("FAULT     line 12") && !said.contains("M1  "), "{said}");
    // Flawless by itself, and not what somebody kept.
    let signer = Ed25519Signer::from_seed(&[5; 32]).unwrap();
    let mut other = files.heads[1].head.clone();
    other.root = Hash::ZERO;
    let kept = files.write("heads.jsonl", lines(&[other.sign(&signer).unwrap()]));
    let (code, said) = qinqing(&["figures", "--verify", &files.path("whole.jsonl"), "--witness", &kept]);
    assert!(
        code == 1 && said.contains("FAULT") && said.contains("8 entries") && !said.contains("M1  "),
        "{said}"
    );
}
