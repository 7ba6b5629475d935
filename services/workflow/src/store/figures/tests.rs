use std::{collections::BTreeMap, sync::Arc};

use access::Scope;
use chrono::TimeDelta;
use kernel::{Clock as _, DepartmentId, EnterpriseId, EventId, FixedIds, IdGen as _, SectionId, Timestamp};
use store::Db;
use testkit::{Engine, TestSuite};
use worktime::Calendar;

use super::{cells::CellKey, *};
use crate::{
    domain::{
        Event, Policy, Rules, create, evolve,
        figure::{
            Marks, Ratio, counted, counts,
            histories::{Dice, histories, rulebook, start},
        },
        local_date,
    },
    events::reckon::Reckoner,
    rpc::books::Books,
    store::history::{self, Happened, Record},
};

const GROUPINGS: [Option<Grouping>; 7] = [
    None,
    Some(Grouping::Month),
    Some(Grouping::Category),
    Some(Grouping::Department),
    Some(Grouping::Section),
    Some(Grouping::Town),
    Some(Grouping::Manager),
];

fn db(app: &TestSuite) -> &Db {
    app.suite.db("workflow").unwrap()
}

fn rules() -> Rules<'static> {
    Rules { policy: Policy::default_pack(), calendar: Calendar::china(), calendars: &[] }
}

/// Records the events of a history from the `n`-th on, as steps do.
async fn record(app: &TestSuite, ids: &FixedIds, events: &[Event], n: usize) {
    let mut before = None;
    let (mut link, mut happened) = (trail::chain::GENESIS, Vec::new());
    for (i, event) in events.iter().enumerate() {
        let after = match before.clone() {
            None => create(event).unwrap(),
            Some(issue) => evolve(issue, event).unwrap(),
        };
        if i < n {
            link = stored_link(app, after.id, event.version.number()).await;
            before = Some(after);
        } else {
            happened.push(Happened {
                id: EventId::new(ids.uuid(event.at)),
                event: event.clone(),
                after: after.clone(),
            });
            before = Some(after);
        }
    }
    let folded = events[..n].iter().fold(None, |issue, event| match issue {
        None => Some(create(event).unwrap()),
        Some(issue) => Some(evolve(issue, event).unwrap()),
    });
    let before = folded.as_ref().map(|issue| history::Before { issue, link });
    let mut batch = Batch::new();
    let client = kernel::Origin::program("test");
    let step = Record { before, happened: &happened, written: &[], rules: rules(), client: &client };
    history::record(&mut batch, step).unwrap();
    let mut tx = db(app).begin().await.unwrap();
    batch.run(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn stored_link(app: &TestSuite, issue: IssueId, seq: i64) -> trail::Link {
    let mut tx = db(app).snapshot().await.unwrap();
    let sql = "SELECT link FROM issue_event WHERE issue_id = $1 AND seq = $2";
    let link = store::scalar!(&mut tx, "read a link", Vec<u8>, sql, issue.uuid(), seq).unwrap();
    tx.commit().await.unwrap();
    trail::Link::try_from(link.as_slice()).unwrap()
}

async fn reckoner(app: &TestSuite) -> Reckoner {
    let clock = Arc::clone(&app.clock) as _;
    let books = Books::open(db(app), &clock).await.unwrap();
    let limits = Arc::new(crate::domain::figure::Limits::built_in().clone());
    Reckoner { db: db(app).clone(), clock, books, limits }
}

/// Steps until nothing is left to do.
async fn reckon(app: &TestSuite) {
    while reckoner(app).await.step().await.unwrap() == runtime::Worked::More {}
}

/// All sums that are kept, without empty ones.
async fn kept(app: &TestSuite) -> BTreeMap<String, i64> {
    let mut tx = db(app).snapshot().await.unwrap();
    let rows = store::rows!(
        &mut tx,
        "read all sums",
        (String, String, String, chrono::NaiveDate, String, i64, i64, chrono::NaiveDate, i64),
        "SELECT dimension, grain, kind, day, key, flags, took, other, n FROM figure_cell WHERE n <> 0"
    )
    .unwrap();
    tx.commit().await.unwrap();
    rows.into_iter()
        .map(|(dimension, grain, kind, day, key, flags, took, other, n)| {
            (format!("{dimension} {grain} {kind} {day} {key} {flags} {took} {other}"), n)
        })
        .collect()
}

/// What the sums have to be, from the histories alone.
fn recomputed(histories: &[Vec<Event>], at: Timestamp) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for events in histories {
        let marks = Marks::of(events, &rulebook()).unwrap();
        let Some(subject) = marks.subject_at(at) else { continue };
        for count in counts(&marks.marks, at) {
            for cell in super::cells::cells_of(&count, subject) {
                let CellKey { dimension, grain, kind, day, key, flags, took, other } = cell;
                let text = format!("{dimension} {grain} {kind} {day} {key} {flags} {took} {other}");
                *sums.entry(text).or_insert(0) += count.n;
            }
        }
    }
    sums.retain(|_, n| *n != 0);
    sums
}

/// Cuts histories at random: what was recorded first of each.
fn cut(dice: &mut Dice, histories: &[Vec<Event>]) -> Vec<usize> {
    histories.iter().map(|events| 1 + usize::try_from(dice.below(events.len() as u64)).unwrap()).collect()
}

fn scopes() -> Vec<Scope> {
    vec![
        Scope::everything(),
        Scope { departments: vec![DepartmentId::new(Uuid::from_u128(32))], ..Scope::default() },
        Scope { sections: vec![SectionId::new(Uuid::from_u128(21))], ..Scope::default() },
        Scope { enterprises: vec![EnterpriseId::new(Uuid::from_u128(703))], ..Scope::default() },
        Scope::default(),
    ]
}

/// Whether an issue whose history this is lies in a scope now.
fn sees(scope: &Scope, events: &[Event]) -> bool {
    let issue = crate::domain::fold(events).unwrap().unwrap();
    scope.contains(&access::Facts {
        enterprise: Some(issue.enterprise_id),
        department: issue.department().into_iter().collect(),
        section: issue.section().into_iter().collect(),
        ..access::Facts::default()
    })
}

fn marks(events: &[Event]) -> Marks {
    Marks::of(events, &rulebook()).unwrap()
}

/// Figures by group, from the histories alone.
fn plainly(
    histories: &[&Marks],
    figure: FigureId,
    question: &Question,
    grouping: Option<Grouping>,
) -> BTreeMap<String, Ratio> {
    let mut groups: BTreeMap<String, Vec<Sum>> = BTreeMap::new();
    for marks in histories {
        let Some(subject) = marks.subject_at(question.as_of) else { continue };
        for count in counts(&marks.marks, question.as_of) {
            let key = grouping.map(|grouping| grouping.key(subject, count.day)).unwrap_or_default();
            groups.entry(key).or_default().extend(crate::domain::figure::sum_of(count, question));
        }
    }
    let ratios = groups.into_iter().map(|(key, sums)| (key, figure.value(&sums).ratio));
    ratios.filter(|(_, ratio)| *ratio != Ratio::default()).collect()
}

testkit::both_engines! {
    modules: [crate::spec(), testkit::fake::identity().spec("identity"),
        testkit::fake::Fake::new().spec("registry")];

    /// Steps are reckoned in any order of sets, time goes on in between, and one step is cut short before its commit.
    async fn sums_that_are_kept_are_those_of_a_full_recomputation(app: TestSuite) {
        let mut dice = Dice(11);
        let histories = histories(&mut dice, 60);
        let ids = FixedIds::starting_at(1 << 50);
        let n_first = cut(&mut dice, &histories);
        for (events, n) in histories.iter().zip(&n_first) {
            record(app, &ids, &events[..*n], 0).await;
        }
        reckon(app).await;
        let known: Vec<_> = histories.iter().zip(&n_first).map(|(events, n)| events[..*n].to_vec()).collect();
        let reckoned_at = async || {
            let mut tx = db(app).snapshot().await.unwrap();
            let progress = progress(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            progress.reckoned_at
        };
        let at = reckoned_at().await;
        assert!(known.iter().all(|events| events.last().unwrap().at <= at));
        assert_eq!(kept(app).await, recomputed(&known, at));

        for (events, n) in histories.iter().zip(&n_first).filter(|(events, n)| **n < events.len()) {
            record(app, &ids, events, *n).await;
        }
        // Work that is never committed leaves nothing behind: neither sums nor the mark that it was done.
        let before = kept(app).await;
        let mut tx = db(app).begin().await.unwrap();
        let progress = lock(&mut tx).await.unwrap();
        let due = next_due(&mut tx, 7).await.unwrap();
        assert!(!due.is_empty());
        write(&mut tx, progress, at + TimeDelta::days(9), &[], &due).await.unwrap();
        drop(tx);
        assert_eq!(kept(app).await, before);

        reckon(app).await;
        app.clock.advance(reckoned_at().await - app.clock.now());
        let mut n_turned = 0;
        for _ in 0..8 {
            let before = kept(app).await;
            // Nobody does anything, and yet issues become overdue.
            app.clock.advance(TimeDelta::days(3));
            reckon(app).await;
            let at = reckoned_at().await;
            let after = kept(app).await;
            n_turned += usize::from(before != after);
            assert_eq!(after, recomputed(&histories, at));
        }
        assert!(0 < n_turned, "nothing fell due");
        assert!(1_000 < kept(app).await.len());
    }

    /// Count, list and drill-down agree with the histories, in every scope, for every group, whatever was reckoned with.
    async fn sql_counts_what_the_histories_say(app: TestSuite) {
        let mut dice = Dice(12);
        let histories = histories(&mut dice, 50);
        let all: Vec<_> = histories.iter().map(|events| (events[0].clone(), marks(events))).collect();
        let ids = FixedIds::starting_at(1 << 50);
        for events in &histories {
            record(app, &ids, events, 0).await;
        }
        app.clock.advance(TimeDelta::days(90));
        reckon(app).await;
        let now = app.clock.now();
        let today = local_date(now);
        let mut n_counted = 0;
        for scope in scopes() {
            let viewer = Viewer { scope: &scope, now, today };
            let seen = || histories.iter().zip(&all).filter(|(events, _)| sees(&scope, events));
            let marks_seen: Vec<_> = seen().map(|(_, (_, marks))| marks).collect();
            let ids_seen: Vec<_> = seen().map(|(_, (first, _))| create(first).unwrap().id).collect();
            for (i, grouping) in GROUPINGS.into_iter().enumerate() {
                let question = dice.question(now);
                let asked = Asked { question: &question, grouping, pending: &[] };
                let mut tx = db(app).snapshot().await.unwrap();
                let tally = sums(&mut tx, &viewer, FigureId::ALL, asked).await.unwrap();
                for figure in FigureId::ALL.iter().copied() {
                    if grouping.is_some_and(|grouping| !figure.groups_by(grouping)) {
                        continue;
                    }
                    let expected = plainly(&marks_seen, figure, &question, grouping);
                    let values = tally.iter().map(|(key, sums)| (key.clone(), figure.value(sums).ratio));
                    let found: BTreeMap<_, _> = values.filter(|(_, ratio)| *ratio != Ratio::default()).collect();
                    assert_eq!(found, expected, "{figure} {grouping:?} {question:?}");
                    // A list is long to write: some of them suffice.
                    if !(i + figure as usize).is_multiple_of(5) {
                        continue;
                    }
                    for part in [Part::Numerator, Part::Denominator] {
                        let mut n_listed = 0;
                        for (key, ratio) in &expected {
                            let wanted = Wanted { figure, part, group: Some(key) };
                            let listed = list(&mut tx, &viewer, wanted, asked, None, 1_000).await.unwrap();
                            let n = if part == Part::Numerator { ratio.numerator } else { ratio.denominator };
                            assert_eq!(listed.len() as u64, n, "{figure} {part:?} {key} {question:?}");
                            n_listed += listed.len();
                        }
                        let wanted = Wanted { figure, part, group: None };
                        let listed = list(&mut tx, &viewer, wanted, asked, None, 1_000).await.unwrap();
                        assert_eq!(listed.len(), n_listed, "groups add up to the whole: {figure} {grouping:?}");
                        let holds = |marks: &Marks| {
                            let counted = counted(figure, &marks.marks, &question);
                            if part == Part::Numerator { counted.numerator } else { counted.denominator }
                        };
                        let counted_ids = ids_seen.iter().zip(&marks_seen).filter(|(_, marks)| holds(marks));
                        let mut counted_ids: Vec<_> = counted_ids.map(|(id, _)| *id).collect();
                        counted_ids.sort_unstable();
                        assert_eq!(listed, counted_ids, "{figure} {part:?} {question:?}");
                        let n = count(&mut tx, &viewer, wanted, asked).await.unwrap();
                        assert_eq!(usize::try_from(n).unwrap(), listed.len());
                        n_counted += listed.len();
                    }
                }
                tx.commit().await.unwrap();
            }
        }
        assert!(300 < n_counted, "the samples hardly count: {n_counted}");
    }

    async fn the_sums_that_are_kept_answer_as_the_marks_do(app: TestSuite) {
        let mut dice = Dice(13);
        let histories = histories(&mut dice, 80);
        let ids = FixedIds::starting_at(1 << 50);
        for events in &histories {
            record(app, &ids, events, 0).await;
        }
        app.clock.advance(TimeDelta::days(90));
        reckon(app).await;
        let (scope, now) = (Scope::everything(), app.clock.now());
        let today = local_date(now);
        let viewer = Viewer { scope: &scope, now, today };
        let (mut n_kept, whole_months) = (0, [Some(1), Some(2), Some(3), Some(4), None]);
        for i in 0..30 {
            let mut question = dice.question(now);
            question.as_of = now;
            if i % 2 == 0 {
                let month = whole_months[i / 2 % 5];
                let first = month.map(|month| chrono::NaiveDate::from_ymd_opt(2026, month, 1).unwrap());
                let last = first.map(|first| first + chrono::Months::new(2) - TimeDelta::days(1));
                question = Question::new(first, last, Some(now), now).unwrap();
            }
            for grouping in GROUPINGS {
                if !is_kept(&question, grouping, today) {
                    continue;
                }
                n_kept += 1;
                let asked = Asked { question: &question, grouping, pending: &[] };
                let mut tx = db(app).snapshot().await.unwrap();
                let from_marks = sums(&mut tx, &viewer, FigureId::ALL, asked).await.unwrap();
                let from_sums = cells::cells(&mut tx, FigureId::ALL, &question, grouping, today).await.unwrap();
                tx.commit().await.unwrap();
                for figure in FigureId::ALL.iter().filter(|figure| grouping.is_none_or(|by| figure.groups_by(by))) {
                    let values = |tally: &Tally| -> BTreeMap<String, crate::domain::figure::Value> {
                        let values = tally.iter().map(|(key, sums)| (key.clone(), figure.value(sums)));
                        values.filter(|(_, value)| value.ratio != Ratio::default()).collect()
                    };
                    assert_eq!(values(&from_sums), values(&from_marks), "{figure} {grouping:?} {question:?}");
                }
            }
        }
        assert!(100 < n_kept, "{n_kept}");
    }

    /// However many issues there are, a dashboard reads sums, by their key; and what falls due is found by its index.
    async fn a_dashboard_reads_sums_alone_by_their_key(app: TestSuite) {
        let mut dice = Dice(14);
        let histories = histories(&mut dice, 60);
        let ids = FixedIds::starting_at(1 << 50);
        for events in &histories {
            record(app, &ids, events, 0).await;
        }
        app.clock.advance(TimeDelta::days(90));
        reckon(app).await;
        let now = app.clock.now();
        let mut tx = db(app).begin().await.unwrap();
        store::execute!(&mut tx, "count the values", "ANALYZE").unwrap();
        tx.commit().await.unwrap();
        let question = Question::new("2026-03-05".parse().ok(), None, None, now).unwrap();
        let explain = match app.engine {
            Engine::Sqlite => "EXPLAIN QUERY PLAN SELECT",
            Engine::Postgres => "EXPLAIN SELECT",
        };
        for figures in [&[FigureId::M1][..], FigureId::ALL] {
            let select = cells::select(explain, figures, &question, None, local_date(now));
            let mut tx = db(app).snapshot().await.unwrap();
            let plan: Vec<String> = match app.engine {
                Engine::Sqlite => {
                    let rows = select.rows::<(i64, i64, i64, String)>(&mut tx, "explain").await.unwrap();
                    rows.into_iter().map(|row| row.3).collect()
                }
                Engine::Postgres => {
                    let rows = select.rows::<(String,)>(&mut tx, "explain").await.unwrap();
                    rows.into_iter().map(|row| row.0).collect()
                }
            };
            tx.commit().await.unwrap();
            let plan = plan.join("\n");
            for table in ["figure_mark", "figure_subject", "issue"] {
                assert!(!plan.contains(table), "{plan}");
            }
            assert!(plan.contains("figure_cell"), "{plan}");
            if figures.len() == 1 {
                assert!(plan.contains("figure_cell_pkey") || plan.contains("USING INDEX") || plan.contains("PRIMARY KEY"), "{plan}");
            }
        }
    }

    async fn histories_from_before_figures_were_kept_are_reckoned_like_all_others(app: TestSuite) {
        let mut dice = Dice(15);
        let histories = histories(&mut dice, 30);
        let ids = FixedIds::starting_at(1 << 50);
        for events in &histories {
            record(app, &ids, events, 0).await;
        }
        // As the migration finds an old database: one row for each issue.
        let mut tx = db(app).begin().await.unwrap();
        store::execute!(&mut tx, "forget what is due", "DELETE FROM figure_due WHERE version > 0").unwrap();
        let all = "INSERT INTO figure_due (issue_id, version) SELECT issue_id, version FROM issue";
        assert_eq!(store::execute!(&mut tx, "have all reckoned", all).unwrap(), 30);
        tx.commit().await.unwrap();
        app.clock.advance(TimeDelta::days(90));
        reckon(app).await;
        assert!(start() < app.clock.now());
        assert_eq!(kept(app).await, recomputed(&histories, app.clock.now()));
    }
}
