//! The log: events of all issues are appended to it in the order in which they were committed, and from time to time
//! its head is signed, which can then be handed to somebody else.
//!
//! Which event was committed first only the outbox knows, and it shows an event no earlier than every event before
//! it. So the log has no gaps, and nothing is ever put in between.

use std::sync::Arc;

use chrono::TimeDelta;
use kernel::{Clock, IdGen, Timestamp};
use runtime::Worked;
use store::{Batch, Db, Tx};
use trail::{
    Ed25519Signer, Hash, Sha256Ed25519, Signer as _, Suite as _, TreeHead,
    merkle::{Frontier, NodeId, root_plan},
};

use crate::{
    error::WorkflowError,
    store::trail::{self as log, Head, Leaf, Progress},
};

/// Events appended in one step.
const BATCH: u32 = 500;
/// While there are new entries, heads follow on one another no faster, and are promised at most 60 seconds apart. The
/// quarter of a minute between the two is for what may come first: the next look of this job, the set of events that is
/// being appended, a busy database, and another replica that has to notice that it is its turn.
const BETWEEN_HEADS: TimeDelta = TimeDelta::seconds(45);

/// The job that keeps the log.
#[derive(Debug, Clone)]
pub(crate) struct Sequencer {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub signer: Arc<Ed25519Signer>,
}

impl Sequencer {
    /// Appends one set of events, and signs a head if one is due.
    pub(crate) async fn step(&self) -> Result<Worked, WorkflowError> {
        let mut tx = self.db.begin().await?;
        let before = log::lock(&mut tx).await?;
        let (leaves, position) = log::next_leaves(&mut tx, &before.position, BATCH).await?;
        let last_head = log::last_head(&mut tx).await?;
        let now = self.clock.now();
        let size = before.size + leaves.len() as u64;
        let takes_head = head_is_due(last_head.as_ref(), size, now);
        if position == before.position && !takes_head {
            tx.rollback().await?;
            return Ok(Worked::Idle);
        }
        let mut frontier = frontier(&mut tx, before.size).await?;
        let nodes = append(&mut frontier, &leaves);
        let log_id = if before.log_id.is_empty() {
            format!("workflow/{}", self.ids.uuid(now))
        } else {
            before.log_id.clone()
        };
        let after = Progress { log_id, position, size };
        let mut batch = Batch::new();
        log::append(&mut batch, &before, &after, &leaves, &nodes);
        if takes_head {
            log::add_head(&mut batch, &self.sign(&after, &frontier, last_head.as_ref(), now)?);
        }
        batch.run(&mut tx).await?;
        tx.commit().await?;
        Ok(Worked::More)
    }

    fn sign(
        &self,
        log: &Progress,
        frontier: &Frontier,
        last: Option<&Head>,
        now: Timestamp,
    ) -> Result<Head, WorkflowError> {
        // A machine's clock may go back; the heads of a log do not.
        let taken_at = last.map_or(now, |last| now.max(last.taken_at));
        let head = TreeHead {
            suite: Sha256Ed25519.name().to_owned(),
            log_id: log.log_id.clone(),
            size: frontier.size(),
            root: frontier.root(&Sha256Ed25519),
            time_micros: taken_at.timestamp_micros(),
            previous: last.map_or(Hash::ZERO, |last| last.signed.head.hash(&Sha256Ed25519)),
        };
        let signed = head.sign(&*self.signer).map_err(WorkflowError::Sign)?;
        Ok(Head { signed, taken_at, public_key: self.signer.public_key().to_vec() })
    }
}

fn head_is_due(last: Option<&Head>, size: u64, now: Timestamp) -> bool {
    match last {
        None => 0 < size,
        Some(last) => last.signed.head.size < size && last.taken_at + BETWEEN_HEADS <= now,
    }
}

/// The right edge of the tree of `size` entries.
async fn frontier(tx: &mut Tx, size: u64) -> Result<Frontier, WorkflowError> {
    let plan = root_plan(size);
    let found = log::nodes(tx, &plan).await?;
    let nodes = plan.iter().filter_map(|node| found.get(node).copied()).collect();
    Ok(Frontier::from_parts(size, nodes).expect("the plan names one node for each one-bit of the size"))
}

fn append(frontier: &mut Frontier, leaves: &[Leaf]) -> Vec<(NodeId, Hash)> {
    leaves.iter().flat_map(|leaf| frontier.append(&Sha256Ed25519, leaf.link.as_bytes())).collect()
}
