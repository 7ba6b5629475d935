//! Between the domain and the contract.

use kernel::Timestamp;
use proto::workflow::v1 as pb;
use rpc::parse::{date, timestamp};
use worktime::OutOfCalendar;

use crate::{
    domain::{
        Action, Channel, Clock, CoTask, CoTaskEnd, CommentAudience, Confirmation, Counts, Difficulty,
        Escalation, Holder, Issue, Light, Notify, Outcome, Party, Rating, Rules, Stars, State, Who, clocks,
        lights, open_seconds, question_until,
    },
    store::issues::{Texts, next_due},
};

macro_rules! to_wire {
    ($name:ident: $domain:ident -> $wire:ident { $($variant:ident)* }) => {
        pub(crate) const fn $name(value: $domain) -> pb::$wire {
            match value {
                $($domain::$variant => pb::$wire::$variant,)*
            }
        }
    };
}

macro_rules! from_wire {
    ($name:ident: $wire:ident -> $domain:ident { $($variant:ident)* }) => {
        /// `None` for the value that is never sent.
        pub(crate) const fn $name(value: pb::$wire) -> Option<$domain> {
            match value {
                pb::$wire::Unspecified => None,
                $(pb::$wire::$variant => Some($domain::$variant),)*
            }
        }
    };
}

to_wire!(state: State -> IssueState {
    Triage Submitted Signed ReturnPending Dispatched InProgress AwaitingFirm Planned Replied FedBack Rectifying
    PendingAudit Closed WithdrawPending Withdrawn OutOfScope Merged
});
from_wire!(state_from: IssueState -> State {
    Triage Submitted Signed ReturnPending Dispatched InProgress AwaitingFirm Planned Replied FedBack Rectifying
    PendingAudit Closed WithdrawPending Withdrawn OutOfScope Merged
});
to_wire!(action: Action -> IssueAction {
    Submit Confirm Assign Sign RequestReturn RuleOnReturn RejectOutOfScope AppealScope Dispatch AddCoSection
    ReplyCoTask Accept Object RecordContact RecordProgress RecordInterimMeasure AskFirm SupplyInformation ResumeWork
    RequestExtension DecideExtension Plan Replan ReviewPlan Reply SendBack FeedBack Rate Dispute LapseRating Audit
    Reopen RequestWithdrawal DecideWithdrawal Merge Unmerge Absorb Release NoteDelivery Supervise Instruct
    AnswerInstruction Comment Urge ReachRung ChangeCalendar
});
to_wire!(party: Party -> IssueParty {
    Firm Manager Client Liaison Section CoSection Operator Auditor Leader System
});
to_wire!(holder: Holder -> Holder { Nobody Operator Liaison Section Firm Auditor });
from_wire!(holder_from: Holder -> Holder { Nobody Operator Liaison Section Firm Auditor });
to_wire!(light: Light -> Light { Off Green Yellow Red });
from_wire!(light_from: Light -> Light { Off Green Yellow Red });
to_wire!(notify_target: Notify -> NotifyTarget {
    Holder Liaison Section SectionHead CoSection Department DepartmentLeader Manager Operator Firm
});
to_wire!(difficulty: Difficulty -> Difficulty { Consultation Normal Hard });
from_wire!(difficulty_from: Difficulty -> Difficulty { Consultation Normal Hard });
to_wire!(outcome: Outcome -> Outcome { Resolved Explained Partial PlannedDelivered Infeasible });
from_wire!(outcome_from: Outcome -> Outcome { Resolved Explained Partial PlannedDelivered Infeasible });
to_wire!(channel: Channel -> Channel { Portal Telephone Visit Message Letter });
to_wire!(comment_audience: CommentAudience -> CommentAudience { Firm Department Joint Audit });
from_wire!(comment_audience_from: CommentAudience -> CommentAudience { Firm Department Joint Audit });
to_wire!(escalation: Escalation -> EscalationCause { Returns Reopens });
from_wire!(channel_from: Channel -> Channel { Portal Telephone Visit Message Letter });

/// For whom an issue is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The firm, its manager, and machines that speak for firms: a reply is theirs once it was fed back.
    Firm,
    /// Offices and services of the suite.
    Office,
}

/// An issue as lists show it: without its longer texts, clocks and ratings.
pub(crate) fn listed(
    issue: &Issue,
    title: String,
    rules: Rules<'_>,
    now: Timestamp,
    audience: Audience,
) -> Result<pb::Issue, OutOfCalendar> {
    // A machine's clock may go back; what is shown of an issue does not lie before its last event.
    let now = now.max(issue.updated_at);
    let raised_by_id = match issue.raised_by.who {
        Who::Account(id) => id.to_string(),
        Who::Client(_) | Who::System => String::new(),
    };
    Ok(pb::Issue {
        issue_id: issue.id.to_string(),
        number: issue.number.to_string(),
        enterprise_id: issue.enterprise_id.to_string(),
        category: issue.category.to_string(),
        title,
        description: String::new(),
        division_code: issue.division.to_string(),
        state: state(issue.state()).into(),
        light: light(lights(issue, rules)?.at(now)).into(),
        holder: holder(issue.holder()).into(),
        difficulty: difficulty(issue.difficulty).into(),
        raised_by_id,
        raised_by_party: party(issue.raised_by.party).into(),
        confirmation: confirmation(issue.confirmation(rules, now)?).into(),
        manager_id: text(issue.manager),
        department_id: text(issue.department()),
        liaison_id: text(issue.liaison()),
        section_id: text(issue.section()),
        handler_id: text(issue.handler()),
        plan: issue.plan().map(|plan| pb::Plan {
            responsible_id: plan.responsible.to_string(),
            committed_date: Some(date(plan.committed)),
            plan_time: Some(timestamp(plan.at)),
        }),
        reply: reply(issue, audience),
        ratings: Vec::new(),
        counts: Some(counts(issue)),
        clocks: Vec::new(),
        submit_time: Some(timestamp(issue.submitted_at)),
        update_time: Some(timestamp(issue.updated_at)),
        close_time: issue.closed_at().map(timestamp),
        reopen_until_time: issue.reopen_until(rules)?.map(timestamp),
        due_time: next_due(issue, rules)?.map(timestamp),
        open_seconds: open_seconds(issue, now),
        policy_pack: issue.policy_version.pack.to_string(),
        policy_version: i32::try_from(issue.policy_version.number).unwrap_or(i32::MAX),
        calendar_version: issue.calendar_version.clone(),
        etag: issue.etag.to_string(),
        about_department_id: text(issue.about),
        confidential: issue.confidential,
        supervision_level: issue.supervision.get().into(),
        extension: issue.extension.map(|extension| pb::Extension {
            requester_id: extension.by.to_string(),
            working_days: count(extension.working_days),
            request_time: Some(timestamp(extension.at)),
        }),
        co_tasks: (1..).zip(&issue.co_tasks).map(|(number, task)| co_task(number, task)).collect(),
        instructions: (1..)
            .zip(&issue.instructions)
            .map(|(number, instruction)| pb::Instruction {
                instruction: number,
                leader_id: instruction.by.to_string(),
                instruct_time: Some(timestamp(instruction.at)),
                answer_time: instruction.answered_at.map(timestamp),
            })
            .collect(),
        merged_into_id: text(issue.merged_into()),
        merged_issue_ids: issue.children.keys().map(ToString::to_string).collect(),
        supply_until_time: question_until(issue, rules)?.map(timestamp),
    })
}

/// An issue with all that belongs to it.
pub(crate) fn whole(
    issue: &Issue,
    texts: Texts,
    rules: Rules<'_>,
    now: Timestamp,
    audience: Audience,
) -> Result<pb::Issue, OutOfCalendar> {
    let now = now.max(issue.updated_at);
    let Texts { title, description, reply, legal_basis } = texts;
    let mut shown = listed(issue, title, rules, now, audience)?;
    shown.description = description;
    if let Some(shown) = &mut shown.reply {
        (shown.text, shown.legal_basis) = (reply, legal_basis);
    }
    shown.ratings = issue
        .ratings
        .iter()
        .map(|rated| pb::Rating {
            round: count(rated.round),
            rate_time: Some(timestamp(rated.at)),
            ..rating(rated.rating)
        })
        .collect();
    shown.clocks = clocks(issue, rules, now)?.iter().map(clock).collect();
    Ok(shown)
}

/// Round and time are those of the rated reply, and left out.
pub(crate) fn rating(rating: Rating) -> pb::Rating {
    let Rating { stars, speed, attitude, result } = rating;
    let maybe = |stars: Option<Stars>| stars.map_or(0, |stars| stars.get().into());
    pb::Rating {
        round: 0,
        stars: stars.get().into(),
        speed: maybe(speed),
        attitude: maybe(attitude),
        result: maybe(result),
        rate_time: None,
    }
}

pub(crate) fn clock(clock: &Clock) -> pb::Clock {
    pb::Clock {
        clock: clock.key.to_string(),
        limit: clock.limit.to_string(),
        start_time: Some(timestamp(clock.started_at)),
        due_time: Some(timestamp(clock.due_at)),
        stop_time: clock.stopped_at.map(timestamp),
        late: clock.late,
        late_working_seconds: clock.late_seconds,
        original_due_time: Some(timestamp(clock.original_due_at)),
        pause_time: clock.paused_since().map(timestamp),
    }
}

fn reply(issue: &Issue, audience: Audience) -> Option<pb::IssueReply> {
    let (reply, feedback) = (issue.reply()?, issue.feedback());
    if audience == Audience::Firm && feedback.is_none() {
        return None;
    }
    Some(pb::IssueReply {
        outcome: outcome(reply.outcome).into(),
        handler_id: reply.by.to_string(),
        reply_time: Some(timestamp(reply.at)),
        feed_back_time: feedback.map(|feedback| timestamp(feedback.at)),
        feed_back_channel: feedback
            .map_or(pb::Channel::Unspecified, |feedback| channel(feedback.channel))
            .into(),
        text: String::new(),
        legal_basis: String::new(),
        evidence_ids: issue.evidence.iter().map(ToString::to_string).collect(),
    })
}

fn co_task(number: i32, task: &CoTask) -> pb::CoTask {
    let (state, handler, ended_at) = match task.end {
        CoTaskEnd::Open => (pb::CoTaskState::Open, None, None),
        CoTaskEnd::Replied { at, by } => (pb::CoTaskState::Answered, Some(by), Some(at)),
        CoTaskEnd::Dropped { at } => (pb::CoTaskState::Dropped, None, Some(at)),
    };
    pb::CoTask {
        task: number,
        department_id: task.department.to_string(),
        section_id: task.section.to_string(),
        start_time: Some(timestamp(task.at)),
        state: state.into(),
        handler_id: text(handler),
        end_time: ended_at.map(timestamp),
    }
}

const fn confirmation(confirmation: Confirmation) -> pb::Confirmation {
    match confirmation {
        Confirmation::NotNeeded => pb::Confirmation::NotNeeded,
        Confirmation::Awaited { .. } => pb::Confirmation::Awaited,
        Confirmation::Unconfirmed { .. } => pb::Confirmation::Unconfirmed,
        Confirmation::Confirmed { .. } => pb::Confirmation::Confirmed,
    }
}

fn counts(issue: &Issue) -> pb::IssueCounts {
    let Counts {
        urges,
        dispatches: _,
        objections,
        contacts,
        progress_records,
        interim_measures,
        replans,
        send_backs,
        audit_failures,
        rectifications,
        reopens,
        returns,
        returns_upheld,
        extensions,
        plan_reviews,
        withdrawals_denied,
        comments,
    } = issue.counts;
    pb::IssueCounts {
        urges: count(urges),
        objections: count(objections),
        contacts: count(contacts),
        progress_records: count(progress_records),
        interim_measures: count(interim_measures),
        replans: count(replans),
        send_backs: count(send_backs),
        audit_failures: count(audit_failures),
        rectifications: count(rectifications),
        reopens: count(reopens),
        returns: count(returns),
        upheld_returns: count(returns_upheld),
        questions: i32::try_from(issue.questions.len()).unwrap_or(i32::MAX),
        extensions: count(extensions),
        plan_reviews: count(plan_reviews),
        denied_withdrawals: count(withdrawals_denied),
        comments: count(comments),
    }
}

fn count(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn text(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
