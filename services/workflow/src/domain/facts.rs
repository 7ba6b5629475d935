//! What a command makes happen, or what in it does not allow that.

use chrono::NaiveDate;
use kernel::{DepartmentId, SectionId, Timestamp};
use worktime::Limit;

use super::{
    Actor, Channel, ClockId, Command, CommentAudience, Desk, Dimension, Escalation, Fact, Issue, Outcome,
    Party, Rating, RatingDimension, Refused, Rules, Stage, State, clock, command::CoSection, local_date,
};

/// The facts in the order in which they happen; the first is that of the step itself.
pub(super) fn facts(
    issue: &Issue,
    command: Command,
    rules: Rules<'_>,
    at: Timestamp,
    (actor, party): (&Actor, Party),
) -> Result<Vec<Fact>, Refused> {
    let from = issue.state();
    let action = command.action();
    let fact = match command {
        Command::Confirm => Fact::Confirmed {},
        Command::Assign { desk } => Fact::Assigned { desk: not_concerned(issue, desk)? },
        Command::Sign { difficulty } => Fact::Signed { difficulty: difficulty.unwrap_or(issue.difficulty) },
        Command::RequestReturn { reason, new_fact } => {
            if issue.return_denied && new_fact.is_none() {
                return Err(Refused::ReturnNeedsNewFact);
            }
            let escalation = rules.policy.escalation;
            let mut facts = vec![Fact::ReturnRequested { reason, new_fact }];
            if issue.counts.returns + 1 == escalation.returns {
                facts.push(Fact::Escalated { cause: Escalation::Returns, level: escalation.level });
            }
            return Ok(facts);
        }
        Command::UpholdReturn { desk, reason } => {
            if issue.department() == Some(desk.department) {
                return Err(Refused::SameDepartment { department: desk.department });
            }
            Fact::ReturnUpheld { desk: not_concerned(issue, desk)?, reason }
        }
        Command::DenyReturn { reason } => Fact::ReturnDenied { reason },
        Command::RejectOutOfScope { reason } => Fact::ScopeRejected { reason },
        Command::AppealScope { reason } => Fact::ScopeAppealed { reason },
        Command::Dispatch { section, department, note, co_sections } => {
            if issue.department() != Some(department) {
                return Err(Refused::SectionElsewhere { section });
            }
            let mut facts = vec![Fact::Dispatched { section, note }];
            let mut busy = vec![section];
            for co_section in co_sections {
                let task = issue.co_tasks.len() + facts.len();
                facts.push(co_section_added(issue, co_section, task, &busy)?);
                busy.push(co_section.section);
            }
            return Ok(facts);
        }
        Command::AddCoSection(co_section) => {
            let lead: Vec<SectionId> = issue.section().into_iter().collect();
            co_section_added(issue, co_section, issue.co_tasks.len() + 1, &lead)?
        }
        Command::ReplyCoTask { task, text } => {
            let open = issue.open_co_tasks().any(|(open, _)| open == task);
            if !open || !actor.co_tasks.contains(&task) {
                return Err(Refused::CoTaskNotOpen);
            }
            Fact::CoTaskReplied { task, text }
        }
        Command::Accept => Fact::Accepted {},
        Command::Object { reason } => Fact::Objected { reason },
        Command::RecordContact { channel, note } => Fact::Contacted { channel, note },
        Command::RecordProgress { note } => Fact::Progressed { note },
        Command::RecordInterimMeasure { measure } => Fact::InterimMeasureRecorded { measure },
        Command::AskFirm { question } => Fact::FirmAsked { question },
        Command::SupplyInformation { text } => {
            Fact::InformationSupplied { text, until: question_end(issue, rules, at)?.unwrap_or(at) }
        }
        Command::ResumeWork => Fact::WorkResumed { until: question_end(issue, rules, at)?.unwrap_or(at) },
        Command::RequestExtension { working_days, reason } => {
            let most_days = days_left(issue, rules);
            if working_days == 0 || most_days < working_days {
                return Err(Refused::ExtensionTooLong { most_days });
            }
            Fact::ExtensionRequested { working_days, reason }
        }
        Command::GrantExtension { note } => {
            let request = issue.extension.ok_or(Refused::NoExtension)?;
            Fact::ExtensionGranted { working_days: request.working_days, note }
        }
        Command::DenyExtension { reason } => Fact::ExtensionDenied { reason },
        Command::Plan { responsible, committed, note } => {
            Fact::Planned { responsible, committed: after_today(committed, at)?, note }
        }
        Command::Replan { responsible, committed, reason } => {
            Fact::Replanned { responsible, committed: after_today(committed, at)?, reason }
        }
        Command::ReviewPlan { note } => Fact::PlanReviewed { note },
        Command::Reply { outcome, text, legal_basis, override_note, evidence } => {
            if outcome == Outcome::PlannedDelivered && from != State::Planned {
                return Err(Refused::NeedsPlan { from });
            }
            if legal_basis.is_none() && needs_legal_basis(outcome, from) {
                return Err(Refused::LegalBasisMissing { outcome });
            }
            let open = count(issue.open_co_tasks().count());
            if 0 < open && override_note.is_none() {
                return Err(Refused::CoTasksOpen { open });
            }
            Fact::Replied { outcome, text, legal_basis, override_note, evidence }
        }
        Command::SendBack { reason } => Fact::ReplySentBack { reason },
        // Which of the two it is depends on the state, and the caller has to know.
        Command::FeedBack { .. } if from == State::Merged => {
            return Err(Refused::NotAllowed { from, action });
        }
        Command::FeedBackMerged { .. } if from != State::Merged => {
            return Err(Refused::NotAllowed { from, action });
        }
        Command::FeedBack { channel, receipt } => Fact::FedBack { channel, receipt },
        Command::FeedBackMerged { channel, receipt, work, reply } => {
            if let Stage::Merged { heard: Some(heard), .. } = &issue.stage
                && heard.reply.at == reply.at
            {
                return Err(Refused::HeardAlready);
            }
            Fact::MergedFedBack { channel, receipt, work, reply }
        }
        Command::Rate { rating, comment } => {
            as_asked(rating, rules)?;
            Fact::Rated { rating, low: rules.policy.is_low(&rating), comment }
        }
        Command::Dispute { reason } => Fact::Disputed { reason },
        Command::LapseRating => Fact::RatingLapsed {},
        Command::PassAudit { note } => {
            let open = issue.instructions.iter().filter(|one| one.answered_at.is_none()).count();
            if 0 < open {
                return Err(Refused::InstructionsOpen { open: count(open) });
            }
            let open = issue.children.values().filter(|heard| !**heard).count();
            if 0 < open {
                return Err(Refused::MergedNotFedBack { open: count(open) });
            }
            return Ok(vec![Fact::AuditPassed { note }, Fact::Closed {}]);
        }
        Command::FailAudit { code, note } => {
            if rules.policy.audit_failure(&code).is_none() {
                return Err(Refused::UnknownAuditFailure(code));
            }
            Fact::AuditFailed { code, note }
        }
        Command::Reopen { reason } => {
            let same_handler = issue.counts.reopens < rules.policy.reopenings_to_same_handler;
            let escalation = rules.policy.escalation;
            let mut facts = vec![Fact::Reopened { reason, same_handler }];
            if issue.counts.reopens + 1 == escalation.reopens {
                facts.push(Fact::Escalated { cause: Escalation::Reopens, level: escalation.level });
            }
            return Ok(facts);
        }
        Command::RequestWithdrawal { reason } => {
            Fact::WithdrawalRequested { reason, question_until: question_end(issue, rules, at)? }
        }
        Command::ConfirmWithdrawal { channel, note } => {
            Fact::Withdrawn { channel: independent(channel)?, note }
        }
        Command::DenyWithdrawal { channel, note } => {
            Fact::WithdrawalDenied { channel: independent(channel)?, note }
        }
        Command::Merge { into, desk } => {
            if into == issue.id {
                return Err(Refused::MergeIntoItself);
            }
            Fact::Merged { into, desk: not_concerned(issue, desk)? }
        }
        Command::Unmerge { reason } => Fact::Unmerged { reason },
        Command::Absorb { child } if issue.children.contains_key(&child) => {
            return Err(Refused::AbsorbedAlready { child });
        }
        Command::Absorb { child } => Fact::Absorbed { child },
        Command::Release { child } if issue.children.contains_key(&child) => Fact::Released { child },
        Command::NoteDelivery { child } if issue.children.contains_key(&child) => {
            Fact::DeliveryNoted { child }
        }
        Command::Release { child } | Command::NoteDelivery { child } => {
            return Err(Refused::NotMerged { child });
        }
        Command::Supervise { level, note } => {
            if level == issue.supervision {
                return Err(Refused::SupervisionUnchanged { level });
            }
            Fact::Supervised { level, note }
        }
        Command::Instruct { text } => {
            Fact::Instructed { instruction: count(issue.instructions.len() + 1), text }
        }
        Command::AnswerInstruction { instruction, text } => {
            let index = usize::try_from(instruction).ok().and_then(|number| number.checked_sub(1));
            let open = index.and_then(|index| issue.instructions.get(index));
            if open.is_none_or(|instruction| instruction.answered_at.is_some()) {
                return Err(Refused::InstructionNotOpen);
            }
            Fact::InstructionAnswered { instruction, text }
        }
        Command::Comment { audience, comment } => {
            if !may_write_for(party, audience) {
                return Err(Refused::AudienceNotAllowed { party, audience });
            }
            let department = if audience == CommentAudience::Department {
                department_of(issue, actor, party)
            } else {
                None
            };
            Fact::Commented { audience, department, comment }
        }
        Command::Urge { note } => Fact::Urged { note },
        Command::ReachRung { clock, rung } => {
            let pending = clock::pending(issue, rules)?;
            let found =
                pending.into_iter().find(|next| next.clock == clock && next.code == rung && next.at < at);
            let found = found.ok_or(Refused::RungNotDue { clock, rung })?;
            let clock::Rung { clock, code: rung, due_at, light, notify, .. } = found;
            Fact::RungReached { clock, rung, due_at, light, notify }
        }
        Command::ChangeCalendar { version } => {
            if version == issue.calendar_version || rules.calendar_named(&version).is_none() {
                return Err(Refused::NoSuchCalendarChange { version });
            }
            Fact::CalendarChanged { calendar_version: version }
        }
    };
    debug_assert!(party != Party::System || fact.notes().is_empty(), "the system writes no texts");
    Ok(vec![fact])
}

/// Stars are given for the dimensions that the pack names, and for all that it requires.
fn as_asked(rating: Rating, rules: Rules<'_>) -> Result<(), Refused> {
    for dimension in Dimension::ALL.iter().copied() {
        match (rules.policy.rating_dimension(dimension), rating.of(dimension)) {
            (None, Some(_)) => return Err(Refused::RatingDimensionUnknown { dimension }),
            (Some(RatingDimension { required: true, .. }), None) => {
                return Err(Refused::RatingDimensionMissing { dimension });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Working days by which C4 may still be extended.
pub(super) fn days_left(issue: &Issue, rules: Rules<'_>) -> u32 {
    let Some(run) = issue.running(ClockId::C4) else { return 0 };
    let Limit::WorkingDays(limit) = rules.policy.limit(ClockId::C4, issue.difficulty) else { return 0 };
    let by_rule = rules.policy.extensions.most_days.saturating_sub(run.extended);
    by_rule.min(rules.policy.reply_cap.saturating_sub(limit.saturating_add(run.extended)))
}

fn not_concerned(issue: &Issue, desk: Desk) -> Result<Desk, Refused> {
    not_about(issue, desk.department).map(|()| desk)
}

/// A department never gets what complains about it.
fn not_about(issue: &Issue, department: DepartmentId) -> Result<(), Refused> {
    if issue.about == Some(department) { Err(Refused::DepartmentConcerned { department }) } else { Ok(()) }
}

/// An official marks an issue as confidential so that whoever handles it knows of it, and nobody else: colleagues in the
/// same section do not, so the sections of other departments do not either. A task for one of them would run on a
/// clock, and nobody there could see what for; the handler asks them in words that give nothing away, and answers.
pub(super) fn shared(issue: &Issue) -> Result<(), Refused> {
    if issue.confidential { Err(Refused::CoSectionConfidential) } else { Ok(()) }
}

fn co_section_added(
    issue: &Issue,
    co_section: CoSection,
    task: usize,
    busy: &[SectionId],
) -> Result<Fact, Refused> {
    let CoSection { section, department, note } = co_section;
    shared(issue)?;
    not_about(issue, department)?;
    if busy.contains(&section) || issue.open_co_tasks().any(|(_, task)| task.section == section) {
        return Err(Refused::CoSectionAlready { section });
    }
    Ok(Fact::CoSectionAdded { task: count(task), section, department, note })
}

/// A firm requests a withdrawal in the portal. Whether it wants that is asked by another way, which whoever used its
/// account there does not answer.
fn independent(channel: Channel) -> Result<Channel, Refused> {
    match channel {
        Channel::Portal => Err(Refused::ChannelNotIndependent { channel }),
        Channel::Telephone | Channel::Visit | Channel::Message | Channel::Letter => Ok(channel),
    }
}

/// When the open question ended, or ends now: never later than the time for it, however late that is noticed.
fn question_end(issue: &Issue, rules: Rules<'_>, at: Timestamp) -> Result<Option<Timestamp>, Refused> {
    Ok(clock::question_until(issue, rules)?.map(|until| until.min(at)))
}

const fn may_write_for(party: Party, audience: CommentAudience) -> bool {
    match party {
        Party::Firm | Party::Manager => matches!(audience, CommentAudience::Firm),
        Party::Liaison | Party::Section => !matches!(audience, CommentAudience::Audit),
        Party::CoSection => matches!(audience, CommentAudience::Department | CommentAudience::Joint),
        Party::Operator | Party::Auditor | Party::Leader => !matches!(audience, CommentAudience::Department),
        Party::Client | Party::System => false,
    }
}

fn department_of(issue: &Issue, actor: &Actor, party: Party) -> Option<DepartmentId> {
    if party != Party::CoSection {
        return issue.department();
    }
    let theirs = (1..).zip(&issue.co_tasks).find(|(task, _)| actor.co_tasks.contains(task));
    theirs.map(|(_, task)| task.department)
}

fn after_today(committed: NaiveDate, at: Timestamp) -> Result<NaiveDate, Refused> {
    if committed <= local_date(at) { Err(Refused::PlanDatePast { committed }) } else { Ok(committed) }
}

/// A refusal names the law; so does an explanation that is given where the firm asked for better.
fn needs_legal_basis(outcome: Outcome, from: State) -> bool {
    outcome == Outcome::Infeasible || (outcome == Outcome::Explained && from == State::Rectifying)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
