//! From what happened to an issue to the messages that others read.

use events::Outgoing;
use kernel::{AccountId, DepartmentId, Timestamp};
use prost::{Message, Name};
use proto::workflow::v1 as pb;
use rpc::parse::{date, timestamp};
use store::Batch;
use worktime::OutOfCalendar;

use crate::{
    domain::{
        Clock, ClockId, ClockKey, CoTask, CommentAudience, Event, Fact, Issue, Outcome, Rules, Who, clocks,
        latest, local_date, question_until,
    },
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
        Fact::ReturnRequested { .. } => {
            out.put(&pb::ReturnRequested { issue, returns: count(after.counts.returns) });
        }
        Fact::ReturnUpheld { .. } => {
            let (on_time, late_working_seconds) = kept(ClockId::C9);
            // The department that had it until now: the stop before the present one.
            let returning_department_id =
                text(after.path.iter().rev().nth(1).and_then(|stop| stop.department));
            let sign_until_time = latest(&clocks, ClockId::C1).map(|clock| timestamp(clock.due_at));
            out.put(&pb::ReturnUpheld {
                issue,
                returning_department_id,
                on_time,
                late_working_seconds,
                sign_until_time,
            });
        }
        Fact::ReturnDenied { .. } => {
            let (on_time, late_working_seconds) = kept(ClockId::C9);
            out.put(&pb::ReturnDenied { issue, on_time, late_working_seconds });
        }
        Fact::ScopeRejected { .. } => {
            let until = appeal_until(after, cause.rules)?;
            out.put(&pb::ScopeRejected {
                issue,
                appealable: until.is_some(),
                appeal_until_time: until.map(timestamp),
            });
        }
        Fact::ScopeAppealed { .. } => out.put(&pb::ScopeAppealed { issue }),
        Fact::Escalated { cause, level } => out.put(&pb::IssueEscalated {
            issue,
            cause: convert::escalation(*cause).into(),
            supervision_level: level.get().into(),
        }),
        Fact::CoSectionAdded { task, section, department, note: _ } => out.put(&pb::CoSectionAdded {
            issue,
            task: count(*task),
            co_section_id: section.to_string(),
            co_department_id: department.to_string(),
            reply_until_time: due(&clocks, ClockId::C13, *task),
        }),
        Fact::CoTaskReplied { task, text: _ } => {
            let (on_time, late_working_seconds) = of(&clocks, ClockId::C13, *task);
            let co_section_id = text(co_task(after, *task).map(|task| task.section));
            out.put(&pb::CoTaskReplied {
                issue,
                task: count(*task),
                co_section_id,
                on_time,
                late_working_seconds,
            });
        }
        Fact::FirmAsked { .. } => {
            let until = question_until(after, cause.rules)?;
            out.put(&pb::FirmAsked { issue, supply_until_time: until.map(timestamp) });
        }
        Fact::InformationSupplied { .. } => out.put(&pb::InformationSupplied { issue }),
        Fact::WorkResumed { .. } => out.put(&pb::WorkResumed { issue }),
        Fact::ExtensionRequested { working_days, reason: _ } => {
            out.put(&pb::ExtensionRequested { issue, working_days: count(*working_days) });
        }
        Fact::ExtensionGranted { .. } | Fact::ExtensionDenied { .. } => {
            let granted = matches!(event.fact, Fact::ExtensionGranted { .. });
            let decision =
                if granted { pb::ExtensionDecision::Granted } else { pb::ExtensionDecision::Denied };
            let due_time = latest(&clocks, ClockId::C4).map(|clock| timestamp(clock.due_at));
            out.put(&pb::ExtensionDecided { issue, decision: decision.into(), due_time });
        }
        Fact::PlanReviewed { .. } => {
            // The round that the review ended: the one before the present one.
            let reviewed = clocks.iter().rev().filter(|clock| clock.key.id == ClockId::C11).nth(1);
            let (on_time, late_working_seconds) = self::kept(reviewed);
            out.put(&pb::PlanReviewed { issue, on_time, late_working_seconds });
        }
        Fact::WithdrawalRequested { .. } => out.put(&pb::WithdrawalRequested { issue }),
        Fact::Withdrawn { .. } | Fact::WithdrawalDenied { .. } => {
            let confirmed = matches!(event.fact, Fact::Withdrawn { .. });
            let decision =
                if confirmed { pb::WithdrawalDecision::Confirmed } else { pb::WithdrawalDecision::Denied };
            let (on_time, late_working_seconds) = kept(ClockId::C10);
            out.put(&pb::WithdrawalDecided {
                issue,
                decision: decision.into(),
                on_time,
                late_working_seconds,
            });
        }
        Fact::Merged { into, desk: _ } => {
            out.put(&pb::IssueMerged { issue, merged_into_id: into.to_string() });
        }
        Fact::Unmerged { .. } => out.put(&pb::IssueUnmerged { issue }),
        Fact::MergedFedBack { .. } => out.put(&pb::MergedIssueFedBack {
            issue,
            merged_into_id: text(after.merged_into()),
            round,
            outcome: outcome(after),
            rate_until_time: latest(&clocks, ClockId::C6).map(|clock| timestamp(clock.due_at)),
        }),
        Fact::Absorbed { child } => {
            out.put(&pb::IssueAbsorbed { issue, merged_issue_id: child.to_string() });
        }
        Fact::Released { child } => {
            out.put(&pb::IssueReleased { issue, merged_issue_id: child.to_string() });
        }
        Fact::DeliveryNoted { child } => {
            out.put(&pb::DeliveryNoted { issue, merged_issue_id: child.to_string() });
        }
        Fact::Supervised { level, note: _ } => {
            out.put(&pb::IssueSupervised { issue, supervision_level: level.get().into() });
        }
        Fact::Instructed { instruction, text: _ } => {
            out.put(&pb::IssueInstructed {
                issue,
                instruction: count(*instruction),
                answer_until_time: due(&clocks, ClockId::C12, *instruction),
            });
        }
        Fact::InstructionAnswered { instruction, text: _ } => {
            let (on_time, late_working_seconds) = of(&clocks, ClockId::C12, *instruction);
            let index = usize::try_from(instruction.saturating_sub(1)).unwrap_or(usize::MAX);
            let leader_id = text(after.instructions.get(index).map(|instruction| instruction.by));
            out.put(&pb::InstructionAnswered {
                issue,
                instruction: count(*instruction),
                leader_id,
                on_time,
                late_working_seconds,
            });
        }
        Fact::Commented { audience, department, comment: _ } => out.put(&pb::IssueCommented {
            issue,
            audience: convert::comment_audience(*audience).into(),
            comment_department_id: text(*department),
            co_section_ids: co_readers(after, *audience, *department),
        }),
        Fact::Urged { .. } => out.put(&pb::IssueUrged { issue, urges: count(after.counts.urges) }),
        Fact::RungReached { clock, rung, due_at, light, notify } => out.put(&pb::ClockRungReached {
            issue,
            clock: clock.to_string(),
            rung: rung.as_str().to_owned(),
            due_time: Some(timestamp(*due_at)),
            light: light.map_or(pb::Light::Unspecified, convert::light).into(),
            notify: notify.iter().map(|target| convert::notify_target(*target).into()).collect(),
            co_section_id: text(helper(after, *clock).map(|task| task.section)),
            co_department_id: text(helper(after, *clock).map(|task| task.department)),
        }),
        Fact::CalendarChanged { calendar_version } => {
            out.put(&pb::CalendarChanged { issue, calendar_version: calendar_version.clone() });
        }
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
        manager_id: text(manager.filter(|manager| after.is_open_to_manager(*manager))),
        department_id: text(after.department()),
        liaison_id: text(after.liaison()),
        section_id: text(after.section()),
        handler_id: text(after.handler()),
        actor_id,
        actor_party: convert::party(event.by.party).into(),
        state: convert::state(after.state()).into(),
        confidential: after.confidential,
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

fn of(clocks: &[Clock], id: ClockId, round: u32) -> (bool, i64) {
    kept(clocks.iter().find(|clock| clock.key == ClockKey { id, round }))
}

/// When the clock of a task or an instruction is due.
fn due(clocks: &[Clock], id: ClockId, round: u32) -> Option<prost_types::Timestamp> {
    clocks.iter().find(|clock| clock.key == ClockKey { id, round }).map(|clock| timestamp(clock.due_at))
}

fn co_task(issue: &Issue, number: u32) -> Option<&CoTask> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    issue.co_tasks.get(index)
}

/// The task that the clock is for.
fn helper(issue: &Issue, clock: ClockKey) -> Option<&CoTask> {
    if clock.id == ClockId::C13 { co_task(issue, clock.round) } else { None }
}

/// Until when the firm may appeal against the rejection. `None`: it has, so it may not again.
fn appeal_until(issue: &Issue, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
    let open = issue.rejection.filter(|rejection| rejection.appealed_at.is_none());
    open.map(|rejection| rules.calendar.deadline(rejection.at, rules.policy.appeal_window)).transpose()
}

/// The sections that help, as far as a comment is for them.
fn co_readers(issue: &Issue, audience: CommentAudience, department: Option<DepartmentId>) -> Vec<String> {
    let reads = |task: &CoTask| match audience {
        CommentAudience::Firm | CommentAudience::Joint => true,
        CommentAudience::Department => Some(task.department) == department,
        CommentAudience::Audit => false,
    };
    let helpers = issue.open_co_tasks().filter(|(_, task)| !issue.confidential && reads(task));
    helpers.map(|(_, task)| task.section.to_string()).collect()
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
