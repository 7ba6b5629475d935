use std::io::{self, BufReader};

use proptest::prelude::*;
use trail::{
    Ed25519Signer, ExportError, ExportWriter, FaultKind, Hash, Keys, MAX_FAULTS, MAX_LINE_BYTES, Report,
    SignError, Signer, Suite, TreeHead, Trust, Value, Witness, verify_export, verify_export_with,
};

use crate::log::{
    SUITE, entries, entry, export, export_chain, heads, lines, linked, signer, start, tree, trust, witness,
};

fn verify(export: &[u8], trust: &Trust) -> Report {
    verify_export(export, trust).unwrap()
}

fn kinds(report: &Report) -> Vec<FaultKind> {
    report.faults.iter().map(|fault| fault.kind).collect()
}

#[test]
fn an_export_as_written_is_intact() {
    let records = linked(entries(50, 6));
    let heads = heads(&records, 7, &signer());
    let file = export(&records, &heads, &signer());
    let report = verify(&file, &trust());
    assert_eq!(report.faults, []);
    assert!(report.is_intact());
    assert_eq!((report.entries, report.chains, report.heads), (50, 6, 8));
    assert_eq!(report.root, Some(tree(&records).root(SUITE)));
    assert_eq!((report.log_id.as_str(), report.suite.as_str()), ("log-1", "sha256-ed25519"));
    assert_eq!(report.public_keys, [signer().public_key()]);

    let mut shown = Vec::new();
    let small_reads = BufReader::with_capacity(7, file.as_slice());
    let again =
        verify_export_with(small_reads, &Trust::new(Keys::InHeader), |r| shown.push(r.clone())).unwrap();
    assert!(again.is_intact());
    assert_eq!(shown, records);
}

#[test]
fn an_empty_log_has_an_export_too() {
    let head = TreeHead {
        suite: SUITE.name().to_owned(),
        log_id: "log-1".to_owned(),
        size: 0,
        root: trail::merkle::empty_root(SUITE),
        time_micros: 0,
        previous: Hash::ZERO,
    };
    let head = head.sign(&signer()).unwrap();
    let file = export(&[], std::slice::from_ref(&head), &signer());
    assert!(verify(&file, &trust().witness(witness(&head))).is_intact());
}

#[test]
fn an_export_of_one_chain_is_intact_and_its_head_compared_with_witnesses() {
    let records = linked(entries(50, 6));
    let heads = heads(&records, 7, &signer());
    let head = heads.last().unwrap();
    let file = export_chain(&records, "issue/4", head, &signer());
    let report = verify(&file, &trust());
    assert_eq!(report.faults, []);
    assert_eq!((report.entries, report.chains, report.heads), (8, 1, 1));
    assert_eq!(report.chain.as_deref(), Some("issue/4"));

    assert!(verify(&file, &trust().witness(witness(head))).is_intact());
    let unproven = verify(&file, &trust().witness(witness(&heads[2])));
    assert_eq!(kinds(&unproven), [FaultKind::WitnessUnproven]);
    let consistency = tree(&records).consistency(SUITE, heads[2].head.size, 50);
    let proven = Witness { head: heads[2].clone(), consistency };
    assert!(verify(&file, &trust().witness(proven)).is_intact());
    let wrong = Witness { head: heads[2].clone(), consistency: Some(vec![Hash::ZERO]) };
    assert_eq!(kinds(&verify(&file, &trust().witness(wrong))), [FaultKind::Witness]);

    // Entry 49 is of chain 1 and past the head at 49 entries, so nothing proves it.
    let past_head = export_chain(&records, "issue/1", &heads[6], &signer());
    assert_eq!(kinds(&verify(&past_head, &trust())), [FaultKind::Proof]);
    // A witness may have seen more than the export shows.
    let earlier = export_chain(&records[..49], "issue/4", &heads[6], &signer());
    let later = Witness { head: head.clone(), consistency: tree(&records).consistency(SUITE, 49, 50) };
    assert!(verify(&earlier, &trust().witness(later)).is_intact());
}

#[test]
fn a_log_whose_key_was_changed_is_verified_with_both_keys() {
    let old = Ed25519Signer::from_seed(&[2; 32]).unwrap();
    let records = linked(entries(10, 2));
    let mut all_heads = heads(&records[..5], 5, &old);
    let mut last = heads(&records, 10, &signer()).remove(0);
    last.head.previous = all_heads[0].head.hash(SUITE);
    all_heads.push(last.head.sign(&signer()).unwrap());

    let write = |earlier_keys| {
        let mut out = Vec::new();
        let start = trail::Start { earlier_keys, ..start() };
        let signer = signer();
        let mut writer = ExportWriter::begin(&mut out, &signer, start).unwrap();
        for record in &records[..5] {
            writer.entry(record).unwrap();
        }
        writer.head(&all_heads[0]).unwrap();
        for record in &records[5..] {
            writer.entry(record).unwrap();
        }
        writer.head(&all_heads[1]).unwrap();
        writer.finish().unwrap();
        out
    };
    let file = write(vec![old.public_key().to_vec()]);
    let both = Trust::new(Keys::Expected(vec![old.public_key().to_vec(), signer().public_key().to_vec()]));
    assert_eq!(verify(&file, &both).faults, []);
    assert_eq!(kinds(&verify(&file, &trust())), [FaultKind::Key]);
    assert_eq!(kinds(&verify(&write(Vec::new()), &both)), [FaultKind::Signature]);
}

#[test]
fn another_key_log_or_suite_than_expected_is_refused() {
    let records = linked(entries(3, 1));
    let file = export(&records, &heads(&records, 3, &signer()), &signer());
    let other = Ed25519Signer::from_seed(&[9; 32]).unwrap();
    let other_key = Trust::new(Keys::Expected(vec![other.public_key().to_vec()]));
    assert_eq!(kinds(&verify(&file, &other_key)), [FaultKind::Key]);
    assert_eq!(kinds(&verify(&file, &trust().log_id("log-2"))), [FaultKind::Log]);
    assert!(verify(&file, &trust().log_id("log-1")).is_intact());
    assert_eq!(kinds(&verify(&file, &trust().suites(Vec::new()))), [FaultKind::Suite]);
}

#[test]
fn what_is_no_export_is_reported_and_not_an_error() {
    assert_eq!(kinds(&verify(b"", &trust())), [FaultKind::Cut]);
    assert_eq!(kinds(&verify(b"\n\n\n", &trust())), [FaultKind::Unreadable]);
    assert_eq!(kinds(&verify(b"{\"type\":\"head\"}\n", &trust())), [FaultKind::Unreadable]);
    assert_eq!(kinds(&verify(&vec![b'['; 3 * MAX_LINE_BYTES], &trust())), [FaultKind::Unreadable]);
    let records = linked(entries(3, 1));
    let file = lines(&export(&records, &heads(&records, 3, &signer()), &signer()));
    assert_eq!(kinds(&verify(&file[1..].concat(), &trust())), [FaultKind::OutOfPlace]);
    let twice = [file.concat(), file.concat()].concat();
    assert_eq!(kinds(&verify(&twice, &trust())), vec![FaultKind::OutOfPlace; file.len()]);
}

#[test]
fn a_long_list_of_faults_is_cut_but_counted() {
    let records = linked(entries(2, 1));
    let mut file = export(&records, &heads(&records, 2, &signer()), &signer());
    file.extend(vec![b'\n'; 5000]);
    let report = verify(&file, &trust());
    assert_eq!((report.faults.len(), report.n_faults), (MAX_FAULTS, 5000));
}

#[test]
fn an_input_that_cannot_be_read_is_an_error() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("no disk"))
        }
    }
    assert!(verify_export(BufReader::new(Broken), &trust()).is_err());
}

#[test]
fn what_a_verifier_would_refuse_is_not_written() {
    let signer = signer();
    let record = linked([entry(0, 1)]).remove(0);
    let mut writer = ExportWriter::begin(Vec::new(), &signer, start()).unwrap();
    let mut unplaced = record.clone();
    unplaced.entry.seq = 0;
    assert!(matches!(writer.entry(&unplaced), Err(ExportError::Entry(_))));
    let mut long = record;
    long.entry.payload = Value::from("x".repeat(MAX_LINE_BYTES));
    assert!(matches!(writer.entry(&long), Err(ExportError::LineTooLong(_))));
    assert!(matches!(writer.finish(), Err(ExportError::NoHead)));
    let many_keys = trail::Start { earlier_keys: vec![vec![0; 32]; 32], ..start() };
    assert!(matches!(ExportWriter::begin(Vec::new(), &signer, many_keys), Err(ExportError::TooManyKeys)));
}

#[test]
fn heads_go_forward_in_time_and_the_last_one_covers_everything() {
    let records = linked(entries(6, 2));
    let mut all_heads = heads(&records, 3, &signer());
    let uncovered = export(&records, &all_heads[..1], &signer());
    assert_eq!(kinds(&verify(&uncovered, &trust())), [FaultKind::Footer]);

    let mut earlier = all_heads.pop().unwrap().head;
    earlier.time_micros = all_heads[0].head.time_micros - 1;
    all_heads.push(earlier.sign(&signer()).unwrap());
    let backwards = export(&records, &all_heads, &signer());
    assert_eq!(kinds(&verify(&backwards, &trust())), [FaultKind::HeadOrder]);
}

#[test]
fn entries_in_a_whole_log_have_no_proofs_and_those_of_one_chain_have() {
    let records = linked(entries(3, 1));
    let head = heads(&records, 3, &signer()).remove(0);
    let whole = lines(&export(&records, std::slice::from_ref(&head), &signer()));
    let chain = lines(&export_chain(&records, "issue/0", &head, &signer()));
    let with_proof = [&whole[..1], &chain[2..5], &whole[4..]].concat().concat();
    assert_eq!(kinds(&verify(&with_proof, &trust())), [FaultKind::Proof; 3]);
    let without = [&chain[..2], &whole[1..4], &chain[5..]].concat().concat();
    assert_eq!(kinds(&verify(&without, &trust())), [FaultKind::Proof; 3]);
}

#[test]
fn an_export_of_one_chain_holds_one_head_and_then_that_chain_in_log_order() {
    let records = linked(entries(6, 2));
    let head = heads(&records, 6, &signer()).remove(0);
    let file = lines(&export_chain(&records, "issue/0", &head, &signer()));
    let other = lines(&export_chain(&records, "issue/1", &head, &signer()));
    let with = |at: usize, line: &Vec<u8>| {
        let mut changed = file.clone();
        changed.insert(at, line.clone());
        verify(&changed.concat(), &trust()).faults[0].clone()
    };
    for (at, line, kind) in [
        (1, &file[2], FaultKind::OutOfPlace),
        (2, &file[1], FaultKind::OutOfPlace),
        (4, &file[1], FaultKind::OutOfPlace),
        (1, &file[0], FaultKind::OutOfPlace),
        (2, &other[2], FaultKind::Seq),
        (3, &file[2], FaultKind::LogIndex),
    ] {
        let fault = with(at, line);
        assert_eq!((fault.line, fault.kind), (at as u64 + 1, kind), "{fault}");
    }
}

/// Another hash and another kind of signature, as a national profile would bring.
#[derive(Debug)]
struct KeyedSuite;

impl Suite for KeyedSuite {
    fn name(&self) -> &'static str {
        "keyed-test"
    }

    fn hash(&self, parts: &[&[u8]]) -> Hash {
        let parts: Vec<&[u8]> = [b"other".as_slice()].into_iter().chain(parts.iter().copied()).collect();
        SUITE.hash(&parts)
    }

    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        self.hash(&[public_key, message]).as_bytes() == signature
    }
}

struct KeyedSigner;

impl Signer for KeyedSigner {
    fn suite(&self) -> &dyn Suite {
        &KeyedSuite
    }

    fn public_key(&self) -> &[u8] {
        b"key"
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(KeyedSuite.hash(&[b"key", message]).as_bytes().to_vec())
    }
}

#[test]
fn another_suite_takes_the_place_of_the_default_one() {
    let entry = entry(0, 1);
    let link = trail::chain::append(&KeyedSuite, trail::chain::GENESIS, &entry);
    let record = trail::Record { log_index: 0, entry, prev: trail::chain::GENESIS, link };
    let mut tree = trail::merkle::Frontier::new();
    tree.append(&KeyedSuite, link.as_bytes());
    let head = TreeHead {
        suite: "keyed-test".to_owned(),
        log_id: "log-1".to_owned(),
        size: 1,
        root: tree.root(&KeyedSuite),
        time_micros: 0,
        previous: Hash::ZERO,
    };
    let file = export(&[record], &[head.sign(&KeyedSigner).unwrap()], &KeyedSigner);
    let trust = Trust::new(Keys::InHeader).suites(vec![SUITE, &KeyedSuite]);
    assert_eq!(verify(&file, &trust).faults, []);
    assert_eq!(kinds(&verify(&file, &Trust::new(Keys::InHeader))), [FaultKind::Suite]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_input_makes_the_verifier_fail(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
        noise in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let records = linked(entries(6, 2));
        let intact = export(&records, &heads(&records, 3, &signer()), &signer());
        let mut file = intact.clone();
        for (from, to) in cuts {
            let piece = file[from.index(file.len())..].to_vec();
            file.truncate(to.index(file.len()));
            file.extend(&noise);
            file.extend(piece);
        }
        prop_assert_eq!(verify(&file, &trust()).is_intact(), file == intact);
    }
}
