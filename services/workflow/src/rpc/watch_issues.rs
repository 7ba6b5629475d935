use std::{collections::VecDeque, time::Duration};

use access::Scope;
use futures::Stream;
use kernel::IssueId;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, parse::timestamp};
use store::outbox::{self, Position};
use tokio::{sync::watch, time::Instant};

use super::{WorkflowRpc, convert, facts};
use crate::{
    domain::{lights, local_date},
    error::WorkflowError,
    store::{
        history,
        issues::{self, Viewer},
    },
};

/// Events read at a time.
const CHUNK: u32 = 200;
/// How long a stream waits before it looks for what other replicas wrote.
const POLL: Duration = Duration::from_millis(500);
/// How long a stream lasts: the caller's rights are looked at when it begins.
const LONGEST: Duration = Duration::from_mins(5);

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::WatchIssuesRequest,
) -> Result<impl Stream<Item = Result<pb::WatchIssuesResponse, WorkflowError>> + Send + 'static, WorkflowError>
{
    let pb::WatchIssuesRequest { issue_id } = req;
    let mut f = Fields::new();
    let only = f.parse_optional("issue_id", &issue_id);
    f.finish()?;
    // Whatever is written after this line is heard of.
    let written = rpc.db.outbox_written();
    let mut tx = rpc.db.snapshot().await?;
    let position = outbox::head(&mut tx).await?;
    if let Some(id) = only {
        let found = issues::find(&mut tx, id, local_date(rpc.clock.now())).await?;
        let found = found.ok_or(WorkflowError::IssueNotFound(id))?;
        rpc.admit(&call, id, &facts(&found.issue, found.manager))?;
    }
    tx.commit().await?;
    let scope = call.scope();
    let ends_at = Instant::now() + LONGEST;
    let watcher = Watcher { rpc, scope, only, position, written, ready: VecDeque::new(), ends_at };
    Ok(watcher.into_stream())
}

struct Watcher {
    rpc: WorkflowRpc,
    scope: Scope,
    /// The one issue that is watched, or all.
    only: Option<IssueId>,
    /// Of the last event looked at.
    position: Position,
    written: watch::Receiver<u64>,
    ready: VecDeque<pb::WatchIssuesResponse>,
    ends_at: Instant,
}

impl Watcher {
    fn into_stream(self) -> impl Stream<Item = Result<pb::WatchIssuesResponse, WorkflowError>> + Send {
        futures::stream::try_unfold(self, |mut watcher| async move {
            Ok(watcher.next().await?.map(|response| (response, watcher)))
        })
    }

    /// `None` ends the stream.
    async fn next(&mut self) -> Result<Option<pb::WatchIssuesResponse>, WorkflowError> {
        loop {
            if let Some(response) = self.ready.pop_front() {
                return Ok(Some(response));
            }
            if self.rpc.drain.has_begun() || self.ends_at <= Instant::now() {
                return Ok(None);
            }
            self.written.mark_unchanged();
            if !self.read().await? {
                self.wait().await;
            }
        }
    }

    /// Reads what came, and keeps what is in sight. `false`: nothing came.
    async fn read(&mut self) -> Result<bool, WorkflowError> {
        let now = self.rpc.clock.now();
        let viewer = Viewer { scope: &self.scope, now, today: local_date(now) };
        let mut tx = self.rpc.db.snapshot().await?;
        let rows = outbox::read_after(&mut tx, &self.position, CHUNK).await?;
        let Some((position, _)) = rows.last() else { return Ok(false) };
        self.position = *position;
        let ids: Vec<_> = rows.iter().map(|(_, row)| row.event_id).collect();
        let mut told = history::told(&mut tx, &ids).await?;
        told.retain(|told| self.only.is_none_or(|only| only == told.issue));
        let issues: Vec<_> = told.iter().map(|told| told.issue).collect();
        let seen = issues::visible(&mut tx, &viewer, &issues).await?;
        tx.commit().await?;
        for told in told {
            let Some(issue) = seen.iter().find(|issue| issue.id == told.issue) else { continue };
            let lights = lights(issue, self.rpc.rules(issue)?)
                .map_err(WorkflowError::beyond(&issue.calendar_version))?;
            self.ready.push_back(pb::WatchIssuesResponse {
                issue_id: told.issue.to_string(),
                action: convert::action(told.action).into(),
                state: convert::state(told.state).into(),
                light: convert::light(lights.at(now)).into(),
                etag: told.etag.to_string(),
                time: Some(timestamp(told.at)),
            });
        }
        Ok(true)
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.written.changed() => (),
            () = tokio::time::sleep(POLL) => (),
            () = tokio::time::sleep_until(self.ends_at) => (),
            () = self.rpc.drain.begun() => (),
        }
    }
}
