//! From what happened to an issue to the messages that others read.

use events::Outgoing;
use kernel::AccountId;
use prost::{Message, Name};
use proto::workflow::v1 as pb;
use rpc::parse::{date, timestamp};
use store::Batch;
use worktime::OutOfCalendar;

use crate::{
    domain::{Clock, ClockId, ClockKey, Event, Fact, Issue, Outcome, Rules, Who, clocks, latest, local_date},
    rpc::convert,
    store::history::{self, Happened},
};

/// What is the same for every event of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cause<'a> {
    /// The rules that the issue is bound to.
    pub rules: Rules<'a>,
    /// The firm's manager now.
    pub manager: Option<AccountId>,
    pub traceparent: &'a str,
}

/// Puts an event into the outbox. Fails when a deadline lies beyond the calendar.
pub(crate) fn append(batch: &mut Batch, happened: &Happened, cause: Cause<'_>) -> Result<(), OutOfCalendar> {
    let Happened { id: _, event, after } = happened;
    let clocks = clocks(after, cause.rules, event.at)?;
    let issue = Some(parties(event, after, cause.manager));
    let out = Out { batch, happened, traceparent: cause.traceparent };
    let kept = |id| kept(latest(&clocks, id));
    let round = count(after.feedback_rounds);
    match &event.fact {
        Fact::Submitted { .. } => out.put(&pb::IssueSubmitted { issue, on_behalf: after.is_on_behalf() }),
        Fact::Confirmed {} => out.put(&pb::IssueConfirmed { issue }),
        Fact::Assigned { .. } => {
            let (on_time, late_working_seconds) = kept(ClockId::C0);
            out.put(&pb::IssueAssigned { issue, on_time, late_working_seconds });
        }
        Fact::Signed { .. } => {
            let (on_time, late_working_seconds) = kept(ClockId::C1);
            out.put(&pb::IssueSigned { issue, on_time, late_working_seconds });
        }
        Fact::Dispatched { .. } => {
            let (on_time, late_working_seconds) = kept(ClockId::C2);
            let again = after.counts.dispatches > 1;
            out.put(&pb::IssueDispatched { issue, on_time, late_working_seconds, again });
        }
        Fact::Accepted {} => out.put(&pb::IssueAccepted { issue }),
        Fact::Objected { .. } => {
            // The section that had it until now: the stop before the present one.
            let had_it = after.path.iter().rev().find_map(|stop| stop.section);
            out.put(&pb::IssueObjected { issue, objecting_section_id: text(had_it) });
        }
        Fact::Contacted { .. } => {
            let (on_time, late_working_seconds) = kept(ClockId::C3);
            let first = after.counts.contacts == 1;
            out.put(&pb::IssueContacted { issue, first, on_time, late_working_seconds });
        }
        Fact::Progressed { .. } => out.put(&pb::IssueProgressed { issue }),
        Fact::InterimMeasureRecorded { .. } => out.put(&pb::InterimMeasureRecorded { issue }),
        Fact::Planned { responsible, committed, note: _ } => out.put(&pb::IssuePlanned {
            issue,
            responsible_id: responsible.to_string(),
            committed_date: Some(date(*committed)),
        }),
        Fact::Replanned { responsible, committed, reason: _ } => out.put(&pb::IssueReplanned {
            issue,
            responsible_id: responsible.to_string(),
            committed_date: Some(date(*committed)),
            replans: count(after.counts.replans),
        }),
        Fact::Replied { outcome, .. } => out.put(&replied(issue, *outcome, after, &clocks)),
        Fact::ReplySentBack { .. } => out.put(&pb::ReplySentBack { issue }),
        Fact::FedBack { .. } => {
            let (on_time, late_working_seconds) = kept(ClockId::C5);
            out.put(&pb::IssueFedBack {
                issue,
                round,
                outcome: outcome(after),
                on_time,
                late_working_seconds,
                rate_until_time: latest(&clocks, ClockId::C6).map(|clock| timestamp(clock.due_at)),
            });
        }
        Fact::Rated { rating, low, comment: _ } => {
            let wire = convert::rating(*rating);
            out.put(&pb::IssueRated {
                issue,
                round,
                stars: wire.stars,
                speed: wire.speed,
                attitude: wire.attitude,
                result: wire.result,
                low: *low,
                rectified: !low && 0 < after.counts.rectifications,
            });
        }
        Fact::Disputed { .. } => out.put(&pb::IssueDisputed { issue, round }),
        Fact::RatingLapsed {} => out.put(&pb::RatingLapsed { issue, round }),
        Fact::AuditPassed { .. } => {
            out.put(&audited(issue, pb::AuditDecision::Passed, "", kept(ClockId::C7)));
        }
        Fact::AuditFailed { code, note: _ } => {
            out.put(&audited(issue, pb::AuditDecision::Failed, code.as_str(), kept(ClockId::C7)));
        }
        Fact::Closed {} => {
            let (on_time, late_working_seconds) = kept(ClockId::C4);
            out.put(&pb::IssueClosed {
                issue,
                outcome: outcome(after),
                solved: after.reply().is_some_and(|reply| reply.outcome.is_solved()),
                stars: after.rating().map_or(0, |rated| rated.rating.stars.get().into()),
                on_time,
                late_working_seconds,
                reopens: count(after.counts.reopens),
            });
        }
        Fact::Reopened { .. } => out.put(&pb::IssueReopened { issue, reopens: count(after.counts.reopens) }),
        Fact::Urged { .. } => out.put(&pb::IssueUrged { issue, urges: count(after.counts.urges) }),
        Fact::RungReached { clock, rung, due_at, light, notify } => out.put(&pb::ClockRungReached {
            issue,
            clock: clock.to_string(),
            rung: rung.as_str().to_owned(),
            due_time: Some(timestamp(*due_at)),
            light: light.map_or(pb::Light::Unspecified, convert::light).into(),
            notify: notify.iter().map(|target| convert::notify_target(*target).into()).collect(),
        }),
    }
    Ok(())
}

struct Out<'a> {
    batch: &'a mut Batch,
    happened: &'a Happened,
    traceparent: &'a str,
}

impl Out<'_> {
    fn put<M: Message + Name>(self, payload: &M) {
        let Happened { id, event, after } = self.happened;
        let outgoing = Outgoing {
            event_id: *id,
            subject: history::chain(after.id),
            subject_version: event.version,
            time: event.at,
            traceparent: self.traceparent,
        };
        events::append(self.batch, outgoing, payload);
    }
}

fn parties(event: &Event, after: &Issue, manager: Option<AccountId>) -> pb::IssueParties {
    let actor_id = match event.by.who {
        Who::Account(id) => id.to_string(),
        Who::Client(id) => id.to_string(),
        Who::System => String::new(),
    };
    pb::IssueParties {
        issue_id: after.id.to_string(),
        issue_number: after.number.to_string(),
        enterprise_id: after.enterprise_id.to_string(),
        category: after.category.to_string(),
        manager_id: text(manager),
        department_id: text(after.department()),
        liaison_id: text(after.liaison()),
        section_id: text(after.section()),
        handler_id: text(after.handler()),
        actor_id,
        actor_party: convert::party(event.by.party).into(),
        state: convert::state(after.state()).into(),
    }
}

fn replied(
    issue: Option<pb::IssueParties>,
    outcome: Outcome,
    after: &Issue,
    clocks: &[Clock],
) -> pb::IssueReplied {
    let reply = after.reply();
    let stopped = reply.map_or(ClockKey::first(ClockId::C4), |reply| reply.stopped);
    let (on_time, late_working_seconds) = kept(clocks.iter().find(|clock| clock.key == stopped));
    let plan = reply.and_then(|reply| reply.plan.map(|plan| local_date(reply.at) <= plan.committed));
    pb::IssueReplied {
        issue,
        outcome: convert::outcome(outcome).into(),
        stopped_clock: stopped.to_string(),
        on_time,
        late_working_seconds,
        plan_kept: outcome == Outcome::PlannedDelivered && plan == Some(true),
    }
}

fn audited(
    issue: Option<pb::IssueParties>,
    decision: pb::AuditDecision,
    failure_code: &str,
    (on_time, late_working_seconds): (bool, i64),
) -> pb::IssueAudited {
    let failure_code = failure_code.to_owned();
    pb::IssueAudited { issue, decision: decision.into(), failure_code, on_time, late_working_seconds }
}

/// Whether a clock stopped in time, and by how much it was late.
fn kept(clock: Option<&Clock>) -> (bool, i64) {
    clock.map_or((false, 0), |clock| (clock.on_time() == Some(true), clock.late_seconds))
}

fn outcome(issue: &Issue) -> i32 {
    issue.reply().map_or(pb::Outcome::Unspecified, |reply| convert::outcome(reply.outcome)).into()
}

fn count(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn text(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
