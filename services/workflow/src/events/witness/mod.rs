//! Heads of the log, kept outside of the database: in a file, and by whoever answers at an address.
//!
//! Who holds the database and the key can write a history anew that is flawless by itself. They cannot make somebody
//! else forget a head. So every head is handed on within a second of its commit; what a crash left behind is handed on by
//! whoever comes next, since the file itself, and a row for the address, say how far it has come.

mod check;
mod file;
mod keep;
mod post;
mod send;

pub(crate) use check::{Compared, Contradiction};
pub(crate) use post::Target;

use std::{path::Path, sync::Arc, time::Duration};

use kernel::{Clock, Timestamp};
use runtime::{Deps, Job};
use store::Db;
use tokio::sync::Mutex;

use self::{
    file::{Tail, WitnessFile},
    keep::Keeper,
    send::Sender,
};
use crate::{
    config::WitnessPlaces,
    error::WorkflowError,
    store::witnesses::{self, Standing},
};

const READING: &str = "read the witness file";
/// How often it is looked for a new head.
const PERIOD: Duration = Duration::from_secs(1);

/// The witnesses of this installation. The clones share what was found.
#[derive(Debug, Clone)]
pub(crate) struct Witnesses {
    db: Db,
    clock: Arc<dyn Clock>,
    holder: String,
    file: Arc<WitnessFile>,
    target: Option<Arc<Target>>,
    found: Arc<Mutex<Found>>,
}

/// What this process knows of the file.
#[derive(Debug, Default)]
struct Found {
    /// Where the file ended when the whole of it was compared with the log, and the size of its last head that the log had,
    /// too. `None`: not since this process began.
    compared: Option<(Tail, u64)>,
    /// Heads of the file that are not the log's.
    contradictions: Vec<Contradiction>,
    /// When that was last said aloud.
    said_at: Option<Timestamp>,
}

impl Witnesses {
    /// Opens the file, and makes it where there is none.
    pub(crate) fn open(deps: &Deps, places: WitnessPlaces) -> anyhow::Result<Self> {
        let WitnessPlaces { file, url } = places;
        Ok(Self {
            db: deps.db.clone(),
            clock: Arc::clone(&deps.clock),
            holder: deps.holder.to_string(),
            file: Arc::new(WitnessFile::open(&file)?),
            target: url,
            found: Arc::default(),
        })
    }

    pub(crate) fn jobs(&self) -> Vec<Job> {
        let keeper = Keeper { witnesses: self.clone() };
        let keep = Job::new("keep tree heads in the witness file", PERIOD, move || {
            let keeper = keeper.clone();
            async move { Ok(keeper.step().await?) }
        });
        let send = self.target.clone().map(|target| {
            let sender = Sender { witnesses: self.clone(), target };
            Job::new("send tree heads to the witness", PERIOD, move || {
                let sender = sender.clone();
                async move { Ok(sender.step().await?) }
            })
        });
        std::iter::once(keep).chain(send).collect()
    }

    /// Holds every head of the file against the log.
    pub(crate) async fn compare(&self) -> Result<Compared, WorkflowError> {
        check::compare(&self.db, &self.file).await
    }

    /// What this process has found so far, and the last head of the file.
    pub(crate) async fn known(&self) -> Result<Compared, WorkflowError> {
        let file = Arc::clone(&self.file);
        let mut compared = match blocking(READING, move || file.tail()).await {
            Ok(tail) => check::compare_last(&self.db, &tail).await?,
            Err(WorkflowError::Witness { source, .. }) => {
                let mut damaged = Compared::default();
                damaged.contradict(Contradiction::Damaged { why: source.to_string() });
                damaged
            }
            Err(error) => return Err(error),
        };
        let found = self.found.lock().await;
        for known in &found.contradictions {
            if !compared.contradictions.contains(known) {
                compared.n_contradictions += 1;
                compared.contradictions.push(known.clone());
            }
        }
        Ok(compared)
    }

    /// Where the address stands, if there is one.
    pub(crate) async fn standing(&self) -> Result<Option<Standing>, WorkflowError> {
        let Some(target) = &self.target else { return Ok(None) };
        let mut tx = self.db.snapshot().await?;
        let standing = witnesses::standing(&mut tx, target.id()).await?;
        tx.commit().await?;
        Ok(Some(standing.unwrap_or_else(|| Standing {
            size: 0,
            n_failed: 0,
            last_error: None,
            next_try_at: self.clock.now(),
        })))
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }
}

/// Runs what waits for a disk where nobody else waits for it.
async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, WorkflowError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|ended| Err(std::io::Error::other(ended)))
        .map_err(|source| WorkflowError::Witness { doing, source })
}
