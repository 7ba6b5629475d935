//! Which indexes answer a search, with enough issues that it matters.

use access::Scope;
use chrono::TimeDelta;
use kernel::DepartmentId;
use store::{
    Batch,
    search::{Part, Tokens, words},
};
use testkit::TestSuite;

use super::*;
use crate::{
    domain::{
        local_date,
        similarity::{Measure, Sketch},
    },
    store::sample,
};

const N_ISSUES: u128 = 20_000;

fn department(n: u128) -> DepartmentId {
    DepartmentId::new(Uuid::from_u128(1_000_000 + n))
}

async fn fill(app: &TestSuite) {
    let db = app.suite.db("workflow").unwrap();
    let start = app.now() - TimeDelta::days(100);
    for set in 0..N_ISSUES / 2_000 {
        let (mut issues, mut texts) = (Batch::new(), Batch::new());
        for n in set * 2_000..(set + 1) * 2_000 {
            let id = sample::id(n);
            let submitted = start + TimeDelta::minutes(i64::try_from(n).unwrap());
            sample::issue(&mut issues, id, department(n % 30), submitted);
            let tokens = &Tokens::of(&format!("企业申请新装路灯，编号w{n}，路段s{}", n % 400));
            search::add(&mut texts, Part { subject: id.uuid(), part: "TITLE", audience: "ALL", tokens });
            let tokens = &Tokens::of(&format!("已安排第x{n}队维修"));
            search::add(&mut texts, Part { subject: id.uuid(), part: "REPLY", audience: "OFFICE", tokens });
        }
        let mut tx = db.begin().await.unwrap();
        issues.run(&mut tx).await.unwrap();
        texts.run(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = db.begin().await.unwrap();
    store::execute!(&mut tx, "count the values", "ANALYZE").unwrap();
    tx.commit().await.unwrap();
}

/// The plan of a query that begins with [`explain`], as one text.
async fn plan(app: &TestSuite, select: Select) -> String {
    let mut tx = app.suite.db("workflow").unwrap().snapshot().await.unwrap();
    let lines: Vec<String> = match app.engine {
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
    lines.join("\n")
}

fn explain(app: &TestSuite) -> &'static str {
    match app.engine {
        Engine::Sqlite => "EXPLAIN QUERY PLAN SELECT",
        Engine::Postgres => "EXPLAIN SELECT",
    }
}

/// The texts come from their index, and neither they nor the issues are read one after the other.
#[track_caller]
fn assert_by_index(app: &TestSuite, plan: &str) {
    match app.engine {
        Engine::Sqlite => {
            assert!(plan.contains("search_index VIRTUAL TABLE INDEX"), "{plan}");
            for line in plan.lines().filter(|line| line.starts_with("SCAN")) {
                assert!(line.contains("VIRTUAL TABLE INDEX") || line.contains("USING"), "{line}\n{plan}");
            }
        }
        Engine::Postgres => {
            assert!(plan.contains("search_text_vector_idx"), "{plan}");
            assert!(!plan.contains("Seq Scan on search_text"), "{plan}");
            assert!(!plan.contains("Seq Scan on issue"), "{plan}");
        }
    }
}

fn wanted(question: &str, firms: &[u128]) -> Vec<Wanted> {
    let firms: Vec<_> = firms.iter().map(|n| EnterpriseId::new(Uuid::from_u128(*n))).collect();
    words(question).into_iter().map(|word| Wanted { word, firms: firms.clone() }).collect()
}

async fn assert_a_search_is_answered_by_the_index(app: &TestSuite) {
    let now = app.now();
    let liaison = Scope { departments: vec![department(7)], ..Scope::default() };
    let firm = Scope { enterprises: vec![EnterpriseId::new(Uuid::from_u128(7))], ..Scope::default() };
    let both = Scope { enterprises: firm.enterprises.clone(), ..liaison.clone() };
    let (everything, nothing) = (Scope::everything(), Scope::default());
    let filter = IssueFilter::default();
    let questions = [
        wanted("w17777", &[]),
        wanted("w17777 路灯", &[]),
        wanted("s333", &[8, 9]),
        wanted("x17777 w17777 维修", &[8]),
    ];
    let scopes = [(&everything, &everything), (&liaison, &liaison), (&firm, &nothing), (&both, &liaison)];
    for (scope, office) in scopes {
        let viewer = Viewer { scope, now, today: local_date(now) };
        for wanted in &questions {
            let search = Search { viewer, office, filter: &filter, wanted };
            let mut tx = app.suite.db("workflow").unwrap().snapshot().await.unwrap();
            let course = course(&mut tx, wanted).await.unwrap();
            tx.commit().await.unwrap();
            let query = |after| page(app.engine, explain(app), &search, course, after).limit(51);
            assert_by_index(app, &plan(app, query(None)).await);
            let cursor = Order::Newest.cursor(&sample::fold(sample::id(1), now), None);
            assert_by_index(app, &plan(app, query(Some(&cursor))).await);
            let count = Select::new(format!("{} COUNT(*) FROM issue", explain(app)));
            assert_by_index(app, &plan(app, conditions(app.engine, count, &search, course)).await);
        }
    }
}

async fn assert_candidates_come_from_the_index(app: &TestSuite) {
    let now = app.now();
    let scope = Scope::everything();
    let tokens = Tokens::of("企业申请新装路灯，编号w17777，路段s177");
    let asked = similar::Asked {
        viewer: Viewer { scope: &scope, now, today: local_date(now) },
        measure: Measure::built_in(),
        sketch: &Sketch::new(tokens.grams(), std::iter::empty(), None, None),
        enterprise: None,
        other_than: None,
        open_only: true,
    };
    let rare = similar::candidates(app.engine, explain(app), &asked, &["w17777", "s177"]).limit(200);
    assert_by_index(app, &plan(app, rare).await);
    let mut tx = app.suite.db("workflow").unwrap().snapshot().await.unwrap();
    let found = similar::similar(&mut tx, &asked).await.unwrap();
    tx.commit().await.unwrap();
    // Of all of them, the one with the same words; then those on the same road.
    let (best, _, alike) = &found[0];
    assert_eq!((best.id, *alike), (sample::id(17_777), 100));
    assert!(found.windows(2).all(|two| two[1].1 <= two[0].1), "{found:?}");
    assert!(found[1].2 < 90, "{found:?}");
}

async fn assert_the_course_changes_nothing(app: &TestSuite) {
    let now = app.now();
    let liaison = Scope { departments: vec![department(7), department(9)], ..Scope::default() };
    let firms = [733, 1_133].map(|n| EnterpriseId::new(Uuid::from_u128(n)));
    let firm = Scope { enterprises: firms.to_vec(), ..Scope::default() };
    let both = Scope { enterprises: firm.enterprises.clone(), ..liaison.clone() };
    let (everything, nothing) = (Scope::everything(), Scope::default());
    let filter = IssueFilter::default();
    let questions = [
        wanted("s333 路灯", &[]),
        wanted("s333 维修", &[]),
        wanted("s333 路灯", &[7, 9]),
        wanted("x733 w733", &[]),
    ];
    let scopes = [
        (&everything, &everything),
        (&everything, &nothing),
        (&liaison, &liaison),
        (&firm, &nothing),
        (&both, &liaison),
    ];
    let mut tx = app.suite.db("workflow").unwrap().snapshot().await.unwrap();
    let mut n_found = 0;
    for wanted in &questions {
        for (scope, office) in scopes {
            let viewer = Viewer { scope, now, today: local_date(now) };
            let search = Search { viewer, office, filter: &filter, wanted };
            let ids = async |tx: &mut Tx, course| -> Vec<_> {
                let issues = list(tx, &search, course, None, 100).await.unwrap();
                issues.into_iter().map(|(issue, _)| issue.id).collect()
            };
            let expected = ids(&mut tx, Course::Each).await;
            n_found += expected.len();
            let courses = [Course::Each, Course::From(0), Course::From(1)];
            for course in courses {
                assert_eq!(ids(&mut tx, course).await, expected, "{wanted:?} {course:?}");
                let counted = count(&mut tx, &search, course).await.unwrap();
                assert_eq!(usize::try_from(counted).unwrap(), expected.len(), "{wanted:?} {course:?}");
            }
        }
    }
    tx.commit().await.unwrap();
    assert!(200 < n_found, "{n_found}");
}

testkit::both_engines! {
    modules: [crate::spec(), testkit::fake::identity().spec("identity"),
        testkit::fake::Fake::new().spec("registry")];

    async fn twenty_thousand_issues_are_searched_by_the_index_of_their_texts(app: TestSuite) {
        fill(app).await;
        assert_a_search_is_answered_by_the_index(app).await;
        assert_candidates_come_from_the_index(app).await;
        assert_the_course_changes_nothing(app).await;
    }
}
