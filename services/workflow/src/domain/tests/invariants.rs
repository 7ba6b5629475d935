//! The named invariants that hold for an issue by itself: I2 to I8 and I10. I1, I9 and I11 are about the service as a
//! whole, see `tests/api/invariants.rs`; what guards each, and how its test fails without that, is in
//! `docs/invariants.md`.

use std::collections::BTreeSet;

use super::{explore::explore_rows, world::*};
use crate::domain::{transition::ENTRIES, *};

/// Calls `check` with every step that is taken in any reachable combination: the issue before and after it, and who
/// took it as what.
fn every_step(mut check: impl FnMut(&World, &Command, Party, &World)) {
    explore_rows(|before, party, results| {
        for (command, result) in results {
            if let Ok(after) = result {
                check(before, command, party, after);
            }
        }
    });
}

fn clocks_of(world: &World, now: kernel::Timestamp) -> Vec<Clock> {
    clocks(&world.issue, rules().rebound(&world.issue).unwrap(), now).unwrap()
}

#[test]
fn i2_segments_of_the_holders_and_pauses_add_up_to_the_enterprise_clock() {
    every_step(|_, command, _, after| {
        let issue = &after.issue;
        let segments = segments(issue, rules().calendar, after.now).unwrap();
        let total: i64 = segments.iter().map(|segment| segment.seconds).sum();
        assert_eq!(total, open_seconds(issue, after.now), "{command:?}");
        assert!(segments.windows(2).all(|pair| pair[0].until == Some(pair[1].from)), "{command:?}");
        assert_eq!(segments[0].from, issue.submitted_at);
        assert!(segments.iter().all(|segment| 0 <= segment.seconds && 0 <= segment.working_seconds));
        // While the firm is asked it is the firm that holds it, in every pause of the reply's clock.
        let held = segments.iter().filter(|segment| segment.state == State::AwaitingFirm);
        let asked = issue.questions.iter().map(|question| Some(question.asked_at));
        assert_eq!(held.map(|segment| Some(segment.from)).collect::<Vec<_>>(), asked.collect::<Vec<_>>());
    });
}

#[test]
fn i3_no_state_entered_again_refreshes_the_clock_of_the_reply() {
    every_step(|before, command, _, after| {
        let answer = |world: &World| {
            let mut all = clocks_of(world, after.now);
            all.retain(|clock| clock.key.id == ClockId::C4);
            assert!(all.len() < 2, "{command:?} started it a second time");
            all.pop()
        };
        let (Some(was), Some(is)) = (answer(before), answer(after)) else { return };
        assert_eq!(was.started_at, is.started_at, "{command:?}");
        let went_on = was.paused_since().is_some() && is.paused_since().is_none();
        let moved =
            went_on || matches!(command, Command::GrantExtension { .. } | Command::ChangeCalendar { .. });
        assert!(moved || was.due_at == is.due_at, "{command:?}");
        assert!(was.stopped_at.is_none() || is.stopped_at.is_some() || was.gaps.len() < is.gaps.len());
    });
}

#[test]
fn i3_no_way_back_into_progress_refreshes_the_clock_of_the_reply() {
    let mut world = World::submitted();
    world.steps(to_progress());
    let due = world.clock("C4").due_at;
    world.steps([reply(Outcome::Partial), Command::SendBack { reason: note() }]);
    assert!(world.clock("C4").is_running() && world.clock("C4").due_at == due);
    world.steps([reply(Outcome::Partial), feed_back(), rate(3), fail_audit()]);
    assert!(world.clock("C4").is_running() && world.clock("C4").due_at == due);
    world.set("2026-03-10 09:00").step(reply(Outcome::Resolved));
    let c4 = world.clock("C4");
    assert_eq!(
        (c4.on_time(), c4.due_at, c4.gaps.len()),
        (Some(false), due, 2),
        "the reply that stands was late"
    );
}

#[test]
fn i4_closed_implies_that_feedback_was_delivered() {
    every_step(|_, command, _, after| {
        let issue = &after.issue;
        assert_eq!(issue.state() == State::Closed, issue.closed_at().is_some(), "{command:?}");
        if issue.state() == State::Closed {
            let last = |kinds: &[&str]| after.events.iter().rposition(|event| kinds.contains(&event.kind()));
            let heard = last(&["fed_back", "merged_fed_back"]);
            assert!(issue.feedback().is_some() && last(&["replied"]) < heard, "{command:?}");
        }
    });
    let world = closed();
    assert_eq!(world.issue.feedback().unwrap().by, LIAISON);
    let fed_back = world.events.iter().position(|event| event.kind() == "fed_back").unwrap();
    // A history without the feedback is no history: the events after it do not fit.
    let mut without = world.events.clone();
    without.remove(fed_back);
    for (i, event) in without.iter_mut().enumerate() {
        event.version = kernel::Version::new(i64::try_from(i).unwrap() + 1);
    }
    assert_eq!(fold(&without).unwrap_err().kind, "rated");
}

fn pending_audit() -> World {
    let mut world = World::submitted();
    world.steps(to_progress()).steps(to_rating()).steps([rate(5)]);
    world
}

fn not_audited_by(party: Party) -> Result<(), Refused> {
    Err(Refused::ConflictOfDuty { action: Action::Audit, party })
}

#[test]
fn i5_nobody_audits_what_they_had_to_do_with_whatever_roles_they_hold() {
    for (person, party) in
        [(LIAISON, Party::Liaison), (HANDLER, Party::Section), (MANAGER, Party::Manager), (FIRM, Party::Firm)]
    {
        let by = Actor::person(person, [Party::Auditor]);
        let mut world = pending_audit();
        for command in [Command::PassAudit { note: None }, fail_audit()] {
            assert_eq!(world.try_step(command, &by), not_audited_by(party));
        }
        assert!(!next_actions(&world.issue, rules(), world.now, &by).unwrap().contains(&Action::Audit));
    }
}

#[test]
fn i5_nobody_audits_as_the_manager_that_they_have_become_since() {
    let by = Actor::person(STRANGER, [Party::Auditor]).managing_the_firm(true);
    let refused = pending_audit().try_step(Command::PassAudit { note: None }, &by);
    assert_eq!(refused, not_audited_by(Party::Manager));
}

#[test]
fn i5_nobody_audits_what_their_own_office_has_or_their_own_firm_raised() {
    for party in [Party::Firm, Party::Liaison, Party::Section, Party::CoSection] {
        let by = Actor::person(STRANGER, [Party::Auditor]).standing_as([party, Party::Auditor]);
        let refused = pending_audit().try_step(Command::PassAudit { note: None }, &by);
        assert_eq!(refused, not_audited_by(party));
    }
    let by = Actor::person(STRANGER, [Party::Auditor]).standing_as([Party::Operator, Party::Leader]);
    pending_audit().try_step(Command::PassAudit { note: None }, &by).unwrap();
}

#[test]
fn i5_a_handler_replaced_after_a_reopening_still_does_not_audit() {
    let mut world = closed();
    let reopen = || Command::Reopen { reason: note() };
    world.steps([reopen()]).steps(to_rating()).steps([rate(5), Command::PassAudit { note: None }, reopen()]);
    let successor = Actor::person(STRANGER, [Party::Section]);
    for command in [Command::Accept, reply(Outcome::Resolved)] {
        world.try_step(command, &successor).unwrap();
    }
    world.steps([feed_back(), rate(5)]);
    assert_eq!(world.issue.handler(), Some(STRANGER));
    let by = Actor::person(HANDLER, [Party::Auditor]);
    assert_eq!(world.try_step(Command::PassAudit { note: None }, &by), not_audited_by(Party::Section));
}

#[test]
fn i6_only_the_firm_rates_and_once_in_each_feedback_round() {
    let mut n_rated = 0;
    every_step(|before, command, party, after| {
        let (was, is) = (&before.issue.ratings, &after.issue.ratings);
        if matches!(command, Command::Rate { .. }) {
            n_rated += 1;
            assert_eq!(party, Party::Firm);
            assert!(before.issue.rating().is_none(), "this round was rated");
            assert_eq!(is.last().unwrap().round, before.issue.feedback_rounds);
            assert!(is.is_sorted_by(|one, next| one.round < next.round));
        } else {
            assert_eq!(was, is, "{command:?}");
        }
    });
    assert!(0 < n_rated);
}

#[test]
fn i6_each_feedback_round_has_one_rating_and_only_the_last_one_stands() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps(to_rating()).steps([rate(1)]);
    let again = world.try_step(rate(5), &actor(Party::Firm));
    assert_eq!(again, Err(Refused::NotAllowed { from: State::Rectifying, action: Action::Rate }));
    world.steps([reply(Outcome::Resolved), feed_back()]);
    assert_eq!(world.issue.rating(), None, "the low rating was for the round before");
    world.steps([rate(4)]);
    let rounds: Vec<_> = world.issue.ratings.iter().map(|rated| (rated.round, rated.low)).collect();
    assert_eq!(rounds, [(1, true), (2, false)]);
}

#[test]
fn i7_comments_move_no_clock() {
    let mut n_comments = 0;
    every_step(|before, command, _, after| {
        let moves_none = matches!(
            command.action(),
            Action::Urge
                | Action::Comment
                | Action::Supervise
                | Action::Confirm
                | Action::RecordProgress
                | Action::RecordInterimMeasure
                | Action::ReachRung
        );
        assert!(!moves_none || after.issue.runs == before.issue.runs, "{command:?}");
        if command.action() == Action::Comment {
            n_comments += 1;
            let (was, is) = (&before.issue, &after.issue);
            assert_eq!((&was.stage, &was.path, was.etag), (&is.stage, &is.path, is.etag));
            let wake = |issue: &Issue| next_wake(issue, rules()).unwrap();
            assert_eq!((wake(was), lights(was, rules())), (wake(is), lights(is, rules())));
        }
    });
    assert!(0 < n_comments);
}

#[test]
fn i8_another_calendar_never_changes_a_clock_that_has_stopped() {
    let mut n_changes = 0;
    every_step(|before, command, _, after| {
        n_changes += usize::from(matches!(command, Command::ChangeCalendar { .. }));
        for (was, is) in clocks_of(before, after.now).iter().zip(clocks_of(after, after.now)) {
            assert_eq!(was.key, is.key);
            // Set going again, it has not stopped.
            let stays = !was.is_running() && was.gaps.len() == is.gaps.len();
            assert!(!stays || *was == is, "{command:?}: {was:?} {is:?}");
        }
    });
    assert!(0 < n_changes);
}

#[test]
fn i8_a_late_change_of_the_calendar_alters_only_running_clocks() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps([contact()]);
    let dues = |world: &World| {
        let show = |clock: &Clock| format!("{} {}", clock.key, wall(clock.due_at));
        clocks_of(world, world.now).iter().map(show).collect::<Vec<_>>()
    };
    let before = dues(&world);
    assert_eq!(
        before,
        ["C1 2026-03-02 11:00", "C4 2026-03-09 17:30", "C2 2026-03-02 14:31", "C3 2026-03-03 17:30"]
    );
    let stopped = world.clock("C3");
    world.step(Command::ChangeCalendar { version: LATER_VERSION.to_owned() });
    assert_eq!(world.issue.calendar_version, LATER_VERSION);
    let after = dues(&world);
    assert_eq!(after[1], "C4 2026-03-10 17:30", "the day off is not counted");
    assert_eq!(
        (&after[0], &after[2..]),
        (&before[0], &before[2..]),
        "those that have stopped keep their deadlines"
    );
    assert_eq!(clocks_of(&world, world.now)[3], stopped);
    assert_eq!(fold(&world.events).unwrap().unwrap(), world.issue);
}

#[test]
fn i8_a_later_pack_or_question_does_not_change_a_clock_that_has_stopped() {
    let mut world = World::submitted();
    world.steps([Command::Sign { difficulty: None }]);
    let stopped = world.clock("C1");
    world.set("2026-09-01 09:00");
    assert_eq!(world.clock("C1"), stopped);
    let text = include_str!("../../../packs/default.toml")
        .replacen("version = 1", "version = 2", 1)
        .replacen("C1 = \"2 working hours\"", "C1 = \"1 working hour\"", 1);
    let edited = Policy::parse(&text).unwrap();
    let edited = Rules { policy: &edited, ..rules() };
    assert!(!edited.bind(&world.issue), "an issue keeps the pack that it was submitted under");
    world.set("2026-03-02 09:30");
    let refused = decide(&world.issue, dispatch(), edited, world.now, &actor(Party::Liaison));
    assert!(matches!(refused, Err(Refused::NotBound { .. })), "{refused:?}");
}

#[test]
fn i10_every_state_can_be_reached_and_left_to_a_final_one() {
    // By steps that are really taken, and not by the table alone.
    let mut taken = BTreeSet::new();
    every_step(|before, _, _, after| {
        taken.insert((before.issue.state(), after.issue.state()));
    });
    let mut reached: BTreeSet<State> = ENTRIES.iter().map(|row| row.2).collect();
    let mut leads_out: BTreeSet<State> =
        State::ALL.iter().copied().filter(|state| !state.is_open()).collect();
    assert_eq!(leads_out.len(), 4);
    for _ in State::ALL {
        let further: Vec<_> =
            taken.iter().filter(|(from, _)| reached.contains(from)).map(|(_, to)| *to).collect();
        reached.extend(further);
        let before: Vec<_> =
            taken.iter().filter(|(_, to)| leads_out.contains(to)).map(|(from, _)| *from).collect();
        leads_out.extend(before);
    }
    assert_eq!(reached.len(), State::ALL.len(), "reached: {reached:?}");
    assert_eq!(leads_out.len(), State::ALL.len(), "left: {leads_out:?}");
}
