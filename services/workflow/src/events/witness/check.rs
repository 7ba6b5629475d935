//! Holds what was kept outside against the log.

use std::sync::Arc;

use store::{Db, Tx};
use trail::SignedHead;

use super::{
    READING, blocking,
    file::{Tail, WitnessFile},
};
use crate::{error::WorkflowError, store::trail as log};

/// Lines compared in one step.
const PAGE: usize = 500;
/// Contradictions that are told one by one.
const MAX_CONTRADICTIONS: usize = 100;

/// What a comparison came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compared {
    pub n_heads: u64,
    /// Entries covered by the last head of the file.
    pub last_size: u64,
    /// Entries covered by the last head of the file that the log has, too.
    pub shared_size: u64,
    /// At most 100.
    pub contradictions: Vec<Contradiction>,
    pub n_contradictions: u64,
}

/// A head that was kept outside and is not the log's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Contradiction {
    #[error("the end of the witness file cannot be read: {why}")]
    Damaged { why: String },
    #[error("line {line} of the witness file is no head of a log")]
    Unreadable { line: u64 },
    #[error(
        "the witness kept a head over {size} entries, and the log has {entries}: its end was cut off, or an older copy of \
         the database put in its place"
    )]
    Cut { size: u64, entries: u64 },
    #[error("the witness kept a head over {size} entries, and the log has none over as many")]
    HeadMissing { size: u64 },
    #[error("the witness kept another head over {size} entries than the log has: history was rewritten")]
    Rewritten { size: u64 },
}

/// Compares the whole file.
pub(super) async fn compare(db: &Db, file: &Arc<WitnessFile>) -> Result<Compared, WorkflowError> {
    let mut compared = Compared::default();
    let mut from = 0;
    loop {
        let file = Arc::clone(file);
        let (lines, at) = blocking(READING, move || file.lines(from, PAGE)).await?;
        if lines.is_empty() {
            return Ok(compared);
        }
        from = at;
        compared.take(db, &lines).await?;
    }
}

/// Compares the last line alone.
pub(super) async fn compare_last(db: &Db, tail: &Tail) -> Result<Compared, WorkflowError> {
    let mut compared = Compared::default();
    if let Some(last) = &tail.last {
        compared.take(db, std::slice::from_ref(last)).await?;
    }
    Ok(compared)
}

impl Compared {
    async fn take(&mut self, db: &Db, lines: &[String]) -> Result<(), WorkflowError> {
        let mut tx = db.snapshot().await?;
        self.take_in(&mut tx, lines).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn take_in(&mut self, tx: &mut Tx, lines: &[String]) -> Result<(), WorkflowError> {
        let heads: Vec<_> = lines.iter().map(|line| SignedHead::from_json(line).ok()).collect();
        let sizes: Vec<i64> = heads.iter().flatten().map(|head| head.head.size.cast_signed()).collect();
        let stored = log::head_lines_of(tx, &sizes).await?;
        let entries = log::progress(tx).await?.size;
        for (line, head) in lines.iter().zip(heads) {
            self.n_heads += 1;
            let Some(size) = head.map(|head| head.head.size) else {
                self.contradict(Contradiction::Unreadable { line: self.n_heads });
                continue;
            };
            self.last_size = size;
            match stored.get(&size.cast_signed()) {
                _ if entries < size => self.contradict(Contradiction::Cut { size, entries }),
                Some(stored) if stored == line => self.shared_size = size,
                Some(_) => self.contradict(Contradiction::Rewritten { size }),
                None => self.contradict(Contradiction::HeadMissing { size }),
            }
        }
        Ok(())
    }

    pub(super) fn contradict(&mut self, contradiction: Contradiction) {
        self.n_contradictions += 1;
        if self.contradictions.len() < MAX_CONTRADICTIONS {
            self.contradictions.push(contradiction);
        }
    }
}
