//! Reads an export line by line and finds what is wrong with it.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use super::MAX_LINE_BYTES;
use super::line::{Footer, Header, Line, Record, SignedFooter, SignedHeader};
use super::report::{Fault, FaultKind, MAX_FAULTS, Report};
use super::trust::{Keys, Trust};
use crate::chain::{self, Link};
use crate::hash::Hash;
use crate::head::{SignedHead, TreeHead};
use crate::merkle::{self, Frontier};
use crate::suite::Suite;

/// Verifies an export. Fails only when the input cannot be read; whatever is wrong with its content is in the report.
pub fn verify_export(input: impl BufRead, trust: &Trust) -> io::Result<Report> {
    verify_export_with(input, trust, |_| {})
}

/// Like [`verify_export`], and shows each entry that could be read, in the order of the file. What was shown is only
/// worth something once the report says that the export is intact.
pub fn verify_export_with(
    mut input: impl BufRead,
    trust: &Trust,
    mut on_entry: impl FnMut(&Record),
) -> io::Result<Report> {
    let mut verifier = Verifier::new(trust);
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte past the limit and the newline is enough to see that a line is too long.
        let limit = MAX_LINE_BYTES as u64 + 2;
        if input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(verifier.finish());
        }
        if let Some(record) = verifier.line(&line) {
            on_entry(&record);
        }
        if verifier.is_stopped() {
            return Ok(verifier.finish());
        }
    }
}

/// The verifier as a state that takes one line after the other; [`verify_export`] feeds it from a reader.
#[derive(Clone)]
pub struct Verifier<'a> {
    pub(super) trust: &'a Trust,
    line: u64,
    stage: Stage,
    pub(super) context: Option<Arc<Context>>,
    /// `log_index` that the next entry should have; in the export of one chain, the least that it may have.
    pub(super) next_index: u64,
    chains: HashMap<String, ChainState>,
    pub(super) last_head: Option<(TreeHead, Hash)>,
    /// The tree over the links as stated. `None` once an entry was lost or a root did not fit: from there on no root can be judged.
    pub(super) tree: Option<Frontier>,
    /// Whether a link was found wrong since the last good head, so that the tree may hold a wrong leaf.
    is_tree_doubtful: bool,
    /// Witnesses that have been compared, in the order of their sizes.
    pub(super) n_witnesses_seen: usize,
    report: Report,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Header,
    Body,
    /// The footer has been read.
    Ended,
    /// Nothing more can be checked.
    Stopped,
}

/// What the header settled.
pub(super) struct Context {
    pub(super) suite: &'static dyn Suite,
    pub(super) header: Header,
    hash: Hash,
}

#[derive(Clone)]
struct ChainState {
    seq: u64,
    link: Link,
    /// The link that the last entry should have had, where it has another one: the next entry tells which was meant.
    other_link: Link,
}

impl<'a> Verifier<'a> {
    pub fn new(trust: &'a Trust) -> Self {
        Self {
            trust,
            line: 0,
            stage: Stage::Header,
            context: None,
            next_index: 0,
            chains: HashMap::new(),
            last_head: None,
            tree: Some(Frontier::new()),
            is_tree_doubtful: false,
            n_witnesses_seen: 0,
            report: Report::default(),
        }
    }

    /// Takes the next line with its newline. Returns the entry on it, if it could be read.
    pub fn line(&mut self, line: &[u8]) -> Option<Record> {
        if self.stage == Stage::Stopped {
            return None;
        }
        self.line += 1;
        let Some(text) = line.strip_suffix(b"\n") else {
            if line.len() > MAX_LINE_BYTES {
                self.fault(
                    FaultKind::Unreadable,
                    "the line is too long; nothing after it was checked".to_owned(),
                );
                self.stage = Stage::Stopped;
            } else {
                self.unreadable("the line does not end in a newline".to_owned());
            }
            return None;
        };
        if text.len() > MAX_LINE_BYTES {
            self.unreadable("the line is too long".to_owned());
            return None;
        }
        match Line::parse(text) {
            Ok(line) => self.parsed(line),
            Err(err) => {
                self.unreadable(err.to_string());
                None
            }
        }
    }

    /// Whether the export is damaged so that further lines cannot be checked; they are ignored.
    pub fn is_stopped(&self) -> bool {
        self.stage == Stage::Stopped
    }

    /// What has been found so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Ends the export and gives the result.
    pub fn finish(mut self) -> Report {
        if matches!(self.stage, Stage::Header | Stage::Body) {
            self.line += 1;
            self.fault(FaultKind::Cut, "the file ends before the footer".to_owned());
        }
        if self.stage != Stage::Stopped {
            self.check_remaining_witnesses();
        }
        self.report
    }

    fn parsed(&mut self, line: Line) -> Option<Record> {
        match (self.stage, line) {
            (Stage::Header, Line::Header(header)) => self.header(header),
            (Stage::Header, _) => {
                let explanation = "the first line is not a header; nothing after it was checked";
                self.fault(FaultKind::OutOfPlace, explanation.to_owned());
                self.stage = Stage::Stopped;
            }
            (Stage::Body, Line::Entry { record, proof }) => {
                let context = self.context.clone()?;
                self.entry(&context, &record, proof.as_deref());
                return Some(record);
            }
            (Stage::Body, Line::Head(head)) => {
                let context = self.context.clone()?;
                self.head(&context, &head);
            }
            (Stage::Body, Line::Footer(footer)) => {
                let context = self.context.clone()?;
                self.footer(&context, &footer);
                self.stage = Stage::Ended;
            }
            (Stage::Body, Line::Header(_)) => {
                self.fault(FaultKind::OutOfPlace, "a second header".to_owned());
            }
            (Stage::Ended | Stage::Stopped, _) => {
                self.fault(FaultKind::OutOfPlace, "a line after the footer".to_owned());
            }
        }
        None
    }

    fn unreadable(&mut self, explanation: String) {
        self.fault(FaultKind::Unreadable, explanation);
        match self.stage {
            Stage::Header => self.stage = Stage::Stopped,
            // Perhaps it was an entry, so the tree may lack a leaf.
            Stage::Body => self.tree = None,
            Stage::Ended | Stage::Stopped => {}
        }
    }

    fn header(&mut self, signed: SignedHeader) {
        let header = &signed.header;
        self.report.log_id.clone_from(&header.log_id);
        self.report.suite.clone_from(&header.suite);
        self.report.public_keys.clone_from(&header.public_keys);
        self.report.chain.clone_from(&header.chain);
        let trust = self.trust;
        let Some(suite) = trust.suites.iter().copied().find(|suite| suite.name() == header.suite) else {
            let explanation = format!("suite {:?} is not accepted; nothing was checked", header.suite);
            self.fault(FaultKind::Suite, explanation);
            self.stage = Stage::Stopped;
            return;
        };
        if let Keys::Expected(expected) = &trust.keys
            && header.public_keys.iter().any(|key| !expected.contains(key))
        {
            self.fault(FaultKind::Key, "the header states a key that is not among those expected".to_owned());
        }
        if let Some(log_id) = &trust.log_id
            && *log_id != header.log_id
        {
            self.fault(FaultKind::Log, format!("this is log {:?}, not {log_id:?}", header.log_id));
        }
        if !signed.verify(suite) {
            self.fault(FaultKind::Signature, "the signature of the header is not good".to_owned());
        }
        let context = Context { suite, hash: header.hash(suite), header: signed.header };
        if context.header.chain.is_none() {
            self.check_reached_witnesses(&context);
        }
        self.context = Some(Arc::new(context));
        self.stage = Stage::Body;
    }

    fn entry(&mut self, context: &Context, record: &Record, proof: Option<&[Hash]>) {
        self.report.entries += 1;
        self.check_log_index(context, record);
        self.check_chain(context, record);
        if let Some(chain) = &context.header.chain {
            self.check_inclusion(context, chain, record, proof);
            return;
        }
        if proof.is_some() {
            let explanation = "the export of a whole log has no inclusion proofs".to_owned();
            self.entry_fault(record, FaultKind::Proof, explanation);
        }
        if let Some(tree) = &mut self.tree {
            tree.append(context.suite, record.link.as_bytes());
        }
        self.check_reached_witnesses(context);
    }

    fn check_log_index(&mut self, context: &Context, record: &Record) {
        let (expected, found) = (self.next_index, record.log_index);
        let fits = if context.header.chain.is_some() { found >= expected } else { found == expected };
        self.next_index = found.saturating_add(1);
        if !fits {
            self.tree = None;
            let explanation = match found.checked_sub(expected) {
                Some(n_missing) => {
                    format!("log index {found} where {expected} is next: {n_missing} missing before it")
                }
                None => {
                    format!("log index {found} where {expected} is next: inserted, repeated or out of order")
                }
            };
            self.entry_fault(record, FaultKind::LogIndex, explanation);
        }
    }

    fn check_chain(&mut self, context: &Context, record: &Record) {
        let Record { entry, prev, link, .. } = record;
        let (last_seq, last_link, other_link) = match self.chains.get(&entry.chain) {
            Some(state) => (state.seq, state.link, state.other_link),
            None => (0, chain::GENESIS, chain::GENESIS),
        };
        let computed = chain::append(context.suite, *prev, entry);
        // Whatever is wrong with this entry, the next one of its chain is measured by it, so that one change is one fault.
        let state = ChainState { seq: entry.seq, link: *link, other_link: computed };
        if let Some(slot) = self.chains.get_mut(&entry.chain) {
            *slot = state;
        } else {
            self.chains.insert(entry.chain.clone(), state);
            self.report.chains += 1;
        }
        if entry.seq.checked_sub(1) != Some(last_seq) {
            let explanation =
                format!("entry {} of its chain where entry {} is next", entry.seq, last_seq + 1);
            self.entry_fault(record, FaultKind::Seq, explanation);
        } else if *prev != last_link && *prev != other_link {
            let explanation = "the link before is not that of the entry before in this chain".to_owned();
            self.entry_fault(record, FaultKind::Prev, explanation);
        }
        if *link != computed {
            self.is_tree_doubtful = true;
            let explanation =
                "the link does not follow from the entry: one of the two was changed".to_owned();
            self.entry_fault(record, FaultKind::Link, explanation);
        }
    }

    fn check_inclusion(&mut self, context: &Context, chain: &str, record: &Record, proof: Option<&[Hash]>) {
        if record.entry.chain != chain {
            self.entry_fault(record, FaultKind::Seq, format!("this export is of chain {chain:?} only"));
        }
        let Some((head, _)) = &self.last_head else {
            self.entry_fault(record, FaultKind::OutOfPlace, "an entry before the head".to_owned());
            return;
        };
        let suite = context.suite;
        let leaf = merkle::leaf_hash(suite, record.link.as_bytes());
        let (size, root) = (head.size, head.root);
        let is_included = proof.is_some_and(|proof| {
            merkle::verify_inclusion(suite, &leaf, record.log_index, size, &root, proof)
        });
        if !is_included {
            let explanation = "the inclusion proof does not lead from this entry to the head".to_owned();
            self.entry_fault(record, FaultKind::Proof, explanation);
        }
    }

    fn head(&mut self, context: &Context, signed: &SignedHead) {
        let head = &signed.head;
        let suite = context.suite;
        let hash = head.hash(suite);
        let last = self.last_head.replace((head.clone(), hash));
        self.report.heads += 1;
        self.report.root = Some(head.root);
        self.report.head = Some(head.clone());
        if head.log_id != context.header.log_id || head.suite != suite.name() {
            self.fault(FaultKind::Log, "the head is of another log or suite".to_owned());
            return;
        }
        match (&context.header.chain, last) {
            (None, last) => self.check_head_in_log(context, head, last),
            (Some(_), None) if self.report.entries == 0 => {}
            (Some(_), _) => {
                let explanation = "the export of one chain has one head, before its entries";
                self.fault(FaultKind::OutOfPlace, explanation.to_owned());
            }
        }
        if !context.header.public_keys.iter().any(|key| signed.verify(suite, key)) {
            self.fault(FaultKind::Signature, "the signature of the head is not good".to_owned());
        }
    }

    fn check_head_in_log(&mut self, context: &Context, head: &TreeHead, last: Option<(TreeHead, Hash)>) {
        let n_covered = last.as_ref().map_or(0, |(last, _)| last.size);
        let (previous, earliest) =
            last.map_or((Hash::ZERO, i64::MIN), |(last, hash)| (hash, last.time_micros));
        if head.previous != previous {
            let explanation = "the head does not follow the head before: one was removed or changed";
            self.fault(FaultKind::HeadOrder, explanation.to_owned());
        }
        if head.time_micros < earliest {
            self.fault(FaultKind::HeadOrder, "the head is older than the head before".to_owned());
        }
        let Some(tree) = &self.tree else { return };
        if head.size != tree.size() {
            let explanation =
                format!("the head covers {} entries and stands after {}", head.size, tree.size());
            self.fault(FaultKind::OutOfPlace, explanation);
        } else if head.root == tree.root(context.suite) {
            self.is_tree_doubtful = false;
        } else {
            self.tree = None;
            // Where a link is known to be wrong, that explains the root, and it has been reported.
            if !self.is_tree_doubtful {
                let explanation = format!(
                    "the root is not that of the entries: some with log index {n_covered} to {} were changed with \
                     their links, and no later root was compared",
                    head.size.saturating_sub(1),
                );
                self.fault(FaultKind::Root, explanation);
            }
        }
    }

    fn footer(&mut self, context: &Context, signed: &SignedFooter) {
        let footer = &signed.footer;
        let Some((head, head_hash)) = &self.last_head else {
            self.fault(FaultKind::Footer, "the export has no head".to_owned());
            return;
        };
        let read = Footer {
            header: context.hash,
            entries: self.report.entries,
            chains: self.report.chains,
            heads: self.report.heads,
            root: head.root,
            last_head: *head_hash,
        };
        let is_covered = context.header.chain.is_some() || head.size == self.next_index;
        if *footer != read {
            self.fault(FaultKind::Footer, "the footer does not fit the lines before it".to_owned());
        } else if !is_covered {
            self.fault(FaultKind::Footer, "the last head does not cover the last entries".to_owned());
        }
        let key = context.header.public_keys.first();
        if !key.is_some_and(|key| signed.verify(context.suite, key)) {
            self.fault(FaultKind::Signature, "the signature of the footer is not good".to_owned());
        }
    }

    fn entry_fault(&mut self, record: &Record, kind: FaultKind, explanation: String) {
        let chain = Some(record.entry.chain.clone());
        self.push(Fault { line: self.line, chain, seq: Some(record.entry.seq), kind, explanation });
    }

    pub(super) fn fault(&mut self, kind: FaultKind, explanation: String) {
        self.push(Fault { line: self.line, chain: None, seq: None, kind, explanation });
    }

    fn push(&mut self, fault: Fault) {
        self.report.n_faults += 1;
        if self.report.faults.len() < MAX_FAULTS {
            self.report.faults.push(fault);
        }
    }
}
