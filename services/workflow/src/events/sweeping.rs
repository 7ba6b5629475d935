//! What goes by itself: bytes that nobody owns, bytes of removed files, drafts that nobody touched.

use std::sync::Arc;

use chrono::TimeDelta;
use kernel::Clock;
use runtime::Worked;
use store::{Batch, Db};

use crate::{
    config::{DraftLimits, FileRoom},
    error::WorkflowError,
    store::{blobs, drafts},
};

/// Rows taken in one step.
const BATCH: i64 = 50;
/// An upload is over by then: its bytes are a file's, or nobody's.
const UPLOAD_IS_OVER: TimeDelta = TimeDelta::hours(1);
/// How long a replica has for deleting what it claimed.
const LEASE: TimeDelta = TimeDelta::minutes(30);

/// The job that clears away.
#[derive(Debug, Clone)]
pub(crate) struct Sweeping {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub room: FileRoom,
    pub limits: DraftLimits,
}

impl Sweeping {
    /// Clears some of it away.
    pub(crate) async fn step(&self) -> Result<Worked, WorkflowError> {
        let swept = [self.unowned().await?, self.removed().await?, self.untouched().await?];
        Ok(if swept.contains(&true) { Worked::More } else { Worked::Idle })
    }

    /// Bytes of uploads that broke off.
    async fn unowned(&self) -> Result<bool, WorkflowError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let keys = blobs::claim_pending(&mut tx, now - UPLOAD_IS_OVER, now, BATCH).await?;
        tx.commit().await?;
        let mut batch = Batch::new();
        for key in &keys {
            self.room.blobs.delete(key).await.map_err(WorkflowError::files)?;
            blobs::swept(&mut batch, key, now);
        }
        self.run(batch).await
    }

    /// Bytes of files that were removed, or found infected, a while ago.
    async fn removed(&self) -> Result<bool, WorkflowError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let erasures = blobs::claim_erasures(&mut tx, now, LEASE, BATCH).await?;
        tx.commit().await?;
        let mut batch = Batch::new();
        for erasure in &erasures {
            self.room.blobs.delete(&erasure.blob_key).await.map_err(WorkflowError::files)?;
            blobs::erased(&mut batch, erasure, now);
        }
        self.run(batch).await
    }

    async fn untouched(&self) -> Result<bool, WorkflowError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let drafts = drafts::lock_untouched(&mut tx, now - self.limits.keep, BATCH).await?;
        if drafts.is_empty() {
            tx.rollback().await?;
            return Ok(false);
        }
        let mut batch = Batch::new();
        for draft in &drafts {
            drafts::discard(&mut batch, draft, now, now + self.room.keep_removed);
        }
        batch.run(&mut tx).await?;
        tx.commit().await?;
        tracing::info!(drafts = drafts.len(), "drafts that nobody touched are gone");
        Ok(true)
    }

    /// Whether there was anything to write.
    async fn run(&self, batch: Batch) -> Result<bool, WorkflowError> {
        if batch.is_empty() {
            return Ok(false);
        }
        let mut tx = self.db.begin().await?;
        batch.run(&mut tx).await?;
        tx.commit().await?;
        Ok(true)
    }
}
