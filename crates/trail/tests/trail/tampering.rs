//! What somebody could do to an exported trail, and where it is found.

use trail::{Ed25519Signer, Fault, FaultKind, Keys, Record, Trust, Verifier, chain, verify_export};

use crate::log::{SUITE, entries, export, export_chain, heads, lines, linked, signer, trust, witness};

const N_ENTRIES: u64 = 200;
const N_CHAINS: u64 = 9;
const HEAD_EVERY: u64 = 25;

fn records() -> Vec<Record> {
    linked(entries(N_ENTRIES, N_CHAINS))
}

fn file_of(records: &[Record]) -> Vec<Vec<u8>> {
    lines(&export(records, &heads(records, HEAD_EVERY, &signer()), &signer()))
}

fn faults(lines: &[Vec<u8>], trust: &Trust) -> Vec<Fault> {
    verify_export(lines.concat().as_slice(), trust).unwrap().faults
}

/// Line, chain, position and kind of each fault.
fn places(faults: &[Fault]) -> Vec<(u64, Option<&str>, Option<u64>, FaultKind)> {
    faults.iter().map(|fault| (fault.line, fault.chain.as_deref(), fault.seq, fault.kind)).collect()
}

/// Index of the line of an entry: the header and the heads before it come first.
fn line_of(log_index: u64) -> usize {
    usize::try_from(1 + log_index + log_index / HEAD_EVERY).unwrap()
}

fn number(index: usize) -> u64 {
    index as u64 + 1
}

/// Flips every bit of `lines[at]`. The verifier goes on from its state before that line, which no later byte influences,
/// and stops at the first fault. Returns the bits flipped.
fn flip_every_bit(before: &Verifier<'_>, lines: &[Vec<u8>], at: usize) -> u64 {
    let mut n_flipped = 0;
    let mut changed = lines[at].clone();
    for byte in 0..changed.len() {
        for bit in 0..8 {
            changed[byte] ^= 1 << bit;
            let fault = first_fault(before.clone(), &changed, &lines[at + 1..]);
            let fault =
                fault.unwrap_or_else(|| panic!("line {}, byte {byte}, bit {bit}: not found", number(at)));
            assert_eq!(fault.line, number(at), "byte {byte}, bit {bit}: {fault}");
            changed[byte] ^= 1 << bit;
            n_flipped += 1;
        }
    }
    n_flipped
}

fn first_fault(mut verifier: Verifier<'_>, changed: &[u8], rest: &[Vec<u8>]) -> Option<Fault> {
    // A flip can make a newline or take one away; then the lines fall otherwise.
    let (ended, open) = match changed.iter().rposition(|byte| *byte == b'\n') {
        Some(last) => changed.split_at(last + 1),
        None => (&[][..], changed),
    };
    let mut open = open.to_vec();
    for line in ended.split_inclusive(|byte| *byte == b'\n') {
        verifier.line(line);
        if let Some(fault) = verifier.report().faults.first() {
            return Some(fault.clone());
        }
    }
    for line in rest {
        open.extend(line);
        verifier.line(&open);
        open.clear();
        if let Some(fault) = verifier.report().faults.first() {
            return Some(fault.clone());
        }
    }
    if !open.is_empty() {
        verifier.line(&open);
    }
    verifier.finish().faults.into_iter().next()
}

fn flip_every_bit_of(lines: &[Vec<u8>], trust: &Trust) {
    let mut before = vec![Verifier::new(trust)];
    for line in lines {
        let mut verifier = before[before.len() - 1].clone();
        verifier.line(line);
        assert!(verifier.report().is_intact());
        before.push(verifier);
    }
    let n_threads = std::thread::available_parallelism().map_or(2, usize::from);
    let n_flipped: u64 = std::thread::scope(|scope| {
        let before = &before;
        let parts: Vec<_> = (0..n_threads)
            .map(|part| {
                scope.spawn(move || -> u64 {
                    let mine = (part..lines.len()).step_by(n_threads);
                    mine.map(|at| flip_every_bit(&before[at], lines, at)).sum()
                })
            })
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    });
    assert_eq!(n_flipped, lines.concat().len() as u64 * 8);
}

#[test]
fn every_single_bit_of_an_export_is_found_at_the_line_that_it_is_on() {
    flip_every_bit_of(&file_of(&records()), &trust());
}

#[test]
fn every_single_bit_of_an_export_of_one_chain_is_found_at_the_line_that_it_is_on() {
    let records = linked(entries(40, N_CHAINS));
    let head = heads(&records, 40, &signer()).remove(0);
    flip_every_bit_of(&lines(&export_chain(&records, "issue/4", &head, &signer())), &trust());
}

#[test]
fn a_bit_is_found_by_the_header_s_own_key_too() {
    let lines = file_of(&linked(entries(4, 2)));
    flip_every_bit_of(&lines, &Trust::new(Keys::InHeader));
}

#[test]
fn an_edited_entry_is_one_fault_at_its_place() {
    let mut records = records();
    let original = heads(&records, HEAD_EVERY, &signer());
    records[57].entry.actor = "account/other".to_owned();
    let file = lines(&export(&records, &original, &signer()));
    let faults = faults(&file, &trust());
    assert_eq!(places(&faults), [(number(line_of(57)), Some("issue/3"), Some(7), FaultKind::Link)]);
}

#[test]
fn an_edited_link_is_one_fault_at_its_place() {
    let mut records = records();
    let original = heads(&records, HEAD_EVERY, &signer());
    records[57].link = records[58].link;
    let file = lines(&export(&records, &original, &signer()));
    let faults = faults(&file, &trust());
    assert_eq!(places(&faults), [(number(line_of(57)), Some("issue/3"), Some(7), FaultKind::Link)]);
}

#[test]
fn two_edits_are_two_faults() {
    let mut records = records();
    let original = heads(&records, HEAD_EVERY, &signer());
    records[57].entry.time_micros += 1;
    records[160].entry.on_behalf_of = None;
    let file = lines(&export(&records, &original, &signer()));
    let faults = faults(&file, &trust());
    let expected = [
        (number(line_of(57)), Some("issue/3"), Some(7), FaultKind::Link),
        (number(line_of(160)), Some("issue/7"), Some(18), FaultKind::Link),
    ];
    assert_eq!(places(&faults), expected);
}

#[test]
fn a_removed_entry_is_found_where_it_was() {
    for log_index in [0, 1, 57, 198, 199] {
        let mut file = file_of(&records());
        let at = line_of(log_index);
        file.remove(at);
        let faults = faults(&file, &trust());
        assert_eq!(faults[0].line, number(at), "{log_index}");
    }
}

#[test]
fn a_removed_head_header_or_footer_is_found() {
    for at in [0, line_of(25) - 1, line_of(50) - 1] {
        let mut file = file_of(&records());
        file.remove(at);
        let found = faults(&file, &trust())[0].clone();
        let (line, kind) = match at {
            0 => (1, FaultKind::OutOfPlace),
            // The next head shows that one is missing before it.
            at => (number(at) + HEAD_EVERY, FaultKind::HeadOrder),
        };
        assert_eq!((found.line, found.kind), (line, kind));
    }
    let mut file = file_of(&records());
    file.pop();
    assert_eq!(places(&faults(&file, &trust())), [(number(file.len()), None, None, FaultKind::Cut)]);
}

#[test]
fn swapped_entries_are_found_where_they_are() {
    for (a, b) in [(57, 58), (57, 66), (3, 190)] {
        let mut file = file_of(&records());
        file.swap(line_of(a), line_of(b));
        let faults = faults(&file, &trust());
        assert_eq!(faults[0].line, number(line_of(a)));
        assert!(faults.iter().any(|fault| fault.line == number(line_of(b))), "{a} {b}");
    }
}

#[test]
fn a_repeated_entry_is_found_where_it_is() {
    for (from, to) in [(57, 58), (57, 100), (100, 57)] {
        let mut file = file_of(&records());
        let copy = file[line_of(from)].clone();
        file.insert(line_of(to), copy);
        assert_eq!(faults(&file, &trust())[0].line, number(line_of(to)));
    }
}

/// The forger has no key, but calculates everything anew that needs none: places, links, and the counts that he can.
fn forged_without_the_key(forged: &[Record]) -> Vec<Vec<u8>> {
    let original = records();
    let genuine = file_of(&original);
    let own_key = Ed25519Signer::from_seed(&[66; 32]).unwrap();
    let mut file = lines(&export(forged, &heads(&original, HEAD_EVERY, &signer()), &own_key));
    file[0].clone_from(&genuine[0]);
    let last = file.len() - 1;
    file[last].clone_from(&genuine[genuine.len() - 1]);
    file
}

#[test]
fn an_inserted_entry_is_found_where_it_is_or_at_the_head_that_covers_it() {
    let mut forged: Vec<_> = records();
    let mut added = forged[57].clone();
    added.entry.id = "forged".to_owned();
    added.link = chain::append(SUITE, added.prev, &added.entry);
    forged.insert(57, added);
    let found = faults(&forged_without_the_key(&forged), &trust());
    assert_eq!(
        (found[0].line, found[0].kind),
        (number(line_of(57)) + 1, FaultKind::LogIndex),
        "the next entry has the same place"
    );

    let mut all: Vec<_> = forged.into_iter().map(|record| record.entry).collect();
    for entry in &mut all[58..] {
        if entry.chain == "issue/3" {
            entry.seq += 1;
        }
    }
    let found = faults(&forged_without_the_key(&linked(all)), &trust());
    assert_eq!((found[0].line, found[0].kind), (number(line_of(75) - 1), FaultKind::Root));
}

#[test]
fn re_attribution_with_all_links_made_anew_is_found_at_the_head_that_covers_it() {
    let mut all = entries(N_ENTRIES, N_CHAINS);
    all[57].actor = "account/other".to_owned();
    let found = faults(&forged_without_the_key(&linked(all)), &trust());
    assert_eq!(places(&found), [(number(line_of(75) - 1), None, None, FaultKind::Root)]);
    assert!(found[0].explanation.contains("log index 50 to 74"), "{}", found[0]);
}

#[test]
fn re_attribution_in_one_chain_is_found_at_the_entry_and_those_that_follow_it() {
    let original = records();
    let head = heads(&original, N_ENTRIES, &signer()).remove(0);
    let mut all = entries(N_ENTRIES, N_CHAINS);
    all[57].actor = "account/other".to_owned();
    let forged = linked(all);
    // The proofs are those of the genuine tree: for another leaf there are none.
    let genuine = lines(&export_chain(&original, "issue/3", &head, &signer()));
    let mut with_forged = original;
    for (record, forged) in with_forged.iter_mut().zip(forged) {
        if record.entry.chain == "issue/3" {
            *record = forged;
        }
    }
    let mut file = lines(&export_chain(&with_forged, "issue/3", &head, &signer()));
    let last = file.len() - 1;
    file[0].clone_from(&genuine[0]);
    file[last].clone_from(&genuine[last]);
    let found = faults(&file, &trust());
    let first_forged = found.iter().find(|fault| fault.seq == Some(7)).unwrap();
    assert_eq!(first_forged.kind, FaultKind::Proof);
    assert!(found.len() > 1);
}

#[test]
fn a_tail_cut_off_by_somebody_without_the_key_is_found() {
    let genuine = file_of(&records());
    for n_kept in [1, 2, line_of(25), line_of(57), line_of(175), genuine.len() - 1] {
        let found = faults(&genuine[..n_kept], &trust());
        assert_eq!((found[0].line, found[0].kind), (n_kept as u64 + 1, FaultKind::Cut));

        let mut with_footer = genuine[..n_kept].to_vec();
        with_footer.extend(genuine.last().cloned());
        if n_kept + 1 < genuine.len() {
            assert_eq!(faults(&with_footer, &trust())[0].kind, FaultKind::Footer);
        }
    }
}

#[test]
fn a_tail_cut_off_with_the_log_s_own_key_is_caught_by_a_witness() {
    let all = records();
    let cut = file_of(&all[..150]);
    assert_eq!(faults(&cut, &trust()), [], "the file alone cannot tell");
    let kept_elsewhere = heads(&all, HEAD_EVERY, &signer());
    for head in &kept_elsewhere {
        let found = faults(&cut, &trust().witness(witness(head)));
        if head.head.size <= 150 {
            assert_eq!(found, []);
        } else {
            assert_eq!(places(&found), [(number(cut.len()) - 1, None, None, FaultKind::Witness)]);
        }
    }
}

#[test]
fn history_rewritten_whole_with_the_log_s_own_key_is_caught_by_a_witness() {
    let mut all = entries(N_ENTRIES, N_CHAINS);
    all[57].actor = "account/other".to_owned();
    let rewritten = file_of(&linked(all));
    assert_eq!(faults(&rewritten, &trust()), [], "the file alone cannot tell");
    for head in &heads(&records(), HEAD_EVERY, &signer()) {
        let found = faults(&rewritten, &trust().witness(witness(head)));
        if head.head.size <= 57 {
            assert_eq!(found, []);
        } else {
            let last_covered = line_of(head.head.size - 1);
            assert_eq!(places(&found), [(number(last_covered), None, None, FaultKind::Witness)]);
        }
    }
}

#[test]
fn a_witness_of_another_log_or_key_does_not_pass() {
    let all = records();
    let file = file_of(&all);
    let other_key = Ed25519Signer::from_seed(&[66; 32]).unwrap();
    let forged = heads(&all, N_ENTRIES, &other_key).remove(0);
    let found = faults(&file, &trust().witness(witness(&forged)));
    assert_eq!(found.iter().map(|fault| fault.kind).collect::<Vec<_>>(), [FaultKind::Witness]);
    let mut elsewhere = heads(&all, N_ENTRIES, &signer()).remove(0).head;
    elsewhere.log_id = "log-2".to_owned();
    let found = faults(&file, &trust().witness(witness(&elsewhere.sign(&signer()).unwrap())));
    assert_eq!(found.iter().map(|fault| fault.kind).collect::<Vec<_>>(), [FaultKind::Witness]);
}

#[test]
fn an_unreadable_line_is_reported_once_for_itself() {
    let mut file = file_of(&records());
    let at = line_of(57);
    file[at].truncate(40);
    file[at].push(b'\n');
    let found = faults(&file, &trust());
    assert_eq!((found[0].line, found[0].kind), (number(at), FaultKind::Unreadable));
    assert!(found.iter().all(|fault| fault.line <= number(line_of(66)) || fault.kind == FaultKind::Footer));
}

#[test]
fn a_witness_of_entries_that_were_lost_on_the_way_is_not_passed_over() {
    let all = records();
    let mut file = file_of(&all);
    file.remove(line_of(57));
    let kept_elsewhere = heads(&all, HEAD_EVERY, &signer());
    let found = faults(&file, &trust().witness(witness(&kept_elsewhere[4])));
    assert!(found.iter().any(|fault| fault.kind == FaultKind::WitnessUnproven));
}
