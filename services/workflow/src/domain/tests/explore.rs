//! Every reachable combination of what decides about the next step, and in each of them every command by everybody.

use std::collections::{BTreeSet, VecDeque};

use chrono::TimeDelta;

use super::world::*;
use crate::domain::{
    transition::{ENTRIES, TRANSITIONS, targets},
    *,
};

/// What may decide about the next step: the state with what the clocks and the path add to it, and the overlays.
type Key = (State, BTreeSet<ClockId>, String, [bool; 10], usize);

fn key(world: &World) -> Key {
    let issue = &world.issue;
    let rectifies = issue.reply().is_some_and(|reply| reply.rectifies);
    let before =
        if let Stage::WithdrawPending { before } = &issue.stage { Some(before.state()) } else { None };
    let heard = issue.children.values().all(|heard| *heard);
    let path = format!("{rectifies} {before:?} {:?} {heard}", issue.merged_into());
    let running = issue.runs.iter().filter(|run| run.is_running()).map(|run| run.key.id);
    (issue.state(), running.collect(), path, overlays(issue), issue.questions.len())
}

/// What hardly ever matters beside another of them.
fn overlays(issue: &Issue) -> [bool; 10] {
    [
        issue.is_on_behalf() && issue.confirmed_at.is_none(),
        !issue.urged_by_firm.is_empty(),
        0 < issue.counts.reopens,
        1 < issue.counts.reopens,
        issue.return_denied,
        issue.rejection.is_some_and(|rejection| rejection.appealed_at.is_some()),
        issue.extension.is_some(),
        issue.open_co_tasks().next().is_some(),
        issue.instructions.iter().any(|instruction| instruction.answered_at.is_none()),
        !issue.children.is_empty(),
    ]
}

/// Two overlays at once are not followed, but that the second reopening has the first before it.
fn is_followed(issue: &Issue) -> bool {
    let n = overlays(issue).iter().filter(|overlay| **overlay).count();
    n < 2 || (n == 2 && 1 < issue.counts.reopens)
}

fn commands(world: &World) -> Vec<Command> {
    let rung = due_now(&world.issue, rules(), world.now).unwrap();
    let rung = rung.into_iter().find(|command| command.action() == Action::ReachRung);
    let nothing =
        Command::ReachRung { clock: ClockKey::first(ClockId::C0), rung: "no_such_rung".parse().unwrap() };
    let level = u8::from(world.issue.supervision == Level::NONE);
    let level = Level::try_from(level).unwrap();
    let feed_back = if world.issue.state() == State::Merged {
        feed_back_merged(world.issue.submitted_at)
    } else {
        feed_back()
    };
    let committed = (world.now + TimeDelta::days(9)).date_naive();
    vec![
        Command::Confirm,
        Command::Assign { desk: desk() },
        Command::Sign { difficulty: None },
        dispatch(),
        Command::Accept,
        Command::Object { reason: note() },
        contact(),
        Command::RecordProgress { note: note() },
        Command::RecordInterimMeasure { measure: note() },
        Command::Plan { responsible: HANDLER, committed, note: note() },
        Command::Replan { responsible: HANDLER, committed, reason: note() },
        reply(Outcome::Resolved),
        reply(Outcome::PlannedDelivered),
        Command::SendBack { reason: note() },
        feed_back,
        rate(1),
        rate(5),
        Command::Dispute { reason: note() },
        Command::LapseRating,
        Command::PassAudit { note: None },
        fail_audit(),
        Command::Reopen { reason: note() },
        Command::RequestReturn { reason: note(), new_fact: None },
        Command::UpholdReturn { desk: other_desk(), reason: note() },
        Command::DenyReturn { reason: note() },
        Command::RejectOutOfScope { reason: note() },
        Command::AppealScope { reason: note() },
        Command::AddCoSection(co_section(22)),
        Command::ReplyCoTask {
            task: world.issue.open_co_tasks().next().map_or(1, |(task, _)| task),
            text: note(),
        },
        Command::AskFirm { question: note() },
        Command::SupplyInformation { text: note() },
        Command::ResumeWork,
        Command::RequestExtension { working_days: 1, reason: note() },
        Command::GrantExtension { note: None },
        Command::DenyExtension { reason: note() },
        Command::ReviewPlan { note: note() },
        Command::RequestWithdrawal { reason: note() },
        Command::ConfirmWithdrawal { channel: Channel::Telephone, note: note() },
        Command::DenyWithdrawal { channel: Channel::Telephone, note: note() },
        Command::Merge { into: OTHER, desk: desk() },
        Command::Unmerge { reason: note() },
        Command::Absorb { child: OTHER },
        Command::Release { child: OTHER },
        Command::NoteDelivery { child: OTHER },
        Command::Supervise { level, note: note() },
        Command::Instruct { text: note() },
        Command::AnswerInstruction { instruction: 1, text: note() },
        Command::Comment { audience: CommentAudience::Firm, comment: note() },
        Command::Comment { audience: CommentAudience::Joint, comment: note() },
        Command::Urge { note: None },
        rung.unwrap_or(nothing),
        Command::ChangeCalendar { version: LATER_VERSION.to_owned() },
    ]
}

fn starts() -> Vec<(Party, World)> {
    let mut starts = Vec::new();
    for party in [Party::Firm, Party::Manager, Party::Client] {
        for desk in [Some(desk()), None] {
            starts.push((party, World::submitted_by(party, desk)));
        }
    }
    starts
}

/// Calls `visit` with what every command of a party comes to, for each party, in each combination reached: now, and long
/// after every deadline. Gives the number of combinations.
fn explore(visit: impl FnMut(&World, Party, &[(Command, Result<World, Refused>)])) -> usize {
    walk(|_, _, _| true, visit)
}

/// The same with those commands alone that the table has a row for; whatever else there is, it refuses.
pub fn explore_rows(visit: impl FnMut(&World, Party, &[(Command, Result<World, Refused>)])) {
    let rows: BTreeSet<_> = TRANSITIONS.iter().map(|row| (row.0, row.1, row.2)).collect();
    walk(|state, action, party| rows.contains(&(state, action, party)), visit);
}

fn walk(
    is_tried: impl Fn(State, Action, Party) -> bool,
    mut visit: impl FnMut(&World, Party, &[(Command, Result<World, Refused>)]),
) -> usize {
    let mut queue: VecDeque<World> = starts().into_iter().map(|(_, world)| world).collect();
    let mut seen: BTreeSet<Key> = queue.iter().map(key).collect();
    while let Some(world) = queue.pop_front() {
        for later in [TimeDelta::minutes(1), TimeDelta::days(40)] {
            let mut before = world.clone();
            before.now += later;
            let commands = commands(&before);
            for party in Party::ALL {
                let by = actor(*party);
                let take = |command: &Command| {
                    let result = decide(&before.issue, command.clone(), rules(), before.now, &by);
                    (command.clone(), result.map(|events| before.clone().after(events)))
                };
                let state = before.issue.state();
                let tried = commands.iter().filter(|command| is_tried(state, command.action(), *party));
                let results: Vec<_> = tried.map(take).collect();
                visit(&before, *party, &results);
                let soon = results.into_iter().filter(|_| later < TimeDelta::days(1));
                for after in soon.filter_map(|(_, result)| result.ok()) {
                    if is_followed(&after.issue) && seen.insert(key(&after)) {
                        queue.push_back(after);
                    }
                }
            }
        }
    }
    seen.len()
}

#[test]
fn every_row_is_taken_and_whatever_is_absent_is_refused_in_the_same_words() {
    let mut taken = BTreeSet::new();
    let n_reached = explore(|before, party, results| {
        for (command, result) in results {
            let (from, action) = (before.issue.state(), command.action());
            match result {
                Ok(after) => {
                    let row = (from, action, party, after.issue.state());
                    assert!(TRANSITIONS.contains(&row), "{row:?} is not in the table");
                    taken.insert(row);
                }
                Err(refused) => {
                    let absent = targets(from, action, party).next().is_none();
                    let in_words = *refused == Refused::NotAllowed { from, action };
                    assert_eq!(absent, in_words, "{action}/{party} in {from}: {refused}");
                }
            }
        }
    });
    let missed: Vec<_> = TRANSITIONS.iter().filter(|row| !taken.contains(row)).collect();
    assert!(missed.is_empty(), "never taken: {missed:?}");
    let entered: BTreeSet<_> =
        starts().iter().map(|(party, world)| (Action::Submit, *party, world.issue.state())).collect();
    assert_eq!(entered, ENTRIES.iter().copied().collect());
    assert!(800 < n_reached, "{n_reached} combinations");
}

#[test]
fn next_actions_offers_exactly_what_is_not_refused_for_what_issue_and_actor_are() {
    explore(|before, party, results| {
        let offered = next_actions(&before.issue, rules(), before.now, &actor(party)).unwrap();
        // What follows from a step with another issue is offered to nobody.
        let follows = |command: &Command| matches!(command.action(), Action::Release | Action::NoteDelivery);
        for (command, result) in results.iter().filter(|(command, _)| !follows(command)) {
            let offered = offered.contains(&command.action());
            let may_be =
                result.is_ok() || result.as_ref().is_err_and(|refused| of_command(before, command, refused));
            assert_eq!(offered, may_be, "{command:?} by {party}: {result:?}");
        }
    });
}

/// Whether it is the command that is refused for what it says, and not the step.
fn of_command(before: &World, command: &Command, refused: &Refused) -> bool {
    match refused {
        Refused::NeedsPlan { .. }
        | Refused::RungNotDue { .. }
        | Refused::ReturnNeedsNewFact
        | Refused::CoTasksOpen { .. }
        | Refused::CoSectionAlready { .. }
        | Refused::SameDepartment { .. }
        | Refused::InstructionsOpen { .. }
        | Refused::MergedNotFedBack { .. }
        | Refused::AbsorbedAlready { .. }
        | Refused::NotMerged { .. }
        | Refused::AudienceNotAllowed { .. }
        | Refused::ExtensionTooLong { most_days: 1.. } => true,
        Refused::HeardAlready => command.action() == Action::FeedBack,
        Refused::InstructionNotOpen => 1 < before.issue.instructions.len(),
        _ => false,
    }
}

#[test]
fn somebody_is_on_the_clock_while_an_issue_is_open_and_nobody_once_it_has_ended() {
    explore_rows(|_, _, results| {
        for after in results.iter().filter_map(|(_, result)| result.as_ref().ok()) {
            let issue = &after.issue;
            let running: Vec<_> =
                issue.runs.iter().filter(|run| run.is_running()).map(|run| run.key.id).collect();
            let may_vote = issue.state() == State::Merged && running == [ClockId::C6];
            assert_eq!(running.is_empty() || may_vote, !issue.state().is_open());
            let answers = running.iter().filter(|id| matches!(id, ClockId::C4 | ClockId::C8)).count();
            let owes_an_answer = !matches!(
                issue.state(),
                State::Triage
                    | State::Replied
                    | State::FedBack
                    | State::PendingAudit
                    | State::Closed
                    | State::Withdrawn
                    | State::OutOfScope
                    | State::Merged
            ) && !matches!(&issue.stage, Stage::WithdrawPending { before } if before.state() == State::Triage);
            assert_eq!(answers, usize::from(owes_an_answer), "{}", issue.state());
            assert_eq!(
                fold(&after.events).unwrap().as_ref(),
                Some(issue),
                "the row is the fold of the events"
            );
        }
    });
}
