//! The second verifier, `tests/trail_verify.py` of the repository, written from the document of the format alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use trail::{Keys, Signer, Trust, chain, verify_export};

use crate::log::{SUITE, entries, export, export_chain, heads, lines, linked, signer, trust, witness};
use crate::vectors::hex;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs the second verifier; `PYTHON` names another interpreter than `python3`.
fn python(arguments: &[String]) -> Output {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    Command::new(&python)
        .arg(repository().join("tests/trail_verify.py"))
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{python} does not run ({error}): sudo apt-get install python3"))
}

/// What the second verifier says of each file.
fn verdicts(files: &[Vec<u8>], options: &[String]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let mut arguments = vec!["export".to_owned()];
    for (i, file) in files.iter().enumerate() {
        let path = dir.path().join(format!("{i}.jsonl"));
        std::fs::write(&path, file).unwrap();
        arguments.push(path.display().to_string());
    }
    arguments.extend(options.iter().cloned());
    let output = python(&arguments);
    let said = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<_> = said.lines().map(str::to_owned).collect();
    assert_eq!(verdicts.len(), files.len(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.success(), verdicts.iter().all(|verdict| verdict == "intact"));
    verdicts
}

/// What the first one says of a file.
fn verdict(file: &[u8], trust: &Trust) -> String {
    let report = verify_export(file, trust).unwrap();
    report.faults.first().map_or("intact".to_owned(), |fault| format!("line {}", fault.line))
}

/// Files with one thing wrong: each line taken away, repeated, put after the next one, cut, and changed at several places.
fn damaged(file: &[u8]) -> Vec<Vec<u8>> {
    let lines = lines(file);
    let mut files = Vec::new();
    for at in 0..lines.len() {
        let mut change = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
            let mut changed = lines.clone();
            change(&mut changed);
            files.push(changed.concat());
        };
        change(&|lines| drop(lines.remove(at)));
        change(&|lines| lines.insert(at, lines[at].clone()));
        change(&|lines| lines.truncate(at));
        let length = lines[at].len();
        change(&|lines| lines[at].truncate(length / 2));
        change(&|lines| lines[at].insert(length - 1, b' '));
        if at + 1 < lines.len() {
            change(&|lines| lines.swap(at, at + 1));
        }
        for part in 1..8 {
            change(&|lines| {
                lines[at][length * part / 8] ^= 1;
            });
        }
        for (from, to) in
            [("\"seq\":1", "\"seq\":-1"), ("null", "true"), ("\"version\":1", "\"version\":1.0"), ("{", "[")]
        {
            let text = String::from_utf8(lines[at].clone()).unwrap();
            if text.contains(from) {
                change(&|lines| lines[at] = text.replacen(from, to, 1).into_bytes());
            }
        }
    }
    files
}

#[test]
fn the_second_verifier_reproduces_the_vectors() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/trail-v1.json");
    let output = python(&["vectors".to_owned(), vectors.display().to_string()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "all vectors hold\n");
}

#[test]
fn both_verifiers_find_the_same_first_fault_in_every_damaged_export() {
    let records = linked(entries(7, 2));
    let heads = heads(&records, 3, &signer());
    let whole = export(&records, &heads, &signer());
    let one_chain = export_chain(&records, "issue/1", heads.last().unwrap(), &signer());
    for file in [whole, one_chain] {
        let mut files = damaged(&file);
        files.push(file);
        let said = verdicts(&files, &[]);
        for (file, said) in files.iter().zip(&said) {
            let expected = verdict(file, &Trust::new(Keys::InHeader));
            assert_eq!(*said, expected, "{}", String::from_utf8_lossy(file));
        }
        assert_eq!(said.iter().filter(|said| *said == "intact").count(), 1);
    }
}

#[test]
fn both_verifiers_find_what_was_rewritten_with_its_links_and_what_only_a_witness_knows() {
    let genuine = linked(entries(7, 2));
    let kept = heads(&genuine, 3, &signer());
    let key = hex(signer().public_key());
    let mut forged = genuine.clone();
    forged[3].entry.actor = "account/other".to_owned();
    forged[3].link = chain::append(SUITE, forged[3].prev, &forged[3].entry);
    let mut other = entries(7, 2);
    other[3].actor = "account/other".to_owned();
    let rewritten = linked(other);
    let cut = &genuine[..4];
    let files = [
        export(&genuine, &kept, &signer()),
        export(&forged, &kept, &signer()),
        export(&rewritten, &heads(&rewritten, 3, &signer()), &signer()),
        export(cut, &heads(cut, 3, &signer()), &signer()),
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("heads.jsonl");
    let text: String = kept.iter().map(|head| head.to_json() + "\n").collect();
    std::fs::write(&path, text).unwrap();
    let key = ["--key".to_owned(), key];
    let witnessed = ["--witness".to_owned(), path.display().to_string(), key[0].clone(), key[1].clone()];
    // After the forged entry, at index 3, the next one of its chain is at index 5: header, one head, and five entries before.
    assert_eq!(verdicts(&files, &key), ["intact", "line 8", "intact", "intact"]);
    let found = verdicts(&files, &witnessed);
    assert_eq!(found, ["intact", "line 8", "witness", "witness"]);
    let with_witnesses = kept.iter().fold(trust(), |trust, head| trust.witness(witness(head)));
    for (file, said) in files.iter().zip(&found) {
        assert_eq!(verdict(file, &with_witnesses) == "intact", said == "intact");
    }
    let stranger = ["--key".to_owned(), "07".repeat(32)];
    assert_eq!(verdicts(&files[..1], &stranger), ["line 1"]);
}
