//! Whether what an issue is allows a step that the table has, whatever the command says.

use kernel::Timestamp;

use super::{
    Action, Actor, ClockId, Confirmation, Issue, Party, Refused, Rules, Stage, State, Who, clock, clocks,
    facts::{days_left, shared},
    latest, local_date, start_of_day,
};

pub(super) fn guard(
    issue: &Issue,
    action: Action,
    (by, party): (&Actor, Party),
    rules: Rules<'_>,
    at: Timestamp,
) -> Result<(), Refused> {
    match action {
        Action::Confirm => match issue.confirmation(rules, at)? {
            Confirmation::Awaited { .. } | Confirmation::Unconfirmed { .. } => Ok(()),
            Confirmation::NotNeeded | Confirmation::Confirmed { .. } => Err(Refused::NothingToConfirm),
        },
        Action::Sign => deputy(issue, by, rules, at),
        Action::RejectOutOfScope => {
            unanswered(issue)?;
            without_merged(issue)?;
            let appealed = issue.rejection.is_some_and(|rejection| rejection.appealed_at.is_some());
            if appealed && party == Party::Liaison { Err(Refused::ScopeSettled) } else { Ok(()) }
        }
        Action::AppealScope => match issue.rejection {
            Some(rejection) if rejection.appealed_at.is_none() => {
                let until = rules.calendar.deadline(rejection.at, rules.policy.appeal_window)?;
                within(action, at, Some(until))
            }
            _ => Err(Refused::AppealedAlready),
        },
        Action::AskFirm => {
            let most = rules.policy.questions.most;
            if issue.questions.len() < usize::try_from(most).unwrap_or(usize::MAX) {
                Ok(())
            } else {
                Err(Refused::QuestionsExhausted { most })
            }
        }
        Action::ResumeWork => match clock::question_until(issue, rules)? {
            Some(until) if at <= until => Err(Refused::WindowOpen { until }),
            _ => Ok(()),
        },
        Action::RequestExtension => extension(issue, rules, at),
        Action::DecideExtension if issue.extension.is_none() => Err(Refused::NoExtension),
        Action::AddCoSection => shared(issue),
        Action::ReplyCoTask => {
            let theirs = issue.open_co_tasks().any(|(task, _)| by.co_tasks.contains(&task));
            if theirs { Ok(()) } else { Err(Refused::CoTaskNotOpen) }
        }
        Action::Rate | Action::Dispute => {
            to_rate(issue)?;
            within(action, at, clock::rating_until(issue, rules)?)
        }
        Action::LapseRating => {
            to_rate(issue)?;
            match clock::rating_until(issue, rules)? {
                Some(until) if at <= until => Err(Refused::WindowOpen { until }),
                _ => Ok(()),
            }
        }
        Action::Reopen => within(action, at, issue.reopen_until(rules)?),
        Action::RequestWithdrawal | Action::Merge => {
            unanswered(issue)?;
            without_merged(issue)
        }
        Action::Release | Action::NoteDelivery if issue.children.is_empty() => Err(Refused::NothingMerged),
        Action::Unmerge => match issue.stage {
            Stage::Merged { heard: Some(_), .. } => Err(Refused::HeardAlready),
            _ => Ok(()),
        },
        Action::AnswerInstruction => {
            let open = issue.instructions.iter().any(|instruction| instruction.answered_at.is_none());
            if open { Ok(()) } else { Err(Refused::InstructionNotOpen) }
        }
        Action::ChangeCalendar if !issue.heeds_the_calendar() => Err(Refused::NoClockRuns),
        Action::Urge if party == Party::Firm => urge(issue, rules, at),
        _ => Ok(()),
    }
}

/// The liaison in charge signs, and in the later part of the time for it whoever else may for the department. Who is in
/// charge on the day, the caller finds out: see [`Issue::at_desk_of_now`].
fn deputy(issue: &Issue, by: &Actor, rules: Rules<'_>, at: Timestamp) -> Result<(), Refused> {
    if issue.liaison().map(Who::Account) == Some(by.who) {
        return Ok(());
    }
    let clocks = clocks(issue, rules, at)?;
    let Some(sign) = latest(&clocks, ClockId::C1) else { return Ok(()) };
    let hundred = std::num::NonZeroU32::new(100).expect("a hundred is not zero");
    let from = rules.calendar.fraction(sign.started_at, sign.due_at, rules.policy.deputy_after, hundred)?;
    if at < from { Err(Refused::DeputyTooEarly { from }) } else { Ok(()) }
}

fn extension(issue: &Issue, rules: Rules<'_>, at: Timestamp) -> Result<(), Refused> {
    if issue.extension.is_some() {
        return Err(Refused::ExtensionPending);
    }
    let clocks = clocks(issue, rules, at)?;
    let answer = latest(&clocks, ClockId::C4).filter(|clock| clock.is_running());
    let Some(answer) = answer else { return Err(Refused::NothingToExtend) };
    let until = rules.calendar.minus_working_days(answer.due_at, rules.policy.extensions.ahead)?;
    if until < at {
        return Err(Refused::ExtensionTooLate { until });
    }
    if days_left(issue, rules) == 0 { Err(Refused::ExtensionTooLong { most_days: 0 }) } else { Ok(()) }
}

/// A merged issue is rated once after its firm has heard of the reply; any other whenever the table says so.
fn to_rate(issue: &Issue) -> Result<(), Refused> {
    let rated = issue.state() == State::Merged && issue.running(ClockId::C6).is_none();
    if rated { Err(Refused::NothingToRate) } else { Ok(()) }
}

/// What was answered once counts in every figure, and leaves them by no side door.
fn unanswered(issue: &Issue) -> Result<(), Refused> {
    if issue.feedback_rounds == 0 { Ok(()) } else { Err(Refused::HeardAlready) }
}

fn without_merged(issue: &Issue) -> Result<(), Refused> {
    if issue.children.is_empty() { Ok(()) } else { Err(Refused::HasMerged) }
}

fn within(action: Action, at: Timestamp, until: Option<Timestamp>) -> Result<(), Refused> {
    match until {
        Some(until) if until < at => Err(Refused::WindowOver { action, until }),
        _ => Ok(()),
    }
}

/// Two moments belong to the same working day when the next working day after them is the same: what is done on a
/// weekend counts to the Friday before.
fn urge(issue: &Issue, rules: Rules<'_>, at: Timestamp) -> Result<(), Refused> {
    let next = |moment| rules.calendar.working_day_after(local_date(moment), 1);
    let day = next(at)?;
    let mut n_urges = 0;
    for earlier in issue.urged_by_firm.iter().rev() {
        if next(*earlier)? != day {
            break;
        }
        n_urges += 1;
    }
    if n_urges < rules.policy.urges_per_working_day {
        Ok(())
    } else {
        Err(Refused::UrgedToday { again_after: start_of_day(day) })
    }
}
