use std::collections::{BTreeMap, BTreeSet};

use super::{histories::*, *};
use crate::domain::{
    Clock, ClockId, Command, Event, Fact, Issue, Outcome, State, clocks, fold,
    tests::world::{World, closed, feed_back, reply, rules, to_progress},
};

/// What a history says at a moment, told in the plainest way: from the events up to then alone.
struct Then<'a> {
    events: Vec<&'a Event>,
    issue: Issue,
    clocks: Vec<Clock>,
}

impl<'a> Then<'a> {
    fn new(events: &'a [Event], as_of: Timestamp) -> Option<Self> {
        let known: Vec<Event> = events.iter().filter(|event| event.at <= as_of).cloned().collect();
        let issue = fold(&known).unwrap()?;
        let clocks = clocks(&issue, rules(), as_of).unwrap();
        let events = events.iter().filter(|event| event.at <= as_of).collect();
        Some(Self { events, issue, clocks })
    }

    fn first(&self, fits: impl Fn(&Fact) -> bool) -> Option<Timestamp> {
        self.events.iter().find(|event| fits(&event.fact)).map(|event| event.at)
    }

    fn last(&self, fits: impl Fn(&Fact) -> bool) -> Option<Timestamp> {
        self.events.iter().rev().find(|event| fits(&event.fact)).map(|event| event.at)
    }

    fn of(&self, id: ClockId) -> Vec<&Clock> {
        self.clocks.iter().filter(|clock| clock.key.id == id).collect()
    }
}

fn is_complaint(fact: &Fact) -> bool {
    matches!(fact, Fact::Rated { low: true, .. } | Fact::Disputed { .. })
}

fn plainly(figure: FigureId, events: &[Event], question: &Question) -> Counted {
    let Question { from, until, as_of } = *question;
    let Some(then) = Then::new(events, as_of) else { return Counted::default() };
    let Then { issue, .. } = &then;
    if matches!(issue.state(), State::OutOfScope | State::Merged | State::Withdrawn) {
        return Counted::default();
    }
    let within = |at: Timestamp| from <= at && at < until;
    let submitted = within(issue.submitted_at);
    let closed_at = issue.closed_at();
    let closed_in = closed_at.is_some_and(within);
    let share =
        |denominator: bool, numerator: bool| Counted { numerator: denominator && numerator, denominator };
    let flow = |numerator, denominator| Counted { numerator, denominator };
    let kept = |id| {
        let of = then.of(id);
        if let Some(late) = of.iter().find(|clock| clock.is_running() && clock.late) {
            return share(late.due_at < until, false);
        }
        let done: Vec<_> =
            of.iter().filter_map(|clock| Some((clock.stopped_at?, clock.on_time()?))).collect();
        let last = done.iter().map(|done| done.0).max();
        share(last.is_some_and(within), done.iter().all(|done| done.1))
    };
    match figure {
        FigureId::M1 | FigureId::M24Completion => share(issue.submitted_at < until, closed_at.is_some()),
        FigureId::M2 => share(submitted, closed_at.is_some()),
        FigureId::M3 => {
            let at_start = Then::new(events, question.before_start());
            let was_open =
                at_start.is_some_and(|then| then.issue.closed_at().is_none()) && issue.submitted_at < from;
            share(was_open || submitted, closed_in)
        }
        FigureId::M4 => flow(closed_in, submitted),
        FigureId::M5 | FigureId::M5Original => {
            let late = then.of(ClockId::C4).into_iter().find(|clock| clock.late);
            let overdue = closed_at.is_none() && late.is_some_and(|clock| clock.due_at < until);
            share(closed_in || overdue, closed_in && late.is_none())
        }
        FigureId::M6Sign | FigureId::M6SignOriginal => kept(ClockId::C1),
        FigureId::M6Transfer | FigureId::M6TransferOriginal => kept(ClockId::C2),
        FigureId::M6Contact | FigureId::M6ContactOriginal => kept(ClockId::C3),
        FigureId::M6Feedback | FigureId::M6FeedbackOriginal => kept(ClockId::C5),
        FigureId::M6Audit | FigureId::M6AuditOriginal => kept(ClockId::C7),
        FigureId::M7 => {
            let answers = |fact: &Fact| matches!(fact, Fact::Contacted { .. } | Fact::Replied { .. });
            share(submitted, then.first(answers).is_some())
        }
        FigureId::M8 => {
            let thrown_back = |fact: &Fact| {
                is_complaint(fact)
                    || matches!(
                        fact,
                        Fact::ReplySentBack { .. } | Fact::AuditFailed { .. } | Fact::Reopened { .. }
                    )
            };
            let replied = then.last(|fact| matches!(fact, Fact::Replied { .. }));
            let stands = then
                .events
                .iter()
                .rev()
                .take_while(|event| !matches!(event.fact, Fact::Replied { .. }))
                .all(|event| !thrown_back(&event.fact));
            let solved = then.events.iter().rev().find_map(|event| match event.fact {
                Fact::Replied { outcome, .. } => {
                    Some(matches!(outcome, Outcome::Resolved | Outcome::PlannedDelivered))
                }
                _ => None,
            });
            let rated = then
                .events
                .iter()
                .rev()
                .take_while(|event| !matches!(event.fact, Fact::Replied { .. }))
                .any(|event| matches!(event.fact, Fact::Rated { low: false, .. }));
            share(replied.is_some_and(within) && stands, solved == Some(true) && rated)
        }
        FigureId::M9 | FigureId::M9Strict | FigureId::M24Satisfied => {
            let enough = if figure == FigureId::M9Strict { 4 } else { 3 };
            let last = issue.ratings.last();
            share(
                last.is_some_and(|rated| within(rated.at)),
                last.is_some_and(|rated| enough <= rated.rating.stars.get()),
            )
        }
        FigureId::M10 => {
            let fed_back = then.last(|fact| matches!(fact, Fact::FedBack { .. }));
            let over = then.of(ClockId::C6).last().is_some_and(|clock| !clock.is_running() || clock.late);
            let rated = then.last(|fact| matches!(fact, Fact::Rated { .. }));
            let answers = rated.is_some_and(|_| {
                let mut later = then.events.iter().rev();
                let last =
                    later.find(|event| matches!(event.fact, Fact::Rated { .. } | Fact::FedBack { .. }));
                last.is_some_and(|event| matches!(event.fact, Fact::Rated { .. }))
            });
            share(fed_back.is_some_and(within) && over, answers)
        }
        FigureId::M11 => {
            let low = then.last(is_complaint);
            let begun_by = |clock: &&&Clock| Some(clock.started_at) == low;
            let rounds = then.of(ClockId::C8);
            share(
                low.is_some_and(within),
                rounds.iter().find(begun_by).is_some_and(|clock| clock.on_time() == Some(true)),
            )
        }
        FigureId::M12 => {
            let reopened = then.first(|fact| matches!(fact, Fact::Reopened { .. })).is_some();
            share(then.first(|fact| matches!(fact, Fact::Closed {})).is_some_and(within), reopened)
        }
        FigureId::M13Returned | FigureId::M13Upheld => {
            let dispatched = then.first(|fact| matches!(fact, Fact::Dispatched { .. }));
            let returned = then.first(|fact| matches!(fact, Fact::ReturnRequested { .. }));
            let upheld = then.first(|fact| matches!(fact, Fact::ReturnUpheld { .. })).is_some();
            let counts = figure == FigureId::M13Returned || upheld;
            flow(counts && returned.is_some_and(within), dispatched.is_some_and(within))
        }
        FigureId::M14 => {
            let over = |fact: &Fact| {
                is_complaint(fact) || matches!(fact, Fact::AuditFailed { .. } | Fact::Reopened { .. })
            };
            share(closed_in, then.first(over).is_none())
        }
        FigureId::M15 => {
            let failed = |fact: &Fact| matches!(fact, Fact::AuditFailed { .. });
            let audited = |fact: &Fact| failed(fact) || matches!(fact, Fact::AuditPassed { .. });
            let overdue = then.of(ClockId::C7).iter().any(|clock| clock.is_running() && clock.late);
            share(!overdue && then.last(audited).is_some_and(within), then.first(failed).is_some())
        }
        FigureId::M23Total => share(closed_in, true),
        FigureId::M23C0
        | FigureId::M23C1
        | FigureId::M23C2
        | FigureId::M23C3
        | FigureId::M23C4
        | FigureId::M23C5
        | FigureId::M23C6
        | FigureId::M23C7
        | FigureId::M23C8
        | FigureId::M23C9
        | FigureId::M23C10
        | FigureId::M23C11
        | FigureId::M23C12
        | FigureId::M23C13 => {
            let id: ClockId = figure.name()[4..].parse().unwrap();
            let of = then.of(id);
            let overdue = of.iter().any(|clock| clock.is_running() && clock.late);
            let last = of
                .iter()
                .filter(|clock| clock.on_time().is_some())
                .filter_map(|clock| clock.stopped_at)
                .max();
            share(!overdue && last.is_some_and(within), true)
        }
    }
}

fn marks(events: &[Event]) -> Marks {
    Marks::of(events, &rulebook()).unwrap()
}

#[test]
fn how_long_it_takes_is_told_of_every_clock() {
    for clock in ClockId::ALL {
        assert_eq!(FigureId::named(&format!("M23.{clock}")).len(), 1, "{clock}");
    }
}

/// Whoever reads marks of the whole history learns of a past moment just what was known then.
#[test]
fn marks_say_of_every_moment_what_the_events_up_to_then_say() {
    let mut dice = Dice(1);
    let now = start() + TimeDelta::days(100);
    let histories: Vec<_> =
        histories(&mut dice, 250).into_iter().map(|events| (marks(&events), events)).collect();
    let mut n_counted: BTreeMap<FigureId, (u64, u64)> = BTreeMap::new();
    for _ in 0..40 {
        let question = dice.question(now);
        for (marks, events) in &histories {
            for figure in FigureId::ALL.iter().copied() {
                let counted = counted(figure, &marks.marks, &question);
                assert_eq!(counted, plainly(figure, events, &question), "{figure} {question:?}\n{events:#?}");
                let n = n_counted.entry(figure).or_default();
                *n = (n.0 + u64::from(counted.numerator), n.1 + u64::from(counted.denominator));
            }
        }
    }
    for (figure, (above, below)) in n_counted {
        assert!(20 < below && 5 < above, "{figure}: {above}/{below}");
    }
}

/// Otherwise sums would count an issue twice, and rows would not be told apart.
#[test]
fn of_a_kind_one_mark_holds_at_a_time() {
    let mut dice = Dice(2);
    for events in histories(&mut dice, 300) {
        let marks = marks(&events).marks;
        let keys: BTreeSet<_> = marks.iter().map(|mark| (mark.kind, mark.from)).collect();
        assert_eq!(keys.len(), marks.len());
        for pair in marks.windows(2).filter(|pair| pair[0].kind == pair[1].kind) {
            assert!(
                pair[0].until.is_some_and(|until| pair[0].from < until && until <= pair[1].from),
                "{pair:#?}"
            );
        }
    }
}

/// So that sums per day and month may be kept.
#[test]
fn the_parts_of_a_figure_name_no_issue_twice() {
    let mut dice = Dice(3);
    let now = start() + TimeDelta::days(100);
    for events in histories(&mut dice, 200) {
        let marks = marks(&events).marks;
        for _ in 0..10 {
            let question = dice.question(now);
            for figure in FigureId::ALL {
                let Ratio { numerator, denominator } =
                    figure.value(&sums(&marks, &question, question.as_of)).ratio;
                assert!(numerator <= 1 && denominator <= 1, "{figure}");
            }
        }
    }
}

#[test]
fn a_duration_leaves_out_what_lay_between_a_stop_and_its_undoing() {
    // Monday, 09:00; signed at 09:01, dispatched at 09:02; objected at 10:02 and dispatched again at 10:03.
    let mut world = World::submitted();
    let [sign, dispatch, _] = to_progress();
    world.steps([sign, dispatch.clone()]);
    world.now += TimeDelta::hours(1);
    world.step(Command::Object { reason: crate::domain::tests::world::note() });
    world.steps([dispatch]);
    let marks = marks(&world.events).marks;
    let took: Vec<_> = marks.iter().filter(|mark| mark.kind == Kind::DoneC2).map(|mark| mark.took).collect();
    assert_eq!(took, [Some(60), Some(120)]);
}

#[test]
fn the_enterprise_clock_goes_by_the_calendar() {
    let world = closed();
    let marks = marks(&world.events).marks;
    let closed = marks.iter().find(|mark| mark.kind == Kind::Closed).unwrap();
    let seconds = (world.issue.closed_at().unwrap() - world.issue.submitted_at).num_seconds();
    assert!(closed.took.is_some_and(|took| seconds <= took && (took - seconds) * 60 <= seconds));
    assert_eq!(closed.flags, flag::KEPT | flag::KEPT_ORIGINAL | flag::FIRST_TIME);
}

#[test]
fn what_was_late_is_late_by_day_and_not_on_time() {
    let mut world = World::submitted();
    world.set("2026-03-02 15:00").steps([Command::Sign { difficulty: None }]);
    let marks = marks(&world.events).marks;
    let find = |kind| marks.iter().find(|mark| mark.kind == kind).unwrap();
    // Two working hours after 09:00 and 11:00 respectively; a moment later it is overdue.
    let overdue = find(Kind::OverdueC1);
    assert!(overdue.timed && overdue.until == Some(world.now));
    assert_eq!(find(Kind::DoneC1).flags & flag::KEPT, 0);
    assert!(find(Kind::OverdueC2).timed && find(Kind::OverdueC2).until.is_none());
}

#[test]
fn a_reply_that_the_firm_did_not_rate_has_solved_nothing() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps([reply(Outcome::Resolved), feed_back()]);
    let question = Question::new(None, None, None, world.now).unwrap();
    let m8 = |world: &World| counted(FigureId::M8, &marks(&world.events).marks, &question);
    assert_eq!(m8(&world), Counted { numerator: false, denominator: true });
}

#[test]
fn figures_are_named_by_number_and_part() {
    let named = |name: &str| FigureId::named(name).iter().map(|id| id.name()).collect::<Vec<_>>();
    assert_eq!(named("M1"), ["M1"]);
    assert_eq!(named("M9"), ["M9", "M9.strict"]);
    assert_eq!(named("M6.sign"), ["M6.sign", "M6.sign.original"]);
    assert_eq!(named("M6").len(), 10);
    assert_eq!(named("M23").len(), 15);
    assert!(named("M16").is_empty() && named("").is_empty());
}

#[test]
fn every_figure_says_in_both_languages_what_it_counts() {
    for figure in FigureId::ALL {
        let definition = definition(*figure);
        for text in
            [definition.name_zh, definition.numerator_zh, definition.denominator_zh, definition.exclusions_zh]
        {
            assert!(!text.is_ascii(), "{figure}");
        }
        for text in
            [definition.name_en, definition.numerator_en, definition.denominator_en, definition.exclusions_en]
        {
            assert!(text.is_ascii() && !text.is_empty(), "{figure}");
        }
        let measures = figure.measures();
        assert!(!measures.is_empty(), "{figure}");
    }
}

#[test]
fn a_period_that_ends_before_it_begins_is_none() {
    let day = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
    let now = start();
    assert!(Question::new(day("2026-03-02"), day("2026-03-01"), None, now).is_none());
    let question = Question::new(day("2026-03-01"), day("2026-03-01"), None, now).unwrap();
    assert_eq!(question.end_day(), day("2026-03-02").unwrap());
    assert!(question.as_of < question.until);
}
