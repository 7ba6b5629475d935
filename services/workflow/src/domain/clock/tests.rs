use worktime::Limit;

use super::*;
use crate::domain::{
    Actor, Command, Difficulty, Holder, Issue, Light, Outcome, Party, Policy, Rules, State, decide, fold,
    tests::world::{
        World, actor, at, closed, contact, dispatch, fail_audit, feed_back, note, rate, reply, rules,
        to_progress, to_rating, wall,
    },
};

fn show(clock: &Clock) -> String {
    let stopped = clock.stopped_at.map_or("runs".to_owned(), |at| format!("stopped {}", wall(at)));
    format!(
        "{}: {} -> {}, {stopped}, late {}",
        clock.key,
        wall(clock.started_at),
        wall(clock.due_at),
        clock.late_seconds
    )
}

#[test]
fn a_clock_key_has_one_spelling() {
    for text in ["C0", "C4", "C8.2", "C5.12"] {
        assert_eq!(text.parse::<ClockKey>().unwrap().to_string(), text);
    }
    for text in ["", "C", "C14", "c4", "C4.1", "C4.0", "C4.02", "C4.", "C4.x"] {
        assert!(text.parse::<ClockKey>().is_err(), "{text:?}");
    }
}

#[test]
fn each_clock_starts_and_stops_with_its_steps() {
    let mut world = World::submitted_by(crate::domain::Party::Firm, None);
    let desk = crate::domain::tests::world::desk();
    world.set("2026-03-02 10:00").step(Command::Assign { desk });
    world.set("2026-03-02 11:00").step(Command::Sign { difficulty: None });
    world.set("2026-03-02 14:00").step(dispatch());
    world.set("2026-03-02 15:00").step(Command::Accept);
    world.set("2026-03-03 10:00").step(contact());
    world.set("2026-03-10 10:00").step(reply(Outcome::Resolved));
    world.set("2026-03-10 16:00").step(feed_back());
    world.set("2026-03-12 10:00").step(rate(5));
    world.set("2026-03-13 10:00").step(Command::PassAudit { note: None });
    let clocks: Vec<_> = clocks(&world.issue, rules(), world.now).unwrap().iter().map(show).collect();
    expect_test::expect![[r"
        C0: 2026-03-02 09:00 -> 2026-03-02 11:00, stopped 2026-03-02 10:00, late 0
        C1: 2026-03-02 10:00 -> 2026-03-02 12:00, stopped 2026-03-02 11:00, late 0
        C4: 2026-03-02 10:00 -> 2026-03-09 17:30, stopped 2026-03-10 10:00, late 5400
        C2: 2026-03-02 11:00 -> 2026-03-02 16:30, stopped 2026-03-02 14:00, late 0
        C3: 2026-03-02 14:00 -> 2026-03-03 17:30, stopped 2026-03-03 10:00, late 0
        C5: 2026-03-10 10:00 -> 2026-03-11 17:30, stopped 2026-03-10 16:00, late 0
        C6: 2026-03-10 16:00 -> 2026-03-17 17:30, stopped 2026-03-12 10:00, late 0
        C7: 2026-03-12 10:00 -> 2026-03-16 17:30, stopped 2026-03-13 10:00, late 0"]]
    .assert_eq(&clocks.join("\n"));
}

#[test]
fn an_objection_sets_the_transfer_going_again_with_the_deadline_that_it_had() {
    let mut world = World::submitted();
    world.steps([Command::Sign { difficulty: None }, dispatch()]);
    let (c2, c3) = (world.clock("C2"), world.clock("C3"));
    world.set("2026-03-05 09:00").step(Command::Object { reason: note() });
    let again = world.clock("C2");
    assert!(again.is_running() && again.late && again.due_at == c2.due_at);
    world.set("2026-03-05 10:00").step(dispatch());
    let again = world.clock("C2");
    assert_eq!((again.on_time(), again.due_at), (Some(false), c2.due_at));
    assert_eq!(
        world.clock("C3").due_at,
        c3.due_at,
        "the firm has waited for its contact since the first dispatch"
    );
    let intervals = again.intervals(rules(), world.now).unwrap();
    let kinds: Vec<_> = intervals.iter().map(|interval| interval.kind == IntervalKind::Running).collect();
    assert_eq!(kinds, [true, false, true]);
    assert!(intervals.windows(2).all(|pair| pair[0].until == Some(pair[1].from)));
    let whole =
        rules().calendar.working_seconds_between(again.started_at, again.stopped_at.unwrap()).unwrap();
    assert_eq!(intervals.iter().map(|interval| interval.working_seconds).sum::<i64>(), whole);
}

#[test]
fn rectification_has_its_own_clock_and_leaves_that_of_the_reply_stopped() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps(to_rating());
    let c4 = world.clock("C4");
    world.steps([Command::Dispute { reason: note() }]);
    assert_eq!(world.clock("C8").limit, Limit::WorkingDays(5));
    world.steps([reply(Outcome::Resolved), Command::SendBack { reason: note() }]);
    assert!(world.clock("C8").is_running(), "the reply that was sent back had stopped C8");
    world.steps([reply(Outcome::Resolved), feed_back(), rate(1)]);
    assert!(!world.clock("C8").is_running() && world.clock("C8.2").is_running());
    assert_eq!(world.clock("C4"), c4);
}

#[test]
fn a_reopening_starts_the_rectification_clock() {
    let mut world = closed();
    let c4 = world.clock("C4");
    world.steps([Command::Reopen { reason: note() }]);
    assert!(world.clock("C8").is_running());
    assert_eq!(world.clock("C4"), c4);
}

#[test]
fn a_reply_that_was_sent_back_needed_no_feedback() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps([reply(Outcome::Resolved), Command::SendBack { reason: note() }]);
    let c5 = world.clock("C5");
    assert!(c5.void && !c5.late);
    assert_eq!(c5.on_time(), None);
    world.steps([reply(Outcome::Resolved)]);
    assert!(world.clock("C5.2").is_running());
}

#[test]
fn the_feedback_is_a_contact_at_the_latest() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps([reply(Outcome::Resolved)]);
    assert!(world.clock("C3").is_running());
    world.steps([feed_back()]);
    assert_eq!(world.clock("C3").on_time(), Some(true));
}

#[test]
fn no_extension_takes_a_reply_beyond_the_cap_however_hard_the_issue_turns_out_to_be() {
    let text = include_str!("../../../packs/default.toml").replacen(
        "hard = \"15 working days\"",
        "hard = \"25 working days\"",
        1,
    );
    let policy = Policy::parse(&text).unwrap();
    let rules = Rules { policy: &policy, ..rules() };
    let mut world = World::submitted();
    let take = |world: &mut World, command: Command, by: &Actor| {
        let events = decide(&world.issue, command, rules, world.now, by).unwrap();
        *world = world.clone().after(events);
    };
    let sign = |difficulty| Command::Sign { difficulty: Some(difficulty) };
    let (liaison, section) = (actor(Party::Liaison), actor(Party::Section));
    take(&mut world, sign(Difficulty::Normal), &liaison);
    take(&mut world, dispatch(), &liaison);
    take(&mut world, Command::Accept, &section);
    take(&mut world, Command::RequestExtension { working_days: 10, reason: note() }, &section);
    take(&mut world, Command::GrantExtension { note: None }, &liaison);
    let mut hard = world.clone();
    hard.issue.difficulty = Difficulty::Hard;
    let c4 = |world: &World| {
        let clocks = clocks(&world.issue, rules, world.now).unwrap();
        latest(&clocks, ClockId::C4).unwrap().clone()
    };
    let cap = rules.calendar.deadline(world.issue.submitted_at, "30 working days".parse().unwrap()).unwrap();
    let original =
        rules.calendar.deadline(world.issue.submitted_at, "25 working days".parse().unwrap()).unwrap();
    assert_eq!((c4(&hard).original_due_at, c4(&hard).due_at), (original, cap));
    assert!(c4(&world).due_at < cap);
}

/// What the ladder of a world does, moment by moment, if nobody takes a step until `until`.
fn climb(world: &mut World, until: &str) -> String {
    let mut lines = Vec::new();
    let until = at(until);
    while let Some(wake) = next_wake(&world.issue, rules()).unwrap().filter(|wake| *wake < until) {
        assert_eq!(due_now(&world.issue, rules(), wake.min(world.now)).unwrap(), [], "woken too early");
        world.now = wake + chrono::TimeDelta::microseconds(1);
        let commands = due_now(&world.issue, rules(), world.now).unwrap();
        assert!(!commands.is_empty(), "woken for nothing");
        for command in commands {
            world.step(command);
            let event = world.events.last().unwrap();
            let said = match &event.fact {
                crate::domain::Fact::RungReached { clock, rung, light, notify, .. } => {
                    let light = light.map_or(String::new(), |light| format!(" {light}"));
                    let notify: Vec<_> = notify.iter().map(|who| who.name()).collect();
                    format!("{clock} {rung}{light}: {}", notify.join(", "))
                }
                other => other.kind().to_owned(),
            };
            lines.push(format!("{} {said}", wall(wake)));
        }
    }
    world.now = until;
    lines.join("\n")
}

#[test]
fn an_issue_that_nobody_signs_climbs_the_ladder_of_both_its_clocks() {
    let mut world = World::submitted();
    expect_test::expect![[r"
        2026-03-02 10:00 C1 half YELLOW: HOLDER
        2026-03-02 11:00 C1 due RED: HOLDER, LIAISON, SECTION_HEAD
        2026-03-03 11:00 C1 urge: HOLDER, DEPARTMENT, DEPARTMENT_LEADER
        2026-03-05 08:45 C4 half: HOLDER
        2026-03-06 17:30 C4 yellow YELLOW: HOLDER, LIAISON
        2026-03-09 11:00 C1 listed: DEPARTMENT, OPERATOR
        2026-03-09 17:30 C4 due RED: HOLDER, LIAISON, SECTION_HEAD
        2026-03-10 17:30 C4 urge: HOLDER, DEPARTMENT, DEPARTMENT_LEADER
        2026-03-16 17:30 C4 listed: DEPARTMENT, OPERATOR"]]
    .assert_eq(&climb(&mut world, "2026-03-31 09:00"));
    assert_eq!(next_wake(&world.issue, rules()).unwrap(), None, "every rung was reached once");
    assert_eq!(fold(&world.events).unwrap().unwrap(), world.issue);
}

#[test]
fn the_firm_is_reminded_twice_before_its_rating_lapses() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps(to_rating());
    expect_test::expect![[r"
        2026-03-05 08:48 C6 reminder_1: FIRM
        2026-03-06 17:30 C6 reminder_2: FIRM
        2026-03-09 17:30 rating_lapsed
        2026-03-10 17:30 C7 half: HOLDER
        2026-03-10 17:30 C7 yellow YELLOW: HOLDER
        2026-03-11 17:30 C7 due RED: HOLDER, OPERATOR"]]
    .assert_eq(&climb(&mut world, "2026-03-12 09:00"));
    assert_eq!(world.issue.state(), State::PendingAudit);
}

#[test]
fn a_clock_set_going_after_it_was_due_climbs_rung_by_rung_from_there() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps([contact(), reply(Outcome::Resolved)]);
    let rungs_before = world.issue.rungs.len();
    assert_eq!(rungs_before, 0);
    world.step(feed_back()).step(rate(5));
    world.set("2026-03-24 10:00").step(fail_audit());
    assert_eq!(lights(&world.issue, rules()).unwrap().at(world.now), Light::Red);
    expect_test::expect![[r"
        2026-03-24 10:00 C4 due RED: HOLDER, LIAISON, SECTION_HEAD
        2026-03-25 10:00 C4 urge: HOLDER, DEPARTMENT, DEPARTMENT_LEADER
        2026-03-31 10:00 C4 listed: DEPARTMENT, OPERATOR"]]
    .assert_eq(&climb(&mut world, "2026-04-30 09:00"));
}

#[test]
fn a_rung_is_reached_once_when_it_is_due_and_while_its_clock_runs() {
    let mut world = World::submitted();
    let half = || Command::ReachRung { clock: ClockKey::first(ClockId::C1), rung: "half".parse().unwrap() };
    let refused = |world: &mut World| world.try_step(half(), &crate::domain::Actor::system()).is_err();
    world.set("2026-03-02 10:00");
    assert!(refused(&mut world), "at the very moment it is not yet due");
    world.now += chrono::TimeDelta::microseconds(1);
    world.step(half());
    assert!(refused(&mut world), "it was reached before");
    let mut signed = World::submitted();
    signed.steps([Command::Sign { difficulty: None }]).set("2026-03-02 11:00");
    assert!(refused(&mut signed), "its clock has stopped");
}

#[test]
fn a_stopped_clock_shows_the_rungs_that_it_reached_alone() {
    let mut world = World::submitted();
    world
        .set("2026-03-02 10:01")
        .step(Command::ReachRung { clock: ClockKey::first(ClockId::C1), rung: "half".parse().unwrap() });
    let shown = |world: &World| {
        let rungs = rungs(&world.issue, &world.clock("C1"), rules()).unwrap();
        rungs.iter().map(|rung| format!("{} {}", rung.code, rung.reached)).collect::<Vec<_>>()
    };
    assert_eq!(shown(&world), ["half true", "due false", "urge false", "listed false"]);
    world.step(Command::Sign { difficulty: None });
    assert_eq!(shown(&world), ["half true"]);
}

#[test]
fn the_light_follows_the_most_urgent_running_clock() {
    let mut world = World::submitted();
    let light = |world: &World, moment: &str| lights(&world.issue, rules()).unwrap().at(at(moment));
    assert_eq!(light(&world, "2026-03-02 09:59"), Light::Green);
    assert_eq!(light(&world, "2026-03-02 10:00"), Light::Yellow);
    assert_eq!(
        light(&world, "2026-03-02 11:00"),
        Light::Yellow,
        "what is done at the due time is done in time"
    );
    assert_eq!(light(&world, "2026-03-02 11:01"), Light::Red);
    world.steps(to_progress()).steps([contact()]);
    assert_eq!(light(&world, "2026-03-06 17:29"), Light::Green);
    assert_eq!(light(&world, "2026-03-06 17:30"), Light::Yellow);
    assert_eq!(light(&world, "2026-03-09 17:31"), Light::Red);
    assert_eq!(light(&closed(), "2026-12-01 09:00"), Light::Off);
}

#[test]
fn the_holders_segments_tell_who_had_the_issue_when() {
    let mut world = World::submitted();
    world.set("2026-03-02 11:00").step(Command::Sign { difficulty: None });
    world.set("2026-03-02 16:00").step(dispatch());
    world.set("2026-03-06 16:00").step(Command::Accept);
    let segments = segments(&world.issue, rules().calendar, at("2026-03-07 16:00")).unwrap();
    let held: Vec<_> =
        segments.iter().map(|segment| (segment.holder, segment.seconds, segment.working_seconds)).collect();
    assert_eq!(
        held,
        [
            (Holder::Liaison, 2 * 3600, 2 * 3600),
            (Holder::Liaison, 5 * 3600, 3600 + 9000),
            (Holder::Section, 4 * 86400, 4 * 27000),
            (Holder::Section, 86400, 5400),
        ]
    );
    assert_eq!(segments[2].section, world.issue.section());
    assert_eq!(segments[3].until, None);
}

#[test]
fn the_enterprise_clock_runs_on_through_a_close_that_was_undone() {
    let mut world = closed();
    let closed_at: Timestamp = world.issue.closed_at().unwrap();
    assert_eq!(
        open_seconds(&world.issue, at("2026-12-01 09:00")),
        (closed_at - world.issue.submitted_at).num_seconds()
    );
    world.set("2026-03-06 09:00").step(Command::Reopen { reason: note() });
    let segments = segments(&world.issue, rules().calendar, at("2026-03-06 10:00")).unwrap();
    let nobody = segments.iter().find(|segment| segment.holder == Holder::Nobody).unwrap();
    assert_eq!((nobody.from, nobody.until), (closed_at, Some(at("2026-03-06 09:00"))));
    let issue: &Issue = &world.issue;
    let total: i64 = segments.iter().map(|segment| segment.seconds).sum();
    assert_eq!(total, open_seconds(issue, at("2026-03-06 10:00")));
}
