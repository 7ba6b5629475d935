//! When the clocks of an order start, stop, climb and turn their light.

use super::*;

#[test]
fn each_clock_starts_and_stops_with_its_steps() {
    let mut world = delivered();
    world.set("2026-03-16 10:00").step(rate(5));
    expect![[r"
        O1 (1 working day): 2026-03-02 09:00 -> 2026-03-03 17:30, stopped 2026-03-02 10:00, late 0
        O2 (3 working days): 2026-03-02 10:00 -> 2026-03-05 17:30, stopped 2026-03-03 10:00, late 0
        O3 (2026-03-12): 2026-03-03 10:00 -> 2026-03-13 00:00, stopped 2026-03-12 16:00, late 0
        O4 (5 working days): 2026-03-12 16:00 -> 2026-03-19 17:30, stopped 2026-03-16 10:00, late 0"]]
    .assert_eq(&world.clocks());
}

#[test]
fn lateness_is_counted_in_working_time() {
    let mut world = World::placed();
    world.set("2026-03-04 09:00").step(Command::Accept);
    world.set("2026-03-10 09:00").step(Command::Schedule { plan: plan("2026-03-14 09:00") });
    // Delivered on a Saturday, recorded on Monday.
    world.set("2026-03-16 09:30").step(deliver());
    expect![[r"
        O1 (1 working day): 2026-03-02 09:00 -> 2026-03-03 17:30, stopped 2026-03-04 09:00, late 1800
        O2 (3 working days): 2026-03-04 09:00 -> 2026-03-09 17:30, stopped 2026-03-10 09:00, late 1800
        O3 (2026-03-14): 2026-03-10 09:00 -> 2026-03-15 00:00, stopped 2026-03-16 09:30, late 3600
        O4 (5 working days): 2026-03-16 09:30 -> 2026-03-23 17:30, runs, late 0"]]
    .assert_eq(&world.clocks());
}

#[test]
fn scheduling_anew_in_time_voids_the_day_and_after_it_leaves_it_missed() {
    let mut world = scheduled();
    let again = |start| Command::Reschedule { plan: plan(start), reason: note() };
    world.set("2026-03-12 13:00").step(again("2026-03-13 14:00"));
    world.set("2026-03-16 09:00").step(again("2026-03-17 14:00"));
    assert_eq!(world.order.reschedules, 2);
    let clocks = clocks(&world.order, rules(), world.now).unwrap();
    let told: Vec<_> =
        clocks.iter().skip(2).map(|clock| (clock.key.to_string(), clock.on_time(), clock.void)).collect();
    assert_eq!(
        told,
        [
            ("O3".to_owned(), None, true),
            ("O3.2".to_owned(), Some(false), false),
            ("O3.3".to_owned(), None, false)
        ]
    );
}

#[test]
fn cancelling_what_is_overdue_leaves_the_clock_missed() {
    for (moment, kept) in [("2026-03-03 17:30", None), ("2026-03-03 17:31", Some(false))] {
        let mut world = World::placed();
        world.set(moment).step(Command::Cancel { reason: note() });
        let clocks = clocks(&world.order, rules(), world.now).unwrap();
        assert_eq!(clocks[0].on_time(), kept, "{moment}");
    }
}

#[test]
fn an_order_that_nobody_accepts_climbs_the_ladder() {
    let mut world = World::placed();
    expect![[r"
        2026-03-03 08:45 O1 half YELLOW: HOLDER
        2026-03-03 17:30 O1 due RED overdue: HOLDER, LIAISON
        2026-03-04 17:30 O1 urge overdue: HOLDER, DEPARTMENT, DEPARTMENT_LEADER
        2026-03-10 17:30 O1 listed overdue: DEPARTMENT, OPERATOR"]]
    .assert_eq(&world.climb("2026-04-01 09:00"));
    assert_eq!(next_wake(&world.order, rules()).unwrap(), None, "every rung was reached once");
    assert_eq!(fold(&world.events).unwrap().unwrap(), world.order);
}

#[test]
fn both_sides_are_reminded_of_the_day_and_a_day_missed_climbs() {
    let mut world = scheduled();
    expect![[r"
        2026-03-11 17:30 O3 yellow YELLOW: HOLDER, FIRM
        2026-03-13 00:00 O3 due RED overdue: HOLDER, LIAISON
        2026-03-13 17:30 O3 urge overdue: HOLDER, DEPARTMENT, DEPARTMENT_LEADER
        2026-03-19 17:30 O3 listed overdue: DEPARTMENT, OPERATOR"]]
    .assert_eq(&world.climb("2026-04-01 09:00"));
}

#[test]
fn the_firm_is_reminded_twice_before_its_rating_lapses() {
    let mut world = delivered();
    expect![[r"
        2026-03-17 11:30 O4 reminder_1: FIRM
        2026-03-18 17:30 O4 reminder_2: FIRM
        2026-03-19 17:30 rating_lapsed"]]
    .assert_eq(&world.climb("2026-04-01 09:00"));
    assert_eq!(world.order.state(), State::Unrated);
}

#[test]
fn the_window_is_open_until_it_is_over() {
    let until = at("2026-03-19 17:30");
    let mut world = delivered();
    world.now = until;
    assert_eq!(world.try_step(Command::LapseRating, &Actor::system()), Err(Refused::WindowOpen { until }));
    world.clone().step(rate(1));
    world.now += TimeDelta::microseconds(1);
    let over = Refused::WindowOver { action: Action::Rate, until };
    assert_eq!(world.try_step(rate(1), &actor(Party::Firm)), Err(over));
    world.step(Command::LapseRating);
}

#[test]
fn the_light_turns_at_its_moments() {
    let light = |world: &World, moment: &str| lights(&world.order, rules()).unwrap().at(at(moment));
    let world = World::placed();
    assert_eq!(light(&world, "2026-03-03 08:44"), Light::Green);
    assert_eq!(light(&world, "2026-03-03 08:45"), Light::Yellow);
    assert_eq!(light(&world, "2026-03-03 17:30"), Light::Yellow, "done at the due time is done in time");
    assert_eq!(light(&world, "2026-03-03 17:31"), Light::Red);
    assert_eq!(light(&delivered(), "2027-03-03 17:31"), Light::Green, "nobody shows a firm a red light");
    let mut declined = World::placed();
    declined.step(Command::Decline { reason: note() });
    assert_eq!(light(&declined, "2026-03-04 09:00"), Light::Off);
}
