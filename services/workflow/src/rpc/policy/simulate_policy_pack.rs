use std::{collections::VecDeque, sync::Arc};

use futures::Stream;
use kernel::{IssueId, Timestamp};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, parse::timestamp};
use uuid::Uuid;
use worktime::OutOfCalendar;

use super::found;
use crate::{
    domain::{Clock, Issue, Light, Policy, Rules, clocks, lights, rungs},
    error::WorkflowError,
    rpc::{WorkflowRpc, clock::light, convert, rules},
    store::running,
};

/// Issues read at a time: what is held of them in memory.
const CHUNK: i64 = 200;

pub(super) async fn handle(
    rpc: WorkflowRpc,
    _: Call,
    req: pb::SimulatePolicyPackRequest,
) -> Result<
    impl Stream<Item = Result<pb::SimulatePolicyPackResponse, WorkflowError>> + Send + 'static,
    WorkflowError,
> {
    let pb::SimulatePolicyPackRequest { name, version } = req;
    let mut f = Fields::new();
    let Some(version) = found::version(&mut f, &name, version) else { return Err(f.refuse().into()) };
    f.finish()?;
    let mut tx = rpc.db.snapshot().await?;
    let pack = found::pack(&mut tx, &version).await?.policy;
    tx.commit().await?;
    let now = rpc.clock.now();
    let simulation = Simulation {
        rpc,
        pack,
        now,
        after: IssueId::new(Uuid::nil()),
        ready: VecDeque::new(),
        summary: Some(pb::SimulationSummary::default()),
    };
    Ok(futures::stream::try_unfold(simulation, |mut simulation| async move {
        Ok(simulation.next().await?.map(|response| (response, simulation)))
    }))
}

/// How far a simulation has come.
struct Simulation {
    rpc: WorkflowRpc,
    pack: Arc<Policy>,
    /// All issues are compared at the same moment.
    now: Timestamp,
    after: IssueId,
    ready: VecDeque<pb::SimulatePolicyPackResponse>,
    /// `None` once it was sent.
    summary: Option<pb::SimulationSummary>,
}

impl Simulation {
    /// `None` ends the stream.
    async fn next(&mut self) -> Result<Option<pb::SimulatePolicyPackResponse>, WorkflowError> {
        loop {
            if let Some(response) = self.ready.pop_front() {
                return Ok(Some(response));
            }
            // A server that drains sends no summary: what was sent is not all.
            if self.summary.is_none() || self.rpc.drain.has_begun() {
                return Ok(None);
            }
            if !self.read().await? {
                let summary = self.summary.take();
                return Ok(Some(pb::SimulatePolicyPackResponse { issue: None, summary }));
            }
        }
    }

    /// Looks at the next issues. `false`: there are no more.
    async fn read(&mut self) -> Result<bool, WorkflowError> {
        let mut tx = self.rpc.db.snapshot().await?;
        let issues = running::after(&mut tx, self.after, CHUNK).await?;
        let book = self.rpc.books.covering(&mut tx, &issues).await?;
        tx.commit().await?;
        let Some(last) = issues.last() else { return Ok(false) };
        self.after = last.id;
        for issue in &issues {
            let now = rules(&book, issue)?;
            let then = Rules { policy: &self.pack, ..now };
            let simulated = simulate(issue, now, then, self.now);
            let summary = self.summary.get_or_insert_default();
            summary.issue_count += 1;
            if let Some(simulated) = simulated {
                count(summary, &simulated);
                let response = pb::SimulatePolicyPackResponse { issue: Some(simulated), summary: None };
                self.ready.push_back(response);
            }
        }
        Ok(true)
    }
}

/// What would change for an issue. `None`: nothing.
fn simulate(issue: &Issue, now: Rules<'_>, then: Rules<'_>, at: Timestamp) -> Option<pb::SimulatedIssue> {
    // A machine's clock may go back; what is told of an issue does not lie before its last event.
    let at = at.max(issue.updated_at);
    let simulated =
        |present_light: Light, simulated_light: pb::Light, clocks, beyond_calendar| pb::SimulatedIssue {
            issue_id: issue.id.to_string(),
            issue_number: issue.number.to_string(),
            department_id: issue.department().map(|id| id.to_string()).unwrap_or_default(),
            present_light: convert::light(present_light).into(),
            simulated_light: simulated_light.into(),
            clocks,
            beyond_calendar,
        };
    let looks = |rules| Ok::<_, OutOfCalendar>((lights(issue, rules)?.at(at), running(issue, rules, at)?));
    // What the calendar does not reach now either is nothing that the pack would change.
    let (present_light, clocks_now) = looks(now).ok()?;
    let Ok((simulated_light, clocks_then)) = looks(then) else {
        return Some(simulated(present_light, pb::Light::Unspecified, Vec::new(), true));
    };
    let changed: Vec<_> = clocks_now
        .into_iter()
        .zip(clocks_then)
        .filter(|((was, showed), (is, shows))| was.due_at != is.due_at || showed != shows)
        .map(|((was, showed), (is, shows))| pb::SimulatedClock {
            clock: was.key.to_string(),
            present_due_time: Some(timestamp(was.due_at)),
            simulated_due_time: Some(timestamp(is.due_at)),
            present_light: convert::light(showed).into(),
            simulated_light: convert::light(shows).into(),
        })
        .collect();
    let is_changed = !changed.is_empty() || present_light != simulated_light;
    is_changed.then(|| simulated(present_light, convert::light(simulated_light), changed, false))
}

/// The running clocks, each with its light. Which run, and which of them stand still, does not depend on the pack.
fn running(issue: &Issue, rules: Rules<'_>, at: Timestamp) -> Result<Vec<(Clock, Light)>, OutOfCalendar> {
    let mut running = Vec::new();
    for clock in clocks(issue, rules, at)?.into_iter().filter(Clock::is_running) {
        // One that stands still shows no light: it is due so much later as it will have stood still.
        let shows = if clock.counts_down() { light(&rungs(issue, &clock, rules)?, at) } else { Light::Off };
        running.push((clock, shows));
    }
    Ok(running)
}

fn count(summary: &mut pb::SimulationSummary, issue: &pb::SimulatedIssue) {
    summary.changed_issue_count += 1;
    summary.beyond_calendar_count += i64::from(issue.beyond_calendar);
    for clock in &issue.clocks {
        let due = |time: Option<prost_types::Timestamp>| time.map(|time| (time.seconds, time.nanos));
        let (now, then) = (due(clock.present_due_time), due(clock.simulated_due_time));
        summary.earlier_clock_count += i64::from(then < now);
        summary.later_clock_count += i64::from(now < then);
    }
    let (was_red, is_red) =
        (issue.present_light() == pb::Light::Red, issue.simulated_light() == pb::Light::Red);
    summary.turned_red_count += i64::from(!was_red && is_red);
    summary.no_longer_red_count += i64::from(was_red && !is_red && !issue.beyond_calendar);
}
