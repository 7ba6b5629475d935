//! What issues are found by follows them: each step writes it with the rest, and this job goes over the issues once
//! more, in the order of their last change. It puts in order what a step could not have written: issues from before
//! there was a search, changes by a build that knew none, texts that were erased.

use std::sync::Arc;

use chrono::TimeDelta;
use kernel::Clock;
use runtime::Worked;
use store::{Batch, Db};

use crate::{
    error::WorkflowError,
    store::search::index::{self, Unreadable},
};

/// Issues compared in one step.
const BATCH: i64 = 200;
/// How long ago an issue must have changed: nothing that changed earlier is still to be committed by then, so that
/// nothing is passed over.
const BEHIND: TimeDelta = TimeDelta::minutes(5);

/// The job that compares.
#[derive(Debug, Clone)]
pub(crate) struct Indexer {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
}

impl Indexer {
    /// Compares one set of issues. One replica at a time does so: it holds the row that says how far.
    pub(crate) async fn step(&self) -> Result<Worked, WorkflowError> {
        let until = self.clock.now() - BEHIND;
        let mut tx = self.db.begin().await?;
        let Some(progress) = index::take_progress(&mut tx).await? else {
            tx.rollback().await?;
            return Ok(Worked::Idle);
        };
        let mut batch = Batch::new();
        let erased = index::erased(&mut tx, BATCH).await?;
        for (issue, text) in &erased {
            index::forget(&mut batch, *issue, *text);
        }
        // Either at a time: the two may be about the same rows.
        if erased.is_empty() {
            let compared = index::compare(&mut tx, &mut batch, progress, until, BATCH).await?;
            let Some(unreadable) = compared else {
                tx.rollback().await?;
                return Ok(Worked::Idle);
            };
            for Unreadable { issue, error } in unreadable {
                tracing::error!(
                    issue.id = %issue,
                    error = &error as &dyn std::error::Error,
                    "an issue cannot be made ready for searches"
                );
            }
        }
        batch.run(&mut tx).await?;
        tx.commit().await?;
        Ok(Worked::More)
    }
}
