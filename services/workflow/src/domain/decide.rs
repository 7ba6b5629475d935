//! Whether a step is taken, and what then happened. Nothing is done here: time and rules come in, events go out.

use chrono::NaiveDate;
use kernel::{Timestamp, Version};

use super::{
    Action, Actor, By, Command, Confirmation, Event, Fact, Issue, Outcome, Party, Refused, Rules, State,
    SubmitIssue, Who, clock, clocks, create, duty, evolve, local_date, start_of_day,
    transition::{ENTRIES, TRANSITIONS, targets},
};

/// Submits a new issue, bound to the rules given.
pub fn submit(
    command: SubmitIssue,
    rules: Rules<'_>,
    now: Timestamp,
    by: &Actor,
) -> Result<Vec<Event>, Refused> {
    let SubmitIssue {
        issue_id,
        number,
        enterprise_id,
        category,
        title,
        description,
        division,
        manager,
        desk,
    } = command;
    let entry = ENTRIES.iter().find(|entry| may_act_as(by, entry.1)).ok_or(Refused::MayNotSubmit)?;
    let Some(known) = rules.policy.category(&category) else {
        return Err(Refused::UnknownCategory(category));
    };
    let fact = Fact::Submitted {
        issue_id,
        number,
        enterprise_id,
        difficulty: known.difficulty,
        category,
        title,
        description,
        division,
        manager,
        policy_version: rules.policy.version,
        calendar_version: rules.calendar.version().to_owned(),
        desk,
    };
    let event = Event { version: Version::FIRST, at: now, by: By { who: by.who, party: entry.1 }, fact };
    let issue = create(&event).expect("a submission begins a history");
    look_ahead(&issue, rules)?;
    Ok(vec![event])
}

/// Takes a step, or says why not. The events follow on the version of the issue, in the order in which they happened.
pub fn decide(
    issue: &Issue,
    command: Command,
    rules: Rules<'_>,
    now: Timestamp,
    by: &Actor,
) -> Result<Vec<Event>, Refused> {
    // A machine's clock may go back; the history of an issue does not.
    let at = now.max(issue.updated_at);
    let action = command.action();
    let by = permit(issue, action, rules, at, by)?;
    let facts = facts(issue, command, rules, at, by)?;

    let mut events = Vec::with_capacity(facts.len());
    let mut after = issue.clone();
    for fact in facts {
        let event = Event { version: after.version.next(), at, by, fact };
        after = evolve(after, &event).expect("the table allows the step in this state");
        events.push(event);
    }
    debug_assert!(
        targets(issue.state(), action, by.party).any(|to| to == after.state()),
        "{action} broke the table"
    );
    look_ahead(&after, rules)?;
    Ok(events)
}

/// The steps that somebody may take now, in the order of the life of an issue: those that [`decide`] would not
/// refuse for what the issue and the actor are.
pub fn next_actions(
    issue: &Issue,
    rules: Rules<'_>,
    now: Timestamp,
    by: &Actor,
) -> Result<Vec<Action>, Refused> {
    let at = now.max(issue.updated_at);
    let mut actions = Vec::new();
    for action in Action::ALL {
        match permit(issue, *action, rules, at, by) {
            Ok(_) => actions.push(*action),
            Err(fault @ (Refused::NotBound { .. } | Refused::Calendar(_))) => return Err(fault),
            Err(_) => {}
        }
    }
    Ok(actions)
}

/// Whether the actor may take the step at all, and in which capacity: by the table, by separation of duty, and by
/// what the issue says. What the command says is looked at later.
fn permit(issue: &Issue, action: Action, rules: Rules<'_>, at: Timestamp, by: &Actor) -> Result<By, Refused> {
    if !rules.bind(issue) {
        return Err(Refused::NotBound {
            policy: issue.policy_version.0,
            calendar: issue.calendar_version.clone(),
        });
    }
    let from = issue.state();
    let row = TRANSITIONS.iter().find(|row| (row.0, row.1) == (from, action) && may_act_as(by, row.2));
    let party = row.ok_or(Refused::NotAllowed { from, action })?.2;
    if let Some(party) = duty::conflict(issue, action, by) {
        return Err(Refused::ConflictOfDuty { action, party });
    }
    guard(issue, action, party, rules, at)?;
    Ok(By { who: by.who, party })
}

fn may_act_as(by: &Actor, party: Party) -> bool {
    let fits = match by.who {
        Who::Account(_) => !matches!(party, Party::Client | Party::System),
        Who::Client(_) => party == Party::Client,
        Who::System => party == Party::System,
    };
    fits && by.parties.contains(&party)
}

fn guard(
    issue: &Issue,
    action: Action,
    party: Party,
    rules: Rules<'_>,
    at: Timestamp,
) -> Result<(), Refused> {
    match action {
        Action::Confirm => match issue.confirmation(rules, at)? {
            Confirmation::Awaited { .. } | Confirmation::Unconfirmed { .. } => Ok(()),
            Confirmation::NotNeeded | Confirmation::Confirmed { .. } => Err(Refused::NothingToConfirm),
        },
        Action::Rate | Action::Dispute => within(action, at, clock::rating_until(issue, rules)?),
        Action::LapseRating => match clock::rating_until(issue, rules)? {
            Some(until) if at <= until => Err(Refused::WindowOpen { until }),
            _ => Ok(()),
        },
        Action::Reopen => within(action, at, issue.reopen_until(rules)?),
        Action::Urge if party == Party::Firm => match issue.urged_by_firm_at {
            Some(last) => once_a_working_day(last, at, rules),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn within(action: Action, at: Timestamp, until: Option<Timestamp>) -> Result<(), Refused> {
    match until {
        Some(until) if until < at => Err(Refused::WindowOver { action, until }),
        _ => Ok(()),
    }
}

/// Two moments belong to the same working day when the next working day after them is the same: what is done on a
/// weekend counts to the Friday before.
fn once_a_working_day(last: Timestamp, at: Timestamp, rules: Rules<'_>) -> Result<(), Refused> {
    let next = |moment| rules.calendar.working_day_after(local_date(moment), 1);
    let day = next(last)?;
    if next(at)? == day {
        return Err(Refused::UrgedToday { again_after: start_of_day(day) });
    }
    Ok(())
}

fn facts(
    issue: &Issue,
    command: Command,
    rules: Rules<'_>,
    at: Timestamp,
    by: By,
) -> Result<Vec<Fact>, Refused> {
    let from = issue.state();
    let fact = match command {
        Command::Confirm => Fact::Confirmed {},
        Command::Assign { desk } => Fact::Assigned { desk },
        Command::Sign { difficulty } => Fact::Signed { difficulty: difficulty.unwrap_or(issue.difficulty) },
        Command::Dispatch { section, department, note } => {
            if issue.department() != Some(department) {
                return Err(Refused::SectionElsewhere { section });
            }
            Fact::Dispatched { section, note }
        }
        Command::Accept => Fact::Accepted {},
        Command::Object { reason } => Fact::Objected { reason },
        Command::RecordContact { channel, note } => Fact::Contacted { channel, note },
        Command::RecordProgress { note } => Fact::Progressed { note },
        Command::RecordInterimMeasure { measure } => Fact::InterimMeasureRecorded { measure },
        Command::Plan { responsible, committed, note } => {
            Fact::Planned { responsible, committed: after_today(committed, at)?, note }
        }
        Command::Replan { responsible, committed, reason } => {
            Fact::Replanned { responsible, committed: after_today(committed, at)?, reason }
        }
        Command::Reply { outcome, text, legal_basis } => {
            if outcome == Outcome::PlannedDelivered && from != State::Planned {
                return Err(Refused::NeedsPlan { from });
            }
            if legal_basis.is_none() && needs_legal_basis(outcome, from) {
                return Err(Refused::LegalBasisMissing { outcome });
            }
            Fact::Replied { outcome, text, legal_basis }
        }
        Command::SendBack { reason } => Fact::ReplySentBack { reason },
        Command::FeedBack { channel, receipt } => Fact::FedBack { channel, receipt },
        Command::Rate { rating, comment } => {
            Fact::Rated { rating, low: rules.policy.is_low(&rating), comment }
        }
        Command::Dispute { reason } => Fact::Disputed { reason },
        Command::LapseRating => Fact::RatingLapsed {},
        Command::PassAudit { note } => return Ok(vec![Fact::AuditPassed { note }, Fact::Closed {}]),
        Command::FailAudit { code, note } => {
            if rules.policy.audit_failure(&code).is_none() {
                return Err(Refused::UnknownAuditFailure(code));
            }
            Fact::AuditFailed { code, note }
        }
        Command::Reopen { reason } => {
            let same_handler = issue.counts.reopens < rules.policy.reopenings_to_same_handler;
            Fact::Reopened { reason, same_handler }
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
    };
    debug_assert!(by.party != Party::System || fact.notes().is_empty(), "the system writes no texts");
    Ok(vec![fact])
}

fn after_today(committed: NaiveDate, at: Timestamp) -> Result<NaiveDate, Refused> {
    if committed <= local_date(at) { Err(Refused::PlanDatePast { committed }) } else { Ok(committed) }
}

/// A refusal names the law; so does an explanation that is given where the firm asked for better.
fn needs_legal_basis(outcome: Outcome, from: State) -> bool {
    outcome == Outcome::Infeasible || (outcome == Outcome::Explained && from == State::Rectifying)
}

/// Whether every deadline that the issue now has lies within the calendar: better refused than never due.
fn look_ahead(issue: &Issue, rules: Rules<'_>) -> Result<(), Refused> {
    clocks(issue, rules, issue.updated_at)?;
    clock::pending(issue, rules)?;
    issue.confirmation(rules, issue.updated_at)?;
    issue.reopen_until(rules)?;
    Ok(())
}
