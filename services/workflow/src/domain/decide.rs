//! Whether a step is taken, and what then happened. Nothing is done here: time and rules come in, events go out.

use kernel::{Timestamp, Version};

use super::{
    Action, Actor, By, Command, Event, Fact, Issue, Party, Refused, Rules, SubmitIssue, Who, clock, clocks,
    create, duty, evolve,
    facts::facts,
    guard::guard,
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
        about,
        confidential,
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
        policy_version: rules.policy.version.clone(),
        calendar_version: rules.calendar.version().to_owned(),
        // Never to those whom it complains about: an operator finds another department.
        desk: desk.filter(|desk| about != Some(desk.department)),
        about,
        confidential,
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
    let actor = by;
    let by = permit(issue, action, rules, at, actor)?;
    let facts = facts(issue, command, rules, at, (actor, by.party))?;

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
    look_ahead(&after, rules.rebound(&after).ok_or_else(|| not_bound(&after))?)?;
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
    // These follow from a step with another issue: nobody takes them by themselves.
    let follows = |action: &&Action| matches!(action, Action::Release | Action::NoteDelivery);
    for action in Action::ALL.iter().filter(|action| !follows(action)) {
        match permit(issue, *action, rules, at, by) {
            Ok(_) => actions.push(*action),
            Err(fault @ (Refused::NotBound { .. } | Refused::Calendar(_))) => return Err(fault),
            Err(_) => {}
        }
    }
    Ok(actions)
}

/// Whether the actor may speak for the firm of a merged issue, as far as the issue matters that is handled for both:
/// `lead`, to which they stand as `by` says.
pub fn speaks_for_a_merged_firm(lead: &Issue, action: Action, by: &Actor) -> Result<(), Refused> {
    match duty::conflict(lead, action, (by, Party::Firm)) {
        Some(party) => Err(Refused::ConflictOfDuty { action, party }),
        None => Ok(()),
    }
}

/// Whether the actor may take the step at all, and in which capacity: by the table, by separation of duty, and by
/// what the issue says. What the command says is looked at later.
fn permit(issue: &Issue, action: Action, rules: Rules<'_>, at: Timestamp, by: &Actor) -> Result<By, Refused> {
    if !rules.bind(issue) {
        return Err(not_bound(issue));
    }
    let from = issue.state();
    let rows = TRANSITIONS.iter().filter(|row| (row.0, row.1) == (from, action) && may_act_as(by, row.2));
    let mut refused = Refused::NotAllowed { from, action };
    // In the first capacity that nothing else forbids.
    let party = rows.map(|row| row.2).find(|party| match duty::conflict(issue, action, (by, *party)) {
        Some(party) => {
            refused = Refused::ConflictOfDuty { action, party };
            false
        }
        None => true,
    });
    let party = party.ok_or(refused)?;
    guard(issue, action, (by, party), rules, at)?;
    Ok(By { who: by.who, party })
}

fn not_bound(issue: &Issue) -> Refused {
    Refused::NotBound { policy: issue.policy_version.clone(), calendar: issue.calendar_version.clone() }
}

fn may_act_as(by: &Actor, party: Party) -> bool {
    let fits = match by.who {
        Who::Account(_) => !matches!(party, Party::Client | Party::System),
        Who::Client(_) => party == Party::Client,
        Who::System => party == Party::System,
    };
    fits && by.parties.contains(&party)
}

/// Whether every deadline that the issue now has lies within the calendar: better refused than never due.
fn look_ahead(issue: &Issue, rules: Rules<'_>) -> Result<(), Refused> {
    clocks(issue, rules, issue.updated_at)?;
    clock::pending(issue, rules)?;
    clock::question_until(issue, rules)?;
    issue.confirmation(rules, issue.updated_at)?;
    issue.reopen_until(rules)?;
    Ok(())
}
