//! The stored trail, calculated anew: what an export would show to whoever verifies it, and what no export shows.

use std::time::Instant;

use kernel::Timestamp;
use proto::workflow::v1 as pb;
use store::Tx;
use trail::{
    ChainExportWriter, ExportError, ExportWriter, FaultKind, Keys, MAX_FAULTS, Record, Sha256Ed25519,
    SignedHead, Signer as _, Start, Trust, Verifier,
};

use super::{TrailRpc, export_trail::PAGE, pipe::Pipe, plan};
use crate::{
    error::WorkflowError,
    events::witness::Compared,
    store::{
        chained::Chain,
        loose_ends,
        trail::{self as log, Head},
    },
};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub n_entries: u64,
    pub n_heads: u64,
    /// At most 1000.
    pub faults: Vec<pb::TrailFault>,
    pub n_faults: u64,
}

/// A verification under way.
pub(super) struct Audit<'a> {
    rpc: &'a TrailRpc,
    trust: &'a Trust,
    newest: &'a Head,
    now: Timestamp,
    found: Found,
}

/// Of this installation: the key that signs now, and those before it whose public halves were left beside it as
/// `trail-head….pub`.
pub(super) fn trust(rpc: &TrailRpc) -> Trust {
    let mut keys = vec![rpc.signer.public_key().to_vec()];
    keys.extend(rpc.earlier_keys.iter().cloned());
    Trust::new(Keys::Expected(keys))
}

impl<'a> Audit<'a> {
    pub fn new(rpc: &'a TrailRpc, trust: &'a Trust, newest: &'a Head, now: Timestamp) -> Self {
        Self { rpc, trust, newest, now, found: Found::default() }
    }

    /// Everything in the log. Ends where it is at `deadline`, since nobody waits any more.
    pub async fn whole_log(mut self, deadline: Instant) -> Result<Found, WorkflowError> {
        let pipe = Pipe::default();
        let mut writer = ExportWriter::begin(pipe.clone(), &*self.rpc.signer, self.start())?;
        let mut verifier = Verifier::new(self.trust);
        let mut tx = self.rpc.workflow.db.snapshot().await?;
        let size = log::progress(&mut tx).await?.size.max(self.newest.signed.head.size);
        tx.commit().await?;
        feed(&mut verifier, &pipe.take());
        let mut from = 0;
        while from < size {
            if deadline <= Instant::now() {
                return Err(WorkflowError::OutOfTime);
            }
            let until = size.min(from + PAGE);
            let mut tx = self.rpc.workflow.db.snapshot().await?;
            let records = log::records(&mut tx, from, until).await?;
            let heads = log::head_lines(&mut tx, from.cast_signed(), PAGE.cast_signed()).await?;
            tx.commit().await?;
            let mut heads = heads.into_iter().filter(|(size, _)| *size <= until.cast_signed()).peekable();
            for record in &records {
                while let Some((_, line)) = heads.next_if(|(size, _)| *size <= record.log_index.cast_signed())
                {
                    self.head(&mut verifier, &line);
                }
                match writer.entry(record) {
                    Ok(()) => feed(&mut verifier, &pipe.take()),
                    Err(error) => self.unreadable(&mut verifier, record, &error),
                }
            }
            for (_, line) in heads {
                self.head(&mut verifier, &line);
            }
            from = until;
        }
        self.take(&verifier);
        self.loose_ends(None).await?;
        self.witnesses(&self.rpc.witnesses.compare().await?);
        Ok(self.found)
    }

    /// One chain, the proofs of its entries, and the newest head.
    pub async fn one_chain(mut self, chain: Chain) -> Result<Found, WorkflowError> {
        let size = self.newest.signed.head.size;
        let mut tx = self.rpc.workflow.db.snapshot().await?;
        let records = log::chain_records(&mut tx, chain, size).await?;
        let uncovered = loose_ends::uncovered(&mut tx, chain, size).await?;
        let plans: Vec<_> = records.iter().map(|record| plan::inclusion(record.log_index, size)).collect();
        let nodes = log::find_nodes(&mut tx, &plan::nodes(&plans)).await?;
        tx.commit().await?;
        let pipe = Pipe::default();
        let mut writer = ChainExportWriter::begin(
            pipe.clone(),
            &*self.rpc.signer,
            self.start(),
            chain.to_string(),
            &self.newest.signed,
        )?;
        let mut verifier = Verifier::new(self.trust);
        feed(&mut verifier, &pipe.take());
        for (record, plan) in records.iter().zip(&plans) {
            match writer.entry(record, &plan::fold(plan, &nodes)) {
                Ok(()) => feed(&mut verifier, &pipe.take()),
                Err(error) => self.unreadable(&mut verifier, record, &error),
            }
        }
        self.take(&verifier);
        self.uncovered(records.last(), &uncovered);
        self.loose_ends(Some(chain)).await?;
        self.witnesses(&self.rpc.witnesses.known().await?);
        Ok(self.found)
    }

    fn start(&self) -> Start {
        Start {
            log_id: self.newest.signed.head.log_id.clone(),
            created_micros: self.now.timestamp_micros(),
            earlier_keys: self.rpc.earlier_keys.to_vec(),
        }
    }

    fn head(&mut self, verifier: &mut Verifier<'_>, line: &str) {
        if SignedHead::from_json(line).is_err() {
            let explanation = format!("the head {line:?} cannot be read");
            self.fault(pb::TrailFaultKind::Unreadable, None, 0, explanation);
        }
        feed(verifier, format!("{line}\n").as_bytes());
    }

    /// An entry that no export takes: it was made so by hand.
    fn unreadable(&mut self, verifier: &mut Verifier<'_>, record: &Record, error: &ExportError) {
        let (seq, explanation) = (record.entry.seq.cast_signed(), error.to_string());
        self.fault(pb::TrailFaultKind::Unreadable, Some(&record.entry.chain), seq, explanation);
        feed(verifier, b"\n");
    }

    /// Entries that the newest head does not cover yet: the links between them are all there is.
    fn uncovered(&mut self, covered: Option<&Record>, uncovered: &[Record]) {
        let (mut seq, mut link) =
            covered.map_or((0, trail::chain::GENESIS), |last| (last.entry.seq, last.link));
        for record in uncovered {
            let entry = &record.entry;
            let kind = if entry.seq != seq + 1 {
                Some(pb::TrailFaultKind::Sequence)
            } else if record.prev != link {
                Some(pb::TrailFaultKind::Previous)
            } else if trail::chain::append(&Sha256Ed25519, record.prev, entry) != record.link {
                Some(pb::TrailFaultKind::Hash)
            } else {
                None
            };
            self.found.n_entries += 1;
            (seq, link) = (entry.seq, record.link);
            if let Some(kind) = kind {
                let explanation = "the entry does not follow from the one before".to_owned();
                self.fault(kind, Some(&entry.chain), entry.seq.cast_signed(), explanation);
            }
        }
    }

    async fn loose_ends(&mut self, only: Option<Chain>) -> Result<(), WorkflowError> {
        use pb::TrailFaultKind::{Issue, LogIndex, NotInLog};
        let mut tx: Tx = self.rpc.workflow.db.snapshot().await?;
        let looked_at = log::progress(&mut tx).await?.position;
        let unlogged = loose_ends::unlogged(&mut tx, only, &looked_at).await?;
        let vanished = loose_ends::vanished(&mut tx, only).await?;
        let cut = loose_ends::cut(&mut tx, only).await?;
        let beyond = loose_ends::beyond(&mut tx, only).await?;
        tx.commit().await?;
        for (chain, seq) in unlogged {
            let explanation = "the event is not in the log, and does not wait for it".to_owned();
            self.fault(NotInLog, Some(&chain.to_string()), seq, explanation);
        }
        for ((chain, seq), log_index) in vanished {
            let explanation = format!("the entry at {log_index} of the log is gone");
            self.fault(LogIndex, Some(&chain.to_string()), seq, explanation);
        }
        for (chain, seq) in cut {
            let explanation =
                format!("the {} knows another last event than its chain has", chain.subject.name());
            self.fault(Issue, Some(&chain.to_string()), seq, explanation);
        }
        for (chain, seq) in beyond {
            let explanation =
                format!("the event follows the last one that its {} knows", chain.subject.name());
            self.fault(Issue, Some(&chain.to_string()), seq, explanation);
        }
        Ok(())
    }

    fn witnesses(&mut self, compared: &Compared) {
        for contradiction in &compared.contradictions {
            self.fault(pb::TrailFaultKind::Witness, None, 0, contradiction.to_string());
        }
        self.found.n_faults += compared.n_contradictions - compared.contradictions.len() as u64;
    }

    fn take(&mut self, verifier: &Verifier<'_>) {
        let report = verifier.report();
        self.found.n_entries += report.entries;
        self.found.n_heads += report.heads;
        for fault in &report.faults {
            let seq = fault.seq.unwrap_or(0).cast_signed();
            self.fault(kind(fault.kind), fault.chain.as_deref(), seq, fault.explanation.clone());
        }
        self.found.n_faults += report.n_faults - report.faults.len() as u64;
    }

    fn fault(&mut self, kind: pb::TrailFaultKind, chain: Option<&str>, seq: i64, explanation: String) {
        self.found.n_faults += 1;
        if self.found.faults.len() < MAX_FAULTS {
            let chain = chain.unwrap_or_default();
            self.found.faults.push(pb::TrailFault {
                kind: kind.into(),
                issue_id: chain.strip_prefix("issue/").unwrap_or_default().to_owned(),
                chain: chain.to_owned(),
                sequence: seq,
                explanation,
            });
        }
    }
}

/// Gives the verifier whole lines.
fn feed(verifier: &mut Verifier<'_>, lines: &[u8]) {
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        verifier.line(line);
    }
}

fn kind(kind: FaultKind) -> pb::TrailFaultKind {
    match kind {
        FaultKind::Signature | FaultKind::Key => pb::TrailFaultKind::Signature,
        FaultKind::Log | FaultKind::Suite => pb::TrailFaultKind::Log,
        FaultKind::LogIndex => pb::TrailFaultKind::LogIndex,
        FaultKind::Seq => pb::TrailFaultKind::Sequence,
        FaultKind::Prev => pb::TrailFaultKind::Previous,
        FaultKind::Link => pb::TrailFaultKind::Hash,
        FaultKind::Root => pb::TrailFaultKind::Root,
        FaultKind::Proof => pb::TrailFaultKind::Proof,
        FaultKind::HeadOrder => pb::TrailFaultKind::HeadOrder,
        FaultKind::Witness | FaultKind::WitnessUnproven => pb::TrailFaultKind::Witness,
        FaultKind::OutOfPlace | FaultKind::Footer | FaultKind::Cut => pb::TrailFaultKind::OutOfPlace,
        // Kinds may be added to the crate; a fault of an unknown kind is one all the same.
        FaultKind::Unreadable | _ => pb::TrailFaultKind::Unreadable,
    }
}
