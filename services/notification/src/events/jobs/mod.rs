//! Work that nobody calls for: telling people what was announced, and sending it out.

mod announce;
mod channel;
mod deliver;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use kernel::{AccountId, Clock, IdGen};
use runtime::Job;
use store::Db;
use tokio::sync::broadcast;

use crate::{config::Outlet, domain::Catalogue, rpc::directory::Directory};

/// Who has got messages just now.
pub(crate) type Told = Arc<BTreeSet<AccountId>>;

/// What the jobs stand on.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub catalogue: Arc<Catalogue>,
    pub directory: Directory,
    pub outlet: Outlet,
    pub told: broadcast::Sender<Told>,
}

impl Work {
    pub(crate) fn jobs(self) -> Vec<Job> {
        let announcing = self.clone();
        vec![
            Job::new("tell people what happened", Duration::from_millis(200), move || {
                let work = announcing.clone();
                async move { announce::step(&work).await }
            }),
            Job::new("send notices out", Duration::from_millis(500), move || {
                let work = self.clone();
                async move { deliver::step(&work).await }
            }),
        ]
    }
}
