//! The job that writes the file.

use std::sync::Arc;

use chrono::TimeDelta;
use runtime::Worked;

use super::{Found, READING, Witnesses, blocking, check, file::Tail};
use crate::{error::WorkflowError, store::trail as log};

/// Heads written in one step.
const BATCH: i64 = 500;
/// A contradiction stays until somebody deals with it; it is said aloud this often.
const BETWEEN_ALARMS: TimeDelta = TimeDelta::minutes(10);
const WRITING: &str = "write the witness file";

#[derive(Debug, Clone)]
pub(super) struct Keeper {
    pub witnesses: Witnesses,
}

impl Keeper {
    /// Writes the heads that the file does not have yet.
    ///
    /// The last head of the file that the log has, too, says where to go on. A log that is no longer the one that the file
    /// knows goes on behind what the file has: both are evidence, and neither is ever taken away.
    pub async fn step(&self) -> Result<Worked, WorkflowError> {
        let Witnesses { db, file, .. } = &self.witnesses;
        let tail = {
            let file = Arc::clone(file);
            blocking(READING, move || file.tail()).await?
        };
        let last = check::compare_last(db, &tail).await?;
        let compared = self.witnesses.found.lock().await.compared.clone();
        let from = match compared {
            Some(_) if last.contradictions.is_empty() => last.shared_size,
            Some((end, shared_size)) if end == tail => shared_size,
            Some(_) | None => self.compare(&tail).await?,
        };
        self.alarm().await;
        let mut tx = db.snapshot().await?;
        let heads = log::head_lines(&mut tx, from.cast_signed(), BATCH).await?;
        tx.commit().await?;
        if heads.is_empty() {
            return Ok(Worked::Idle);
        }
        let lines: Vec<String> = heads.into_iter().map(|(_, line)| line).collect();
        let file = Arc::clone(file);
        // Whoever was faster has written the same; the next step looks where it ends.
        blocking(WRITING, move || file.append(&tail, &lines)).await?;
        Ok(Worked::More)
    }

    /// Compares the whole file, and gives the size of its last head that the log has.
    async fn compare(&self, tail: &Tail) -> Result<u64, WorkflowError> {
        let compared = self.witnesses.compare().await?;
        let mut found = self.witnesses.found.lock().await;
        for contradiction in compared.contradictions {
            if !found.contradictions.contains(&contradiction) {
                found.contradictions.push(contradiction);
                found.said_at = None;
            }
        }
        found.compared = Some((tail.clone(), compared.shared_size));
        Ok(compared.shared_size)
    }

    /// Says aloud what is wrong.
    async fn alarm(&self) {
        let now = self.witnesses.clock.now();
        let mut found = self.witnesses.found.lock().await;
        let Found { contradictions, said_at, .. } = &mut *found;
        if contradictions.is_empty() || said_at.is_some_and(|at| now < at + BETWEEN_ALARMS) {
            return;
        }
        *said_at = Some(now);
        for contradiction in contradictions {
            tracing::error!(
                witness.file = %self.witnesses.path().display(),
                %contradiction,
                "the log is not the one that was witnessed"
            );
        }
    }
}
