use std::sync::Arc;

use worktime::Calendar;

use super::world::*;
use crate::domain::*;

fn change(version: &str) -> Command {
    Command::ChangeCalendar { version: version.to_owned() }
}

/// The clocks of an issue by the calendars that it is bound to, as "C4 2026-03-09 17:30".
fn dues(world: &World) -> Vec<String> {
    let rules = rules().rebound(&world.issue).unwrap();
    let clocks = clocks(&world.issue, rules, world.now).unwrap();
    clocks.iter().map(|clock| format!("{} {}", clock.key, wall(clock.due_at))).collect()
}

#[test]
fn a_clock_that_stopped_late_is_as_late_under_whatever_calendar_comes_after() {
    let mut world = World::submitted();
    world.steps([Command::Sign { difficulty: None }]).set("2026-03-05 09:00");
    world.step(dispatch());
    let late = world.clock("C2");
    assert!(late.late);
    world.step(change(LATER_VERSION));
    let rules = rules().rebound(&world.issue).unwrap();
    let now = clocks(&world.issue, rules, world.now).unwrap();
    assert_eq!(latest(&now, ClockId::C2), Some(&late));
    // Its rungs, too, are told by the calendar that it stopped under.
    assert_eq!(super::super::rungs(&world.issue, &late, rules).unwrap(), []);
}

#[test]
fn each_clock_keeps_the_calendar_that_it_stopped_under() {
    let third = "china-2026.1-third";
    let calendars = [
        Arc::new(Calendar::china().clone()),
        Arc::new(without("2026-03-04", LATER_VERSION)),
        Arc::new(without("2026-03-05", third)),
    ];
    let all = Rules { calendars: &calendars, ..rules() };
    let mut issue = World::submitted().issue;
    let mut now = at("2026-03-02 09:00");
    let mut take = |issue: &Issue, command: Command, party: Party| {
        now += chrono::TimeDelta::minutes(1);
        let rules = all.rebound(issue).unwrap();
        let events = decide(issue, command, rules, now, &actor(party)).unwrap();
        events.iter().try_fold(issue.clone(), evolve).unwrap()
    };
    issue = take(&issue, Command::Sign { difficulty: None }, Party::Liaison);
    issue = take(&issue, change(LATER_VERSION), Party::System);
    issue = take(&issue, dispatch(), Party::Liaison);
    issue = take(&issue, change(third), Party::System);
    issue = take(&issue, Command::Accept, Party::Section);
    let versions: Vec<_> = clocks(&issue, all.rebound(&issue).unwrap(), now)
        .unwrap()
        .into_iter()
        .map(|clock| format!("{} {}", clock.key, clock.calendar_version))
        .collect();
    let china = Calendar::china().version();
    let expected =
        [format!("C1 {china}"), format!("C4 {third}"), format!("C2 {LATER_VERSION}"), format!("C3 {third}")];
    assert_eq!(versions, expected);
}

#[test]
fn a_clock_that_is_set_going_again_goes_by_the_calendar_of_the_day() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps([reply(Outcome::Resolved), change(LATER_VERSION)]);
    assert_eq!(dues(&world)[1], "C4 2026-03-09 17:30");
    let rules = rules().rebound(&world.issue).unwrap();
    let send_back = Command::SendBack { reason: note() };
    let events = decide(&world.issue, send_back, rules, world.now, &actor(Party::Liaison)).unwrap();
    world.issue = evolve(world.issue.clone(), &events[0]).unwrap();
    assert_eq!(dues(&world)[1], "C4 2026-03-10 17:30");
}

#[test]
fn an_issue_goes_over_to_another_calendar_that_is_there_and_only_the_system_sees_to_it() {
    let mut world = World::submitted();
    for version in [Calendar::china().version(), "nonsense"] {
        let refused = world.try_step(change(version), &actor(Party::System));
        assert_eq!(refused, Err(Refused::NoSuchCalendarChange { version: version.to_owned() }));
    }
    for party in Party::ALL.iter().filter(|party| **party != Party::System) {
        let refused = world.try_step(change(LATER_VERSION), &actor(*party));
        let expected = Refused::NotAllowed { from: State::Submitted, action: Action::ChangeCalendar };
        assert_eq!(refused, Err(expected), "{party}");
    }
    let mut closed = closed();
    let refused = closed.try_step(change(LATER_VERSION), &actor(Party::System));
    assert!(matches!(refused, Err(Refused::NotAllowed { .. })), "{refused:?}");
}

#[test]
fn an_etag_that_was_read_before_the_calendar_changed_still_holds() {
    let mut world = World::submitted();
    let etag = world.issue.etag;
    world.step(change(LATER_VERSION));
    assert_eq!(world.issue.etag, etag);
}

#[test]
fn rules_that_lack_the_calendar_of_a_clock_do_not_bind() {
    let mut world = World::submitted();
    world.steps([Command::Sign { difficulty: None }, change(LATER_VERSION)]);
    let later = without("2026-03-04", LATER_VERSION);
    let without_the_first = Rules { calendar: &later, calendars: &[], ..rules() };
    assert!(!without_the_first.bind(&world.issue));
    assert!(without_the_first.rebound(&world.issue).is_none());
    assert!(rules().rebound(&world.issue).unwrap().bind(&world.issue));
}

/// Takes a step by the rules that the issue has now.
fn go_on(world: &mut World, command: Command, party: Party) {
    let rules = rules().rebound(&world.issue).unwrap();
    let events = decide(&world.issue, command, rules, world.now, &actor(party)).unwrap();
    *world = world.clone().after(events);
}

#[test]
fn pauses_and_extensions_hold_whatever_calendar_comes() {
    let mut world = World::submitted();
    let request = Command::RequestExtension { working_days: 2, reason: note() };
    let grant = Command::GrantExtension { note: None };
    world.steps(to_progress()).steps([request, grant, Command::AskFirm { question: note() }]);
    let before = world.clock("C4");
    assert_eq!(
        (wall(before.original_due_at), wall(before.due_at)),
        ("2026-03-09 17:30".into(), "2026-03-11 17:30".into())
    );
    world.step(change(LATER_VERSION));
    let run = world.issue.runs.iter().find(|run| run.key.id == ClockId::C4).unwrap();
    assert_eq!(
        (run.calendar.as_deref(), run.extended, run.pauses.len()),
        (None, 2, 1),
        "a clock that stands still runs"
    );
    world.set("2026-03-03 09:06");
    go_on(&mut world, Command::SupplyInformation { text: note() }, Party::Firm);
    let rules = rules().rebound(&world.issue).unwrap();
    let all = clocks(&world.issue, rules, world.now).unwrap();
    let after = latest(&all, ClockId::C4).unwrap();
    // From Tuesday on, of which 36 minutes were taken off, and without the day off.
    assert_eq!(
        (wall(after.original_due_at), wall(after.due_at), after.pauses.clone()),
        ("2026-03-11 09:06".into(), "2026-03-13 09:06".into(), before_and(&before, world.now))
    );
    let intervals = after.intervals(rules, world.now).unwrap();
    let running: Vec<_> = intervals.iter().map(|interval| interval.kind == IntervalKind::Running).collect();
    assert_eq!(running, [true, false, true]);
    let told = after.explained(rules).unwrap();
    assert_eq!((told.original_due_at, told.due_at), (after.original_due_at, after.due_at));
    let counted = told.lines.iter().filter_map(|line| match line {
        Line::Counted(counted) => Some(counted.nanos),
        Line::Skipped { .. } | Line::Paused { .. } | Line::OriginalDeadline { .. } => None,
    });
    let seven_days = 7 * rules.calendar.seconds_per_day();
    assert_eq!(
        counted.sum::<i64>(),
        seven_days * 1_000_000_000,
        "what counted adds up to the extended limit"
    );
    assert_eq!(fold(&world.events).unwrap().unwrap(), world.issue);
}

/// The pause of a clock, ended.
fn before_and(clock: &Clock, until: kernel::Timestamp) -> Vec<Pause> {
    clock.pauses.iter().map(|pause| Pause { until: Some(until), ..*pause }).collect()
}

#[test]
fn an_issue_goes_over_in_every_state_in_which_something_is_awaited() {
    let asked = || {
        let mut world = World::submitted();
        world.steps(to_progress()).steps([Command::AskFirm { question: note() }]);
        world
    };
    let returned = || {
        let mut world = World::submitted();
        let command = Command::RequestReturn { reason: note(), new_fact: None };
        world.steps([Command::Sign { difficulty: None }, command]);
        world
    };
    let withdrawn = || {
        let mut world = asked();
        world.steps([Command::RequestWithdrawal { reason: note() }]);
        world
    };
    for (mut world, state, clock) in [
        (asked(), State::AwaitingFirm, ClockId::C4),
        (returned(), State::ReturnPending, ClockId::C9),
        (withdrawn(), State::WithdrawPending, ClockId::C10),
    ] {
        world.step(change(LATER_VERSION));
        let rules = rules().rebound(&world.issue).unwrap();
        let all = clocks(&world.issue, rules, world.now).unwrap();
        assert_eq!(world.issue.state(), state);
        assert_eq!(latest(&all, clock).unwrap().calendar_version, LATER_VERSION, "{state}");
    }
}

#[test]
fn a_merged_issue_goes_over_while_its_firm_has_a_vote() {
    let refused = Err(Refused::NoClockRuns);
    let mut world = World::submitted();
    world.steps([Command::Merge { into: OTHER, desk: desk() }]);
    assert_eq!(world.try_step(change(LATER_VERSION), &actor(Party::System)), refused, "nothing runs");
    let replied_at = world.now;
    world.steps([feed_back_merged(replied_at)]);
    let mut rated = world.clone();
    rated.steps([rate(5)]);
    assert_eq!(rated.try_step(change(LATER_VERSION), &actor(Party::System)), refused, "the firm has voted");
    world.step(change(LATER_VERSION));
    assert_eq!(dues(&world).last().unwrap(), "C6 2026-03-10 17:30");
    assert_eq!(world.issue.state(), State::Merged);
}
