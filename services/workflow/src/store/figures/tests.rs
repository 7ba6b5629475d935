use access::Scope;
use chrono::TimeDelta;
use kernel::{DepartmentId, Timestamp};
use uuid::Uuid;
use worktime::Limit;

use super::*;
use crate::{
    domain::{
        Clock, ClockKey, Closing, Gap, Rated, Rating, Stars,
        figure::{self, Facts},
    },
    store::sample,
};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    /// 0 to `n - 1`.
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// One in `n`.
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A few hours after `at`, so that different things often happen at one moment.
    fn later(&mut self, at: Timestamp) -> Timestamp {
        at + TimeDelta::hours(i64::try_from(self.below(6)).unwrap())
    }

    fn moment(&mut self) -> Timestamp {
        start() + TimeDelta::hours(i64::try_from(self.below(40)).unwrap())
    }
}

fn start() -> Timestamp {
    "2026-03-02T01:00:00Z".parse().unwrap()
}

fn facts(dice: &mut Dice) -> Facts {
    let submitted_at = dice.moment();
    let mut at = submitted_at;
    let mut closings = Vec::new();
    for _ in 0..dice.below(3) {
        let closed = dice.later(at);
        let reopened = dice.later(closed);
        closings.push(Closing { at: closed, reopened_at: Some(reopened) });
        at = reopened;
    }
    if dice.one_in(2) {
        closings.push(Closing { at: dice.later(at), reopened_at: None });
    }
    let mut clocks = Vec::new();
    for id in [ClockId::C1, ClockId::C2, ClockId::C3, ClockId::C4, ClockId::C5, ClockId::C7] {
        let n_rounds = if matches!(id, ClockId::C5 | ClockId::C7) { dice.below(4) } else { dice.below(2) };
        for round in 1..=u32::try_from(n_rounds).unwrap() {
            clocks.push(clock(dice, ClockKey { id, round }, submitted_at));
        }
    }
    let mut ratings = Vec::new();
    let mut at = submitted_at;
    for round in 1..=u32::try_from(dice.below(4)).unwrap() {
        at = dice.later(at);
        let stars = Stars::try_from(u8::try_from(1 + dice.below(5)).unwrap()).unwrap();
        let rating = Rating { stars, speed: None, attitude: None, result: None };
        ratings.push(Rated { round, at, rating, low: false });
    }
    Facts { submitted_at, closings, clocks, ratings }
}

fn clock(dice: &mut Dice, key: ClockKey, not_before: Timestamp) -> Clock {
    let started_at = dice.later(not_before);
    let due_at = dice.later(started_at);
    let mut at = started_at;
    let mut gaps = Vec::new();
    for _ in 0..dice.below(3) {
        let stopped_at = dice.later(at);
        at = dice.later(stopped_at);
        gaps.push(Gap { stopped_at, resumed_at: at });
    }
    let stopped_at = if dice.one_in(3) { None } else { Some(dice.later(at)) };
    let void = stopped_at.is_some() && dice.one_in(4);
    Clock {
        key,
        limit: Limit::WorkingDays(1),
        started_at,
        due_at,
        gaps,
        stopped_at,
        void,
        late: false,
        late_seconds: 0,
    }
}

fn insert(batch: &mut Batch, id: IssueId, facts: &Facts) {
    sample::issue(batch, id, DepartmentId::new(Uuid::nil()), facts.submitted_at);
    for clock in &facts.clocks {
        let (key, times) = (clock.key.to_string(), (clock.started_at, clock.due_at));
        sample::deadline(batch, id, &key, times, (clock.stopped_at, clock.void));
        for (position, gap) in (1_i64..).zip(&clock.gaps) {
            batch.add(
                "insert a sample's gap",
                "INSERT INTO deadline_gap (issue_id, clock, position, stopped_at, resumed_at)
                VALUES ($1, $2, $3, $4, $5)",
                binds![id.uuid(), &key, position, gap.stopped_at, gap.resumed_at],
            );
        }
    }
    for (round, closing) in (1_i64..).zip(&facts.closings) {
        batch.add(
            "insert a sample's close",
            "INSERT INTO closing (issue_id, round, closed_at, reopened_at) VALUES ($1, $2, $3, $4)",
            binds![id.uuid(), round, closing.at, closing.reopened_at],
        );
    }
    for rated in &facts.ratings {
        batch.add(
            "insert a sample's rating",
            "INSERT INTO rating (issue_id, round, rated_at, stars) VALUES ($1, $2, $3, $4)",
            binds![id.uuid(), rated.round, rated.at, i64::from(rated.rating.stars.get())],
        );
    }
}

testkit::both_engines! {
    modules: [crate::spec(), testkit::fake::identity().spec("identity"),
        testkit::fake::Fake::new().spec("registry")];

    /// The domain says what a figure counts; SQL counts the same, and lists just what it counts.
    async fn sql_counts_what_the_domain_counts(app: TestSuite) {
        let mut dice = Dice(20_260_302);
        let issues: Vec<_> = (1..=150).map(|n| (sample::id(n), facts(&mut dice))).collect();
        let db = app.suite.db("workflow").unwrap();
        for (id, facts) in &issues {
            let mut batch = Batch::new();
            insert(&mut batch, *id, facts);
            let mut tx = db.begin().await.unwrap();
            batch.run(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
        }
        let scope = Scope::everything();
        let viewer = Viewer { scope: &scope, now: start(), today: crate::domain::local_date(start()) };
        let policy = Policy::default_pack();
        let mut n_counted = 0;
        for _ in 0..25 {
            let from = dice.moment();
            let until = from + TimeDelta::hours(1 + i64::try_from(dice.below(30)).unwrap());
            let question = Question { from, until, as_of: dice.moment() };
            for figure in FigureId::ALL.iter().copied() {
                let asked = Asked { figure, question: &question, policy };
                let mut tx = db.snapshot().await.unwrap();
                let found = ratio(&mut tx, &viewer, asked).await.unwrap();
                let expected = figure::ratio(figure, issues.iter().map(|(_, facts)| facts), &question, policy);
                assert_eq!(found, expected, "{figure} {question:?}");
                for wanted in [Part::Numerator, Part::Denominator] {
                    let listed = list(&mut tx, &viewer, asked, wanted, None, 1_000).await.unwrap();
                    let expected: Vec<_> = issues
                        .iter()
                        .filter(|(_, facts)| {
                            let counted = figure::counted(figure, facts, &question, policy);
                            if wanted == Part::Numerator { counted.numerator } else { counted.denominator }
                        })
                        .map(|(id, _)| *id)
                        .collect();
                    assert_eq!(listed, expected, "{figure} {wanted:?} {question:?}");
                    let n_listed = count(&mut tx, &viewer, asked, wanted).await.unwrap();
                    assert_eq!(usize::try_from(n_listed).unwrap(), listed.len());
                    n_counted += listed.len();
                }
                tx.commit().await.unwrap();
            }
        }
        assert!(1_000 < n_counted, "the samples hardly count: {n_counted}");
    }
}
