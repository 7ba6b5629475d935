//! Which indexes answer the hot reads of orders, with enough rows that it matters.

use access::Scope;
use chrono::TimeDelta;
use kernel::{DepartmentId, EnterpriseId, OfferingId};
use store::{Select, binds};
use testkit::{Engine, TestSuite};

use super::*;
use crate::{
    domain::{
        Actor, NoteRef, Rulebook, local_date,
        order::{Offered, PlaceOrder, create, place},
    },
    store::{issues::Viewer, orders::list::page},
};

const N_ORDERS: u128 = 2_000;

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn order(n: u128, at: Timestamp) -> Order {
    let command = PlaceOrder {
        order_id: OrderId::new(uuid(n)),
        enterprise_id: EnterpriseId::new(uuid(n % 30)),
        offered: Offered {
            offering_id: OfferingId::new(uuid(1)),
            department: DepartmentId::new(uuid(n % 30)),
            kind: "training".parse().unwrap(),
            capacity: 50,
            is_retired: false,
        },
        attendees: 5,
        preferred: None,
        wish: NoteRef { note_id: kernel::NoteId::new(uuid(9)), digest: trail::Hash::ZERO },
        manager: None,
    };
    let firm = Actor::person(AccountId::new(uuid(7)), [Party::Firm]);
    create(&place(command, Rulebook::built_in().in_force(at), at, &firm).unwrap()).unwrap()
}

async fn fill(app: &TestSuite) {
    let book = Rulebook::built_in();
    let start = app.now() - TimeDelta::days(50);
    let mut tx = app.suite.db("workflow").unwrap().begin().await.unwrap();
    store::execute!(
        &mut tx,
        "insert an offering",
        "INSERT INTO service_offering (offering_id, department_id, kind, title, audience, description, capacity,
            created_at, updated_at, version)
        VALUES ($1, $1, 'training', 'x', 'x', 'x', 50, $2, $2, 1)",
        uuid(1),
        start
    )
    .unwrap();
    let mut batch = Batch::new();
    for n in 0..N_ORDERS {
        let placed = start + TimeDelta::minutes(i64::try_from(n).unwrap());
        save(&mut batch, None, &order(n, placed), Link::ZERO, book.in_force(placed)).unwrap();
    }
    batch.run(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = app.suite.db("workflow").unwrap().begin().await.unwrap();
    store::execute!(&mut tx, "count the values", "ANALYZE").unwrap();
    tx.commit().await.unwrap();
}

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
    lines.join("\n")
}

#[track_caller]
fn assert_answered_by(plan: &str, index: &str) {
    assert!(plan.contains(index), "{index} is not used:\n{plan}");
    assert!(!plan.contains("Seq Scan on service_order"), "{plan}");
    let scans = plan.lines().filter(|line| line.starts_with("SCAN") && !line.contains("USING"));
    assert_eq!(scans.count(), 0, "{plan}");
}

/// Nothing is sorted that the index has in order already.
#[track_caller]
fn assert_in_order(plan: &str) {
    assert!(!plan.contains("Sort Key") && !plan.contains("USE TEMP B-TREE FOR ORDER BY"), "{plan}");
}

testkit::both_engines! {
    modules: [crate::spec(), testkit::fake::identity().spec("identity"),
        testkit::fake::Fake::new().spec("registry")];

    async fn the_hot_reads_of_orders_are_answered_by_their_indexes(app: TestSuite) {
        fill(app).await;
        let now = app.now();
        let explain = match app.engine {
            Engine::Sqlite => "EXPLAIN QUERY PLAN SELECT",
            Engine::Postgres => "EXPLAIN SELECT",
        };
        let desk = Scope { departments: vec![DepartmentId::new(uuid(2))], ..Scope::default() };
        let firm = Scope { enterprises: vec![EnterpriseId::new(uuid(2))], ..Scope::default() };
        let everything = Scope::everything();
        for (scope, sort, index) in [
            (&desk, Sort::Newest, "service_order_department_idx"),
            (&firm, Sort::Newest, "service_order_enterprise_idx"),
            (&everything, Sort::Newest, "service_order_placed_idx"),
        ] {
            let viewer = Viewer { scope, now, today: local_date(now) };
            let cursor = sort.cursor(&order(1_500, now), None);
            for after in [None, Some(&cursor)] {
                let select = page(explain, &viewer, &OrderFilter::default(), sort, after).limit(51);
                let plan = plan(app, select).await;
                assert_answered_by(&plan, index);
                // Of one office or firm there are so few that sorting them may be cheaper.
                if *scope == everything {
                    assert_in_order(&plan);
                }
            }
        }
        let locking = if app.engine == Engine::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = claim_sql(locking).replacen("SELECT", explain, 1);
        let sql = sql.replace("$1", "?").replace("$2", "?").replace("$3", "?");
        let (today, long_ago) = (local_date(now), now - TimeDelta::days(49));
        // The day of `$2` stands twice, before the other values.
        let select = Select::new(sql).with(binds![today, today, long_ago, 200_i64]);
        assert_answered_by(&plan(app, select).await, "service_order_wake_idx");
        // None goes by another calendar, or all do: neither is a reason to read the closed ones.
        for version in [worktime::Calendar::china().version(), "another"] {
            let sql = other_calendar_sql(locking).replacen("SELECT", explain, 1);
            let sql = ["$1", "$2", "$3", "$4"].into_iter().fold(sql, |sql, param| sql.replace(param, "?"));
            // In the order in which they stand: twice the day, the last one seen, twice the version.
            let select = Select::new(sql).with(binds![today, today, uuid(0), version, version, 100_i64]);
            let plan = plan(app, select).await;
            let by_index = plan.contains("service_order_calendar_idx") || plan.contains("service_order_open_idx");
            assert!(by_index && !plan.contains("Seq Scan on service_order"), "{plan}");
        }
    }
}
