use kernel::Timestamp;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, parse::timestamp};
use worktime::OutOfCalendar;

use super::deadline;
use crate::{
    domain::{
        Clock, Interval, IntervalKind, Issue, Rules, Rung, Segment, clocks, local_date, open_seconds, rungs,
        segments,
    },
    error::WorkflowError,
    rpc::{WorkflowRpc, convert, facts, rules},
    store::issues::{self, Found},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ExplainDeadlinesRequest,
) -> Result<pb::ExplainDeadlinesResponse, WorkflowError> {
    let pb::ExplainDeadlinesRequest { issue_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("issue_id", &issue_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let found = issues::find(&mut tx, id, local_date(now)).await?;
    let book = rpc.books.covering(&mut tx, found.as_ref().map(|found| &found.issue)).await?;
    tx.commit().await?;
    let Found { issue, link: _, manager, texts: _ } = found.ok_or(WorkflowError::IssueNotFound(id))?;
    rpc.admit(&call, id, &facts(&issue, manager))?;
    // A machine's clock may go back; what is told of an issue does not lie before its last event.
    let as_of = now.max(issue.updated_at);
    explained(&issue, rules(&book, &issue)?, as_of).map_err(WorkflowError::beyond(&issue.calendar_version))
}

fn explained(
    issue: &Issue,
    rules: Rules<'_>,
    as_of: Timestamp,
) -> Result<pb::ExplainDeadlinesResponse, OutOfCalendar> {
    let mut explained = Vec::new();
    for clock in clocks(issue, rules, as_of)? {
        explained.push(pb::ExplainedClock {
            clock: Some(convert::clock(&clock)),
            intervals: clock.intervals(rules, as_of)?.iter().map(interval).collect(),
            rungs: ladder(issue, &clock, rules)?,
            deadline: Some(deadline(&clock.explained(rules)?)),
            calendar_version: clock.calendar_version.clone(),
        });
    }
    Ok(pb::ExplainDeadlinesResponse {
        clocks: explained,
        segments: segments(issue, rules.calendar, as_of)?.iter().map(segment).collect(),
        open_seconds: open_seconds(issue, as_of),
        policy_pack: issue.policy_version.pack.to_string(),
        policy_version: i32::try_from(issue.policy_version.number).unwrap_or(i32::MAX),
        calendar_version: issue.calendar_version.clone(),
        as_of_time: Some(timestamp(as_of)),
    })
}

fn ladder(issue: &Issue, clock: &Clock, rules: Rules<'_>) -> Result<Vec<pb::ClockRung>, OutOfCalendar> {
    Ok(rungs(issue, clock, rules)?.iter().map(rung).collect())
}

fn rung(rung: &Rung) -> pb::ClockRung {
    pb::ClockRung {
        rung: rung.code.as_str().to_owned(),
        time: Some(timestamp(rung.at)),
        light: rung.light.map_or(pb::Light::Unspecified, convert::light).into(),
        notify: rung.notify.iter().map(|target| convert::notify_target(*target).into()).collect(),
        reached: rung.reached,
    }
}

fn interval(interval: &Interval) -> pb::ClockInterval {
    let kind = match interval.kind {
        IntervalKind::Running => pb::ClockIntervalKind::Running,
        IntervalKind::Paused => pb::ClockIntervalKind::Paused,
        IntervalKind::Answered => pb::ClockIntervalKind::Answered,
    };
    pb::ClockInterval {
        start_time: Some(timestamp(interval.from)),
        end_time: interval.until.map(timestamp),
        kind: kind.into(),
        working_seconds: interval.working_seconds,
    }
}

fn segment(segment: &Segment) -> pb::HolderSegment {
    pb::HolderSegment {
        holder: convert::holder(segment.holder).into(),
        state: convert::state(segment.state).into(),
        department_id: segment.department.map(|id| id.to_string()).unwrap_or_default(),
        section_id: segment.section.map(|id| id.to_string()).unwrap_or_default(),
        start_time: Some(timestamp(segment.from)),
        end_time: segment.until.map(timestamp),
        seconds: segment.seconds,
        working_seconds: segment.working_seconds,
    }
}
