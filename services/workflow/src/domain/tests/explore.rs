//! Every reachable combination of what decides about the next step, and in each of them every command by everybody.

use std::collections::{BTreeSet, VecDeque};

use chrono::TimeDelta;

use super::world::*;
use crate::domain::{
    transition::{ENTRIES, TRANSITIONS, targets},
    *,
};

/// What may decide about the next step.
type Key = (State, bool, u32, bool, bool, Vec<ClockKey>);

fn key(world: &World) -> Key {
    let issue = &world.issue;
    let rectifies = issue.reply().is_some_and(|reply| reply.rectifies);
    let unconfirmed = issue.is_on_behalf() && issue.confirmed_at.is_none();
    let urged = issue.urged_by_firm_at.is_some();
    let running =
        issue.runs.iter().filter(|run| run.is_running()).map(|run| ClockKey { round: 1, ..run.key });
    (issue.state(), rectifies, issue.counts.reopens.min(2), unconfirmed, urged, running.collect())
}

fn commands(world: &World) -> Vec<Command> {
    let rung = due_now(&world.issue, rules(), world.now).unwrap();
    let rung = rung.into_iter().find(|command| command.action() == Action::ReachRung);
    let nothing =
        Command::ReachRung { clock: ClockKey::first(ClockId::C0), rung: "no_such_rung".parse().unwrap() };
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
        feed_back(),
        rate(1),
        rate(5),
        Command::Dispute { reason: note() },
        Command::LapseRating,
        Command::PassAudit { note: None },
        fail_audit(),
        Command::Reopen { reason: note() },
        Command::Urge { note: None },
        rung.unwrap_or(nothing),
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

/// Calls `visit` for each command of each party, in each combination reached: now, and long after every deadline.
/// Gives the number of combinations.
fn explore(mut visit: impl FnMut(&World, Party, &Command, &Result<World, Refused>)) -> usize {
    let mut queue: VecDeque<World> = starts().into_iter().map(|(_, world)| world).collect();
    let mut seen: BTreeSet<Key> = queue.iter().map(key).collect();
    while let Some(world) = queue.pop_front() {
        for later in [TimeDelta::minutes(1), TimeDelta::days(40)] {
            let mut before = world.clone();
            before.now += later;
            for command in commands(&before) {
                for party in Party::ALL {
                    let mut after = before.clone();
                    let result = after.try_step(command.clone(), &actor(*party)).map(|()| after);
                    visit(&before, *party, &command, &result);
                    if let Ok(after) = result
                        && later < TimeDelta::days(1)
                        && seen.insert(key(&after))
                    {
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
    let n_reached = explore(|before, party, command, result| {
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
    });
    let missed: Vec<_> = TRANSITIONS.iter().filter(|row| !taken.contains(row)).collect();
    assert!(missed.is_empty(), "never taken: {missed:?}");
    let entered: BTreeSet<_> =
        starts().iter().map(|(party, world)| (Action::Submit, *party, world.issue.state())).collect();
    assert_eq!(entered, ENTRIES.iter().copied().collect());
    assert!(150 < n_reached, "{n_reached} combinations");
}

#[test]
fn next_actions_offers_exactly_what_is_not_refused_for_what_issue_and_actor_are() {
    explore(|before, party, command, result| {
        let offered = next_actions(&before.issue, rules(), before.now, &actor(party)).unwrap();
        let offered = offered.contains(&command.action());
        let of_the_command = matches!(result, Err(Refused::NeedsPlan { .. } | Refused::RungNotDue { .. }));
        assert_eq!(offered, result.is_ok() || of_the_command, "{command:?} by {party}");
    });
}

#[test]
fn in_every_combination_the_invariants_of_issue_and_clocks_hold() {
    explore(|before, _, command, result| {
        let Ok(after) = result else { return };
        let issue = &after.issue;

        // I2: the holders' segments add up to the enterprise clock, to the second.
        let segments = segments(issue, rules().calendar, after.now).unwrap();
        let total: i64 = segments.iter().map(|segment| segment.seconds).sum();
        assert_eq!(total, open_seconds(issue, after.now));
        assert!(segments.windows(2).all(|pair| pair[0].until == Some(pair[1].from)));
        assert_eq!(segments[0].from, issue.submitted_at);

        // I3 and I8: a clock that has started keeps its deadline, and one that has stopped its stop.
        let of = |world: &World| clocks(&world.issue, rules(), after.now).unwrap();
        for (was, is) in of(before).iter().zip(of(after)) {
            assert_eq!((was.key, was.started_at, was.due_at), (is.key, is.started_at, is.due_at));
            assert!(was.stopped_at == is.stopped_at || was.is_running() || was.gaps.len() < is.gaps.len());
        }

        // I7: urges, records and rungs move no clock.
        let moves_none = matches!(
            command.action(),
            Action::Urge
                | Action::Confirm
                | Action::RecordProgress
                | Action::RecordInterimMeasure
                | Action::ReachRung
        );
        assert!(!moves_none || issue.runs == before.issue.runs);

        // Somebody is always on the clock while the issue is open, and nobody once it is closed.
        let running: Vec<_> =
            issue.runs.iter().filter(|run| run.is_running()).map(|run| run.key.id).collect();
        assert_eq!(running.is_empty(), !issue.state().is_open());
        let answers = running.iter().filter(|id| matches!(id, ClockId::C4 | ClockId::C8)).count();
        let owes_an_answer = !matches!(
            issue.state(),
            State::Triage | State::Replied | State::FedBack | State::PendingAudit | State::Closed
        );
        assert_eq!(answers, usize::from(owes_an_answer), "{}", issue.state());

        // I4, and the row is the fold of the events.
        assert_eq!(issue.state() == State::Closed, issue.closed_at().is_some());
        assert!(issue.closed_at().is_none() || issue.feedback().is_some());
        assert_eq!(fold(&after.events).unwrap().as_ref(), Some(issue));
    });
}
