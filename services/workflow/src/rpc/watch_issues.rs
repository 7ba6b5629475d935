//! What happens to the issues in sight, as it happens.
//!
//! The stream reads the service's own outbox in its order, and tells of an event if its issue is in sight *now*: who
//! has the issue, and who manages its firm, is looked up each time. What the caller is (roles, departments, firms of
//! their own) comes from the token; the stream ends with it, 15 minutes after it was given out at most.
//!
//! An issue that leaves the caller's sight is told of once more, by its id alone, and only if it was in sight before:
//! by the event that moved it to another desk, or when its firm was given to another manager.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use access::Scope;
use futures::Stream;
use kernel::{EnterpriseId, IssueId};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, parse::timestamp};
use store::{
    Tx,
    outbox::{self, Position},
};
use tokio::{sync::watch, time::Instant};
use uuid::Uuid;

use super::{WorkflowRpc, convert, facts, rules};
use crate::{
    domain::{Issue, Rulebook, lights, local_date},
    error::WorkflowError,
    store::{
        history,
        issues::{self, Viewer},
        moves, watching,
    },
};

/// Events, or issues of a snapshot, read at a time: what a stream holds at most, however slowly it is read.
const CHUNK: u32 = 200;
/// How long a stream waits before it looks for what other replicas wrote.
const POLL: Duration = Duration::from_millis(500);
/// How long a stream lasts; the caller comes again with the last token.
const LONGEST: Duration = Duration::from_mins(5);
/// How long a stream is silent at most.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often in a row a stream finds the database busy or away before it ends for that.
const MAX_FAILURES: u32 = 6;
/// How many events of others are passed over before the caller is given a token behind them.
const UNSEEN: usize = 500;

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::WatchIssuesRequest,
) -> Result<impl Stream<Item = Result<pb::WatchIssuesResponse, WorkflowError>> + Send + 'static, WorkflowError>
{
    let pb::WatchIssuesRequest { issue_id, resume_token, snapshot } = req;
    let mut f = Fields::new();
    let only = f.parse_optional("issue_id", &issue_id);
    if snapshot && !resume_token.is_empty() {
        f.reject("snapshot", "does not go together with resume_token");
    }
    f.finish()?;
    let scope = call.scope();
    let bound_to = [format!("{only:?}"), scope.fingerprint()];
    let resumed = resume(&rpc, &call, &bound_to, &resume_token)?;
    // Whatever is written after this line is heard of.
    let written = rpc.db.outbox_written();
    let now = rpc.clock.now();
    let viewer = Viewer { scope: &scope, now, today: local_date(now) };
    let mut tx = rpc.db.snapshot().await?;
    let place = match resumed {
        Some(place) if !outbox::follows_on(&mut tx, &place.position).await? => {
            return Err(WorkflowError::ResumeTokenExpired);
        }
        // That the issue was in sight when the token was given out, the token says.
        Some(place) => place,
        None => {
            if let Some(id) = only {
                let found = issues::find(&mut tx, id, viewer.today).await?;
                let found = found.ok_or(WorkflowError::IssueNotFound(id))?;
                rpc.admit(&call, id, &facts(&found.issue, found.manager))?;
            }
            let position = outbox::head(&mut tx).await?;
            Place { position, firms: firms(&mut tx, &viewer).await? }
        }
    };
    tx.commit().await?;
    let watcher = Watcher {
        rpc,
        call,
        scope,
        bound_to,
        only,
        place,
        written,
        tasks: snapshot.then_some(Task::Snapshot).into_iter().collect(),
        after: None,
        firms_to_be: None,
        ready: VecDeque::new(),
        greeted: false,
        spoke_at: Instant::now(),
        n_unseen: 0,
        n_failed: 0,
        ends_at: Instant::now() + LONGEST,
    };
    Ok(watcher.into_stream())
}

/// Where a stream stands: what a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// Of the last event looked at.
    position: Position,
    /// The firms that the caller manages, as far as the stream has told of their issues.
    firms: BTreeSet<EnterpriseId>,
}

/// Work besides the outbox, page by page.
#[derive(Debug, Clone, Copy)]
enum Task {
    Snapshot,
    /// The caller became manager of the firm.
    Gained(EnterpriseId),
    /// The caller is its manager no longer.
    Lost(EnterpriseId),
}

struct Watcher {
    rpc: WorkflowRpc,
    call: Call,
    scope: Scope,
    /// What the tokens are bound to.
    bound_to: [String; 2],
    /// The one issue that is watched, or all.
    only: Option<IssueId>,
    place: Place,
    written: watch::Receiver<u64>,
    tasks: VecDeque<Task>,
    /// How far the first of the tasks has come.
    after: Option<IssueId>,
    /// The firms once all tasks are done.
    firms_to_be: Option<BTreeSet<EnterpriseId>>,
    ready: VecDeque<pb::WatchIssuesResponse>,
    /// Whether the caller was given a token.
    greeted: bool,
    spoke_at: Instant,
    /// Events looked at since the last token that was given.
    n_unseen: usize,
    /// Reads in a row that the database did not serve.
    n_failed: u32,
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
            self.call.require_unexpired(self.rpc.clock.now())?;
            if let Some(response) = self.ready.pop_front() {
                self.spoke_at = Instant::now();
                return Ok(Some(response));
            }
            if self.rpc.drain.has_begun() || self.ends_at <= Instant::now() {
                return Ok(None);
            }
            if let Some(task) = self.tasks.front().copied() {
                let worked = self.work_on(task).await;
                self.served(worked).await?;
                continue;
            }
            if !self.greeted {
                self.heartbeat();
                continue;
            }
            self.written.mark_unchanged();
            let read = self.read().await;
            let Some(came) = self.served(read).await? else { continue };
            if UNSEEN <= self.n_unseen || HEARTBEAT <= self.spoke_at.elapsed() {
                self.heartbeat();
            } else if !came {
                self.wait().await;
            }
        }
    }

    /// What the database answered. `None`: it was busy or away, which a stream that lasts for minutes outlives.
    async fn served<T>(&mut self, answer: Result<T, WorkflowError>) -> Result<Option<T>, WorkflowError> {
        match answer {
            Ok(answer) => {
                self.n_failed = 0;
                Ok(Some(answer))
            }
            Err(WorkflowError::Store(error)) if self.n_failed < MAX_FAILURES && error.may_pass() => {
                tracing::warn!(%error, "a stream finds the database busy or away, and tries again");
                self.n_failed += 1;
                self.wait().await;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn heartbeat(&mut self) {
        self.greeted = true;
        self.n_unseen = 0;
        self.ready.push_back(pb::WatchIssuesResponse {
            resume_token: self.token(self.place.position),
            ..message(pb::WatchKind::Heartbeat)
        });
    }

    fn token(&self, position: Position) -> String {
        let place = Place { position, firms: self.place.firms.clone() };
        let bound_to = self.bound_to.each_ref().map(String::as_str);
        self.call.seal_page(&self.rpc.page_key, &bound_to, Some(&place.to_string()))
    }

    /// Reads what came, and keeps what is in sight. `false`: nothing came.
    async fn read(&mut self) -> Result<bool, WorkflowError> {
        let now = self.rpc.clock.now();
        let viewer = Viewer { scope: &self.scope, now, today: local_date(now) };
        let mut tx = self.rpc.db.snapshot().await?;
        let firms = firms(&mut tx, &viewer).await?;
        if firms != self.place.firms {
            tx.commit().await?;
            let lost = self.place.firms.difference(&firms).map(|firm| Task::Lost(*firm));
            let gained = firms.difference(&self.place.firms).map(|firm| Task::Gained(*firm));
            self.tasks.extend(lost.chain(gained));
            self.firms_to_be = Some(firms);
            return Ok(true);
        }
        let rows = outbox::read_after(&mut tx, &self.place.position, CHUNK).await?;
        let Some(last) = rows.last().map(|(position, _)| *position) else {
            tx.rollback().await?;
            return Ok(false);
        };
        let positions: BTreeMap<Uuid, Position> =
            rows.iter().map(|(position, row)| (row.event_id, *position)).collect();
        let ids: Vec<Uuid> = positions.keys().copied().collect();
        let mut told: BTreeMap<Position, pb::WatchIssuesResponse> = BTreeMap::new();

        let steps = history::told(&mut tx, &viewer, self.only, &ids).await?;
        let mut left = moves::left(&mut tx, &self.scope, &ids).await?;
        left.retain(|(_, issue)| self.only.is_none_or(|only| only == *issue));
        let concerned: BTreeSet<IssueId> =
            steps.iter().map(|step| step.issue).chain(left.iter().map(|(_, issue)| *issue)).collect();
        let concerned: Vec<IssueId> = concerned.into_iter().collect();
        let seen = issues::visible(&mut tx, &viewer, &concerned).await?;
        let book = self.rpc.books.covering(&mut tx, &seen).await?;
        tx.commit().await?;

        for step in steps {
            let Some(issue) = seen.iter().find(|issue| issue.id == step.issue) else { continue };
            let Some(position) = positions.get(&step.event).copied() else { continue };
            let changed = pb::WatchIssuesResponse {
                issue_id: step.issue.to_string(),
                action: convert::action(step.action).into(),
                state: convert::state(step.state).into(),
                light: self.light(&book, issue)?.into(),
                etag: step.etag.to_string(),
                time: Some(timestamp(step.at)),
                resume_token: self.token(position),
                ..message(pb::WatchKind::Changed)
            };
            told.insert(position, changed);
        }
        for (event, issue) in left {
            let Some(position) = positions.get(&event).copied() else { continue };
            if !seen.iter().any(|seen| seen.id == issue) {
                told.insert(position, gone(issue, self.token(position)));
            }
        }
        self.n_unseen = if told.is_empty() { self.n_unseen + rows.len() } else { 0 };
        self.place.position = last;
        self.ready.extend(told.into_values());
        Ok(true)
    }

    /// Does the next part of a task.
    async fn work_on(&mut self, task: Task) -> Result<(), WorkflowError> {
        let now = self.rpc.clock.now();
        let viewer = Viewer { scope: &self.scope, now, today: local_date(now) };
        let (only, after, limit) = (self.only, self.after, i64::from(CHUNK));
        let mut tx = self.rpc.db.snapshot().await?;
        let found = match task {
            Task::Snapshot => {
                let seen = watching::in_sight(&mut tx, &viewer, only, after, limit).await?;
                seen.into_iter().map(|issue| (issue, true)).collect()
            }
            Task::Gained(firm) | Task::Lost(firm) => {
                watching::of_firm(&mut tx, &viewer, firm, only, after, limit).await?
            }
        };
        let book = self.rpc.books.covering(&mut tx, found.iter().map(|(issue, _)| issue)).await?;
        tx.commit().await?;
        // A snapshot begins anew when it is broken off; the other tasks are found again by who resumes.
        let token = if self.greeted { self.token(self.place.position) } else { String::new() };
        let is_done = found.len() < usize::try_from(limit).unwrap_or(usize::MAX);
        self.after = found.last().map(|(issue, _)| issue.id);
        for (issue, is_seen) in found {
            match task {
                Task::Snapshot | Task::Gained(_) if is_seen => {
                    let shown = pb::WatchIssuesResponse {
                        issue_id: issue.id.to_string(),
                        state: convert::state(issue.state()).into(),
                        light: self.light(&book, &issue)?.into(),
                        etag: issue.etag.to_string(),
                        resume_token: token.clone(),
                        ..message(pb::WatchKind::Snapshot)
                    };
                    self.ready.push_back(shown);
                }
                Task::Lost(_) if !is_seen => self.ready.push_back(gone(issue.id, token.clone())),
                Task::Snapshot | Task::Gained(_) | Task::Lost(_) => {}
            }
        }
        if is_done {
            self.after = None;
            self.tasks.pop_front();
            if self.tasks.is_empty() {
                if let Some(firms) = self.firms_to_be.take() {
                    self.place.firms = firms;
                }
                self.heartbeat();
            }
        }
        Ok(())
    }

    fn light(&self, book: &Rulebook, issue: &Issue) -> Result<pb::Light, WorkflowError> {
        let lights =
            lights(issue, rules(book, issue)?).map_err(WorkflowError::beyond(&issue.calendar_version))?;
        Ok(convert::light(lights.at(self.rpc.clock.now())))
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

/// The place that the token says; `None` without one.
fn resume(
    rpc: &WorkflowRpc,
    call: &Call,
    bound_to: &[String; 2],
    token: &str,
) -> Result<Option<Place>, WorkflowError> {
    let bound_to = bound_to.each_ref().map(String::as_str);
    let place =
        call.open_page(&rpc.page_key, &bound_to, token).map_err(|_| WorkflowError::ResumeTokenInvalid)?;
    place.map(|place| place.parse()).transpose().map_err(|_| WorkflowError::ResumeTokenInvalid)
}

/// The firms that the caller has in sight as their manager; none if that is not how they see.
async fn firms(tx: &mut Tx, viewer: &Viewer<'_>) -> Result<BTreeSet<EnterpriseId>, store::Error> {
    match viewer.scope.managed_by {
        Some(manager) if !viewer.scope.all => watching::firms(tx, viewer, manager).await,
        _ => Ok(BTreeSet::new()),
    }
}

fn message(kind: pb::WatchKind) -> pb::WatchIssuesResponse {
    pb::WatchIssuesResponse { kind: kind.into(), ..Default::default() }
}

/// Nothing but the id: what became of the issue is out of sight.
fn gone(issue: IssueId, resume_token: String) -> pb::WatchIssuesResponse {
    pb::WatchIssuesResponse { issue_id: issue.to_string(), resume_token, ..message(pb::WatchKind::Gone) }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.position)?;
        self.firms.iter().try_for_each(|firm| write!(f, "/{}", firm.uuid().simple()))
    }
}

impl std::str::FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        let mut parts = text.split('/');
        let position = parts.next().and_then(|text| text.parse().ok()).ok_or(InvalidPlace)?;
        let firms = parts.map(|text| text.parse().map(EnterpriseId::new).map_err(|_| InvalidPlace));
        Ok(Self { position, firms: firms.collect::<Result<_, _>>()? })
    }
}

/// Text that is no place in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no place in a stream of changes")]
struct InvalidPlace;
