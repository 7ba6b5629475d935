//! Files that wait for the scanner. It is asked about each until it gives a verdict; until then nobody gets the file.

use std::{io, sync::Arc};

use chrono::TimeDelta;
use files::{Scan, Verdict};
use futures::StreamExt as _;
use kernel::Clock;
use runtime::Worked;
use store::{Batch, Db};

use crate::{
    config::FileRoom,
    domain::pause_after,
    error::WorkflowError,
    store::attachments::{self, Suspect},
};

/// Files claimed in one step.
const BATCH: i64 = 4;

/// The job that asks the scanner.
#[derive(Debug, Clone)]
pub(crate) struct Scanning {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub room: FileRoom,
    pub scanner: Arc<dyn Scan>,
}

impl Scanning {
    /// Asks about some files.
    pub(crate) async fn step(&self) -> Result<Worked, WorkflowError> {
        let now = self.clock.now();
        let timeout = TimeDelta::from_std(self.room.scan_timeout).unwrap_or(TimeDelta::minutes(10));
        let mut tx = self.db.begin().await?;
        // Long enough for all of them, so that no other replica asks meanwhile.
        let lease = timeout * i32::try_from(BATCH + 1).unwrap_or(i32::MAX);
        let suspects = attachments::claim_suspects(&mut tx, now, lease, BATCH).await?;
        tx.commit().await?;
        if suspects.is_empty() {
            return Ok(Worked::Idle);
        }
        for suspect in &suspects {
            let verdict = self.ask(suspect).await;
            let mut batch = Batch::new();
            self.note(&mut batch, suspect, verdict);
            let mut tx = self.db.begin().await?;
            batch.run(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(Worked::More)
    }

    async fn ask(&self, suspect: &Suspect) -> anyhow::Result<Verdict> {
        let n_bytes = u64::try_from(suspect.n_bytes)?;
        let content = self.room.blobs.get(&suspect.blob_key, 0..n_bytes).await?;
        // The scanner's word is about the whole file, or it is none.
        let counted = counted(content, n_bytes);
        Ok(self.scanner.scan(counted.boxed()).await?)
    }

    fn note(&self, batch: &mut Batch, suspect: &Suspect, verdict: anyhow::Result<Verdict>) {
        let now = self.clock.now();
        let id = suspect.id;
        match verdict {
            Ok(Verdict::Clean) => attachments::judge(batch, id, None),
            Ok(Verdict::Infected(finding)) => {
                tracing::warn!(attachment.id = %id, finding, "the scanner found something in a file");
                attachments::judge(batch, id, Some((finding, now + self.room.keep_removed)));
            }
            Err(error) => {
                let failed_scans = suspect.failed_scans + 1;
                let error = format!("{error:#}");
                tracing::warn!(attachment.id = %id, failed_scans, error, "a file could not be scanned");
                attachments::unscanned(batch, id, now + pause_after(failed_scans));
            }
        }
    }
}

/// The same bytes; an error at the end when they are not as many as they should be.
fn counted(
    content: files::Content,
    n_bytes: u64,
) -> impl futures::Stream<Item = io::Result<bytes::Bytes>> + Send + 'static {
    let state = Some((content, 0));
    futures::stream::unfold(state, move |state| async move {
        let (mut content, n_read) = state?;
        match content.next().await {
            Some(Ok(piece)) => {
                let n_read = n_read + piece.len() as u64;
                Some((Ok(piece), Some((content, n_read))))
            }
            Some(Err(error)) => Some((Err(error), None)),
            None if n_read == n_bytes => None,
            None => Some((Err(io::Error::other("the file is not as long as it was")), None)),
        }
    })
}
