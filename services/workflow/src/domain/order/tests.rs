use std::collections::{BTreeSet, VecDeque};

use chrono::TimeDelta;
use expect_test::expect;
use kernel::{AccountId, DepartmentId, EnterpriseId, NoteId, OfferingId, OrderId, Timestamp, Version};
use uuid::Uuid;
use worktime::Calendar;

use super::{transition::TRANSITIONS, *};
use crate::domain::{
    Actor, Light, NoteRef, Party, Policy, PolicyVersion, Rulebook, Rules, Stars, clocks, lights, rungs,
    tests::world::{LATER_VERSION, at, rules, wall},
};

mod clocks;

const FIRM: AccountId = account(1);
const MANAGER: AccountId = account(2);
const LIAISON: AccountId = account(3);
const LECTURER: AccountId = account(4);

const fn account(n: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(n))
}

fn note() -> NoteRef {
    NoteRef { note_id: NoteId::new(Uuid::from_u128(41)), digest: trail::Hash::new([7; 32]) }
}

fn limit(clock: &Clock) -> String {
    clock.day.map_or_else(|| clock.limit.to_string(), |day| day.to_string())
}

fn actor(party: Party) -> Actor {
    match party {
        Party::Firm => Actor::person(FIRM, [party]),
        Party::Manager => Actor::person(MANAGER, [party]).managing_the_firm(true),
        Party::Liaison => Actor::person(LIAISON, [party]),
        Party::System => Actor::system(),
        other => Actor::person(account(99), [other]),
    }
}

fn plan(start: &str) -> Plan {
    Plan { start: at(start), responsible: LECTURER, place: note(), note: None }
}

fn placement() -> PlaceOrder {
    PlaceOrder {
        order_id: OrderId::new(Uuid::from_u128(61)),
        enterprise_id: EnterpriseId::new(Uuid::from_u128(71)),
        offered: Offered {
            offering_id: OfferingId::new(Uuid::from_u128(81)),
            department: DepartmentId::new(Uuid::from_u128(31)),
            kind: "training".parse().unwrap(),
            capacity: 50,
            is_retired: false,
        },
        attendees: 30,
        preferred: None,
        wish: note(),
        manager: Some(MANAGER),
    }
}

fn rate(stars: u8) -> Command {
    Command::Rate { stars: Stars::try_from(stars).unwrap(), comment: None }
}

fn deliver() -> Command {
    Command::Deliver { attendance: 28, note: note() }
}

/// An order, its history, and the time.
#[derive(Debug, Clone)]
struct World {
    order: Order,
    events: Vec<Event>,
    now: Timestamp,
}

impl World {
    /// An order that the firm places on Monday, 2 March 2026, 09:00.
    fn placed() -> Self {
        Self::placed_by(Party::Firm)
    }

    fn placed_by(party: Party) -> Self {
        let now = at("2026-03-02 09:00");
        let event = place(placement(), rules(), now, &actor(party)).unwrap();
        Self { order: create(&event).unwrap(), events: vec![event], now }
    }

    /// Those that the order is bound to.
    fn rules(&self) -> Rules<'static> {
        rules().rebound(&self.order).unwrap()
    }

    fn try_step(&mut self, command: Command, by: &Actor) -> Result<(), Refused> {
        let event = decide(&self.order, command, self.rules(), self.now, by)?;
        self.order = evolve(self.order.clone(), &event).unwrap();
        self.events.push(event);
        Ok(())
    }

    /// Takes a step in the capacity that the table asks for.
    #[track_caller]
    fn step(&mut self, command: Command) -> &mut Self {
        let (state, action) = (self.order.state(), command.action());
        let row = TRANSITIONS.iter().find(|row| (row.0, row.1) == (state, action));
        let party = row.unwrap_or_else(|| panic!("{action} in {state}")).2;
        self.try_step(command, &actor(party)).unwrap();
        self
    }

    fn set(&mut self, moment: &str) -> &mut Self {
        self.now = at(moment);
        self
    }

    fn clocks(&self) -> String {
        let clocks = clocks(&self.order, self.rules(), self.now).unwrap();
        let show = |clock: &Clock| {
            let stopped = clock.stopped_at.map_or("runs".to_owned(), |at| format!("stopped {}", wall(at)));
            let void = if clock.void { ", void" } else { "" };
            format!(
                "{} ({}): {} -> {}, {stopped}{void}, late {}",
                clock.key,
                limit(clock),
                wall(clock.started_at),
                wall(clock.due_at),
                clock.late_seconds
            )
        };
        clocks.iter().map(show).collect::<Vec<_>>().join("\n")
    }

    /// What the ladder does, moment by moment, if nobody takes a step until then.
    fn climb(&mut self, until: &str) -> String {
        let mut lines = Vec::new();
        let until = at(until);
        while let Some(wake) = next_wake(&self.order, self.rules()).unwrap().filter(|wake| *wake < until) {
            assert_eq!(
                due_now(&self.order, self.rules(), wake.min(self.now)).unwrap(),
                [],
                "woken too early"
            );
            self.now = wake + TimeDelta::microseconds(1);
            let commands = due_now(&self.order, self.rules(), self.now).unwrap();
            assert!(!commands.is_empty(), "woken for nothing");
            for command in commands {
                self.step(command);
                let said = match &self.events.last().unwrap().fact {
                    Fact::RungReached { clock, rung, light, notify, overdue, .. } => {
                        let light = light.map_or(String::new(), |light| format!(" {light}"));
                        let notify: Vec<_> = notify.iter().map(|who| who.name()).collect();
                        let overdue = if *overdue { " overdue" } else { "" };
                        format!("{clock} {rung}{light}{overdue}: {}", notify.join(", "))
                    }
                    other => other.kind().to_owned(),
                };
                lines.push(format!("{} {said}", wall(wake)));
            }
        }
        self.now = until;
        lines.join("\n")
    }
}

fn scheduled() -> World {
    let mut world = World::placed();
    world.set("2026-03-02 10:00").step(Command::Accept);
    world.set("2026-03-03 10:00").step(Command::Schedule { plan: plan("2026-03-12 14:00") });
    world
}

fn delivered() -> World {
    let mut world = scheduled();
    world.set("2026-03-12 16:00").step(deliver());
    world
}

fn commands(world: &World) -> Vec<Command> {
    let rung = due_now(&world.order, world.rules(), world.now).unwrap();
    let rung = rung.into_iter().find(|command| command.action() == Action::ReachRung);
    let nothing =
        Command::ReachRung { clock: "O1.9".parse().unwrap(), rung: "no_such_rung".parse().unwrap() };
    let start = world.now + TimeDelta::minutes(1);
    let plan = Plan { start, ..plan("2026-03-12 14:00") };
    vec![
        Command::Accept,
        Command::Decline { reason: note() },
        Command::Schedule { plan },
        Command::Reschedule { plan, reason: note() },
        deliver(),
        rate(5),
        Command::LapseRating,
        Command::Cancel { reason: note() },
        rung.unwrap_or(nothing),
        Command::ChangeCalendar { version: LATER_VERSION.to_owned() },
    ]
}

type Key = (State, u32, usize, bool);

/// Calls `visit` for each command of each party in each combination reached: soon, and long after every deadline.
fn explore(mut visit: impl FnMut(&World, Party, &Command, &Result<World, Refused>)) -> usize {
    let key = |world: &World| -> Key {
        let is_later = world.order.calendar_version == LATER_VERSION;
        (world.order.state(), world.order.reschedules.min(2), world.order.rungs.len().min(2), is_later)
    };
    let mut queue: VecDeque<World> =
        [Party::Firm, Party::Manager].map(World::placed_by).into_iter().collect();
    let mut seen: BTreeSet<Key> = queue.iter().map(key).collect();
    while let Some(world) = queue.pop_front() {
        for later in [TimeDelta::minutes(2), TimeDelta::days(40)] {
            let mut before = world.clone();
            before.now += later;
            for command in commands(&before) {
                for party in Party::ALL {
                    let mut after = before.clone();
                    let result = after.try_step(command.clone(), &actor(*party)).map(|()| after);
                    visit(&before, *party, &command, &result);
                    if let Ok(after) = result
                        && after.now < at("2026-08-01 00:00")
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
        let (from, action) = (before.order.state(), command.action());
        match result {
            Ok(after) => {
                let row = (from, action, party, after.order.state());
                assert!(TRANSITIONS.contains(&row), "{row:?} is not in the table");
                taken.insert(row);
            }
            Err(refused) => {
                let absent = transition::target(from, action, party).is_none();
                let in_words = *refused == Refused::NotAllowed { from, action };
                assert_eq!(absent, in_words, "{action}/{party} in {from}: {refused}");
            }
        }
    });
    let missed: Vec<_> = TRANSITIONS.iter().filter(|row| !taken.contains(row)).collect();
    assert!(missed.is_empty(), "never taken: {missed:?}");
    assert!(20 < n_reached, "{n_reached} combinations");
}

#[test]
fn next_actions_offers_exactly_what_is_not_refused_for_what_order_and_actor_are() {
    explore(|before, party, command, result| {
        let offered = next_actions(&before.order, before.rules(), before.now, &actor(party)).unwrap();
        let of_the_command =
            matches!(result, Err(Refused::RungNotDue { .. } | Refused::NoSuchCalendarChange { .. }));
        assert_eq!(
            offered.contains(&command.action()),
            result.is_ok() || of_the_command,
            "{command:?} by {party}"
        );
    });
}

#[test]
fn in_every_combination_the_order_is_the_fold_of_its_events_and_one_clock_runs_while_it_is_open() {
    explore(|before, _, _, result| {
        let Ok(after) = result else { return };
        let order = &after.order;
        assert_eq!(fold(&after.events).unwrap().as_ref(), Some(order));
        let running = order.runs.iter().filter(|run| run.is_running()).count();
        assert_eq!(running, usize::from(order.state().is_open()), "{}", order.state());
        assert_eq!(order.closed_at().is_none(), order.state().is_open());
        // A clock that has started keeps its deadline but for another calendar, and one that has stopped its stop.
        let is_rebound = after.order.calendar_version != before.order.calendar_version;
        let of = |world: &World| clocks(&world.order, world.rules(), after.now).unwrap();
        for (was, is) in of(before).iter().zip(of(after)) {
            assert_eq!((was.key, was.started_at), (is.key, is.started_at));
            assert!(was.due_at == is.due_at || is_rebound && was.is_running());
            assert!(was.is_running() || *was == is);
        }
    });
}

#[test]
fn a_history_read_back_from_json_makes_the_same_order_and_can_be_hashed() {
    let mut world = scheduled();
    world.step(Command::Reschedule { plan: plan("2026-03-13 14:00"), reason: note() });
    world.climb("2026-03-13 15:00");
    world.step(deliver()).step(rate(4));
    let json = serde_json::to_string(&world.events).unwrap();
    let read: Vec<Event> = serde_json::from_str(&json).unwrap();
    assert_eq!(read, world.events);
    assert_eq!(fold(&read).unwrap().unwrap(), world.order);
    for event in &world.events {
        let json = serde_json::to_value(&event.fact).unwrap();
        assert_eq!(json["kind"], event.fact.kind());
        trail::Value::try_from(serde_json::to_value(event).unwrap()).unwrap();
    }
    let row = serde_json::to_string(&world.order).unwrap();
    assert_eq!(serde_json::from_str::<Order>(&row).unwrap(), world.order);
}

#[test]
fn a_history_with_a_step_left_out_is_none() {
    let mut events = delivered().events;
    events.remove(2);
    for (version, event) in (1..).zip(&mut events) {
        event.version = Version::new(version);
    }
    assert_eq!(fold(&events).unwrap_err().kind, "delivered");
}

#[test]
fn an_order_is_scheduled_ahead_and_delivered_once_it_has_begun() {
    let mut world = World::placed();
    world.step(Command::Accept);
    let past = Command::Schedule { plan: plan("2026-03-02 09:00") };
    let refused = Refused::TimePast { start: at("2026-03-02 09:00") };
    assert_eq!(world.try_step(past, &actor(Party::Liaison)), Err(refused));
    world.step(Command::Schedule { plan: plan("2026-03-12 14:00") });
    world.set("2026-03-12 13:59");
    let early = Refused::NotBegun { start: at("2026-03-12 14:00") };
    assert_eq!(world.try_step(deliver(), &actor(Party::Liaison)), Err(early));
    world.set("2026-03-12 14:00").step(deliver());
}

#[test]
fn a_day_beyond_the_calendar_is_refused() {
    let mut world = World::placed();
    world.step(Command::Accept);
    let year = Calendar::china().last_year() + 1;
    let beyond = Command::Schedule { plan: plan(&format!("{year}-03-12 14:00")) };
    assert!(matches!(world.try_step(beyond, &actor(Party::Liaison)), Err(Refused::Calendar(_))));
}

#[test]
fn an_offering_takes_as_many_as_it_can_and_none_once_it_is_retired() {
    let order = |change: fn(&mut PlaceOrder)| {
        let mut command = placement();
        change(&mut command);
        place(command, rules(), at("2026-03-02 09:00"), &actor(Party::Firm)).map(|event| event.version)
    };
    assert_eq!(order(|command| command.attendees = 50), Ok(Version::FIRST));
    assert_eq!(order(|command| command.attendees = 51), Err(Refused::OverCapacity { capacity: 50 }));
    let retired = Err(Refused::OfferingRetired(placement().offered.offering_id));
    assert_eq!(order(|command| command.offered.is_retired = true), retired);
    for party in [Party::Liaison, Party::Operator, Party::System, Party::Client] {
        let refused = place(placement(), rules(), at("2026-03-02 09:00"), &actor(party));
        assert_eq!(refused, Err(Refused::MayNotPlace), "{party}");
    }
}

#[test]
fn persons_are_kept_apart_whatever_roles_they_hold() {
    let conflict = |action, party| Err(Refused::ConflictOfDuty { action, party });
    let both = |person| Actor::person(person, Party::ALL);
    let mut world = World::placed();
    assert_eq!(world.try_step(Command::Accept, &both(MANAGER)), conflict(Action::Accept, Party::Manager));
    assert_eq!(world.try_step(Command::Accept, &both(FIRM)), conflict(Action::Accept, Party::Firm));
    let new_manager = both(account(9)).managing_the_firm(true);
    assert_eq!(world.try_step(Command::Accept, &new_manager), conflict(Action::Accept, Party::Manager));
    let beside = |party, other| Actor::person(account(9), [party]).standing_as([party, other]);
    let of_the_firm = beside(Party::Liaison, Party::Firm);
    assert_eq!(world.try_step(Command::Accept, &of_the_firm), conflict(Action::Accept, Party::Firm));
    let mut world = delivered();
    let of_the_department = beside(Party::Firm, Party::Liaison);
    assert_eq!(world.try_step(rate(5), &of_the_department), conflict(Action::Rate, Party::Liaison));
    assert_eq!(world.try_step(rate(5), &both(MANAGER)), conflict(Action::Rate, Party::Manager));
    assert_eq!(world.try_step(rate(5), &both(LIAISON)), conflict(Action::Rate, Party::Liaison));
    assert_eq!(world.try_step(rate(5), &both(LECTURER)), conflict(Action::Rate, Party::Liaison));
    assert_eq!(next_actions(&world.order, rules(), world.now, &both(LIAISON)).unwrap(), []);
}

#[test]
fn an_order_keeps_to_its_pack_when_another_comes_into_force() {
    use std::sync::Arc;
    let first = Arc::new(Policy::default_pack().clone());
    let newer = Arc::new(Policy { version: PolicyVersion::of_default(2), ..Policy::default_pack().clone() });
    let china = || vec![Arc::new(Calendar::china().clone())];
    let order = World::placed().order;
    let book = Rulebook::try_new(vec![Arc::clone(&newer), first], china(), Vec::new(), Vec::new()).unwrap();
    let now = order.placed_at;
    assert_eq!(book.in_force(now).policy.version.number, 2);
    assert_eq!(book.of(&order).unwrap().policy.version.number, 1);
    let without = Rulebook::try_new(vec![newer], china(), Vec::new(), Vec::new()).unwrap();
    assert!(without.of(&order).is_none());
    let refused = decide(&order, Command::Accept, without.in_force(now), now, &actor(Party::Liaison));
    assert!(matches!(refused, Err(Refused::NotBound { policy, .. }) if policy.number == 1));
}

#[test]
fn a_late_change_of_the_calendar_alters_only_the_clock_that_runs() {
    let change = || Command::ChangeCalendar { version: LATER_VERSION.to_owned() };
    let mut world = World::placed();
    world.set("2026-03-02 10:00").step(Command::Accept);
    let before = clocks(&world.order, world.rules(), world.now).unwrap();
    assert_eq!(wall(before[1].due_at), "2026-03-05 17:30");
    let etag = world.order.etag;
    world.step(change());
    assert_eq!((world.order.calendar_version.as_str(), world.order.etag), (LATER_VERSION, etag));
    let after = clocks(&world.order, world.rules(), world.now).unwrap();
    assert_eq!(after[0], before[0], "what has stopped keeps its calendar");
    assert_eq!(wall(after[1].due_at), "2026-03-06 17:30", "the day off is not counted");
    assert_eq!(fold(&world.events).unwrap().unwrap(), world.order);
    for version in [LATER_VERSION, "nonsense"] {
        let refused =
            world.try_step(Command::ChangeCalendar { version: version.to_owned() }, &Actor::system());
        assert_eq!(refused, Err(Refused::NoSuchCalendarChange { version: version.to_owned() }));
    }
    let mut closed = World::placed();
    closed.step(Command::Decline { reason: note() });
    assert!(matches!(closed.try_step(change(), &Actor::system()), Err(Refused::NotAllowed { .. })));
}

#[test]
fn a_reminder_that_would_not_come_before_the_due_time_is_left_out() {
    let mut world = World::placed();
    world.set("2026-03-06 10:00").step(Command::Accept);
    // Scheduled on Friday evening for Saturday: a working day before lies before the start.
    world.set("2026-03-06 18:00").step(Command::Schedule { plan: plan("2026-03-07 14:00") });
    let clocks = clocks(&world.order, world.rules(), world.now).unwrap();
    let rungs = rungs(&world.order, clocks.last().unwrap(), world.rules()).unwrap();
    let codes: Vec<_> = rungs.iter().map(|rung| (rung.code.as_str(), rung.overdue)).collect();
    assert_eq!(codes, [("due", true), ("urge", true), ("listed", true)]);
}

#[test]
fn a_clock_key_has_one_spelling() {
    for text in ["O1", "O3.2", "O4"] {
        assert_eq!(text.parse::<ClockKey>().unwrap().to_string(), text);
    }
    for text in ["", "O", "O5", "O3.1", "O3.0", "O3.02", "o1"] {
        assert!(text.parse::<ClockKey>().is_err(), "{text:?}");
    }
}
