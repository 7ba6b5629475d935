//! The job that sends heads to the address.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use kernel::Timestamp;
use runtime::Worked;
use store::lease;

use super::{Target, Witnesses};
use crate::{
    error::WorkflowError,
    store::{
        trail as log,
        witnesses::{self, Standing},
    },
};

/// Heads sent in one step.
const BATCH: i64 = 20;
/// The step ends after this long; the lease lasts longer, by more than one post.
const STEP: Duration = Duration::from_secs(15);
const LEASE: TimeDelta = TimeDelta::seconds(45);
const LEASE_NAME: &str = "send tree heads to the witness";
/// Longest pause after a failure; the first one is a second, and each doubles.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);

#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub witnesses: Witnesses,
    pub target: Arc<Target>,
}

impl Sender {
    /// Sends the heads that the address has not taken yet, one after the other. A head whose answer was lost is sent again.
    pub async fn step(&self) -> Result<Worked, WorkflowError> {
        let Witnesses { db, clock, holder, .. } = &self.witnesses;
        let now = clock.now();
        let mut standing = match self.witnesses.standing().await? {
            Some(standing) if standing.next_try_at <= now => standing,
            Some(_) | None => return Ok(Worked::Idle),
        };
        let mut tx = db.snapshot().await?;
        let heads = log::head_lines(&mut tx, standing.size, BATCH).await?;
        tx.commit().await?;
        if heads.is_empty() || !lease::acquire(db, LEASE_NAME, holder, now, LEASE).await? {
            return Ok(Worked::Idle);
        }
        let begun = Instant::now();
        for (size, line) in heads {
            match self.target.post(&line).await {
                Ok(()) => standing = Standing { size, n_failed: 0, last_error: None, next_try_at: now },
                Err(error) => {
                    tracing::error!(
                        tree.size = size,
                        error = &error as &dyn std::error::Error,
                        "the witness did not take a tree head"
                    );
                    standing = failed(&standing, error.to_string(), now);
                    break;
                }
            }
            if STEP < begun.elapsed() {
                break;
            }
        }
        let worked = if standing.n_failed == 0 { Worked::More } else { Worked::Idle };
        let mut tx = db.begin().await?;
        witnesses::save(&mut tx, self.target.id(), &standing).await?;
        tx.commit().await?;
        lease::release(db, LEASE_NAME, holder).await?;
        Ok(worked)
    }
}

fn failed(standing: &Standing, error: String, now: Timestamp) -> Standing {
    let n_failed = standing.n_failed + 1;
    let seconds = 1_i64 << n_failed.clamp(1, 20).saturating_sub(1);
    let pause = TimeDelta::seconds(seconds).min(LONGEST_PAUSE);
    Standing { size: standing.size, n_failed, last_error: Some(error), next_try_at: now + pause }
}
