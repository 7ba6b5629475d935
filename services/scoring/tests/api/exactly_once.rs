use std::{collections::BTreeMap, sync::Arc};

use events::{Consume as _, Received};
use kernel::{AccountId, UuidV7};
use prost_types::Any;
use proto::{
    common::v1 as feed,
    scoring::v1 as pb,
    workflow::v1::{
        AuditDecision::{Failed, Passed},
        Outcome,
    },
};
use qinqing_scoring::Bookkeeper;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use store::{Batch, Db, outbox::OutboxRow};
use testkit::TestSuite;

use crate::world::{
    Issue, OWNER, account, check_books, day_after_start, ledger, modules, operator, points, tell, visit,
};

const N_ISSUES: u32 = 40;
const N_REPLICAS: usize = 3;

fn people() -> Vec<AccountId> {
    let of = |first: u128| (first..first + 2).map(account);
    of(101).chain(of(201)).chain(of(301)).collect()
}

/// Courses of issues by chance: two liaisons, two handlers, enough signatures to meet the cap.
fn courses(app: &TestSuite, chance: &mut StdRng) -> Vec<OutboxRow> {
    let mut events = Vec::new();
    for n in 0..N_ISSUES {
        let (liaison, handler) = (account(201 + u128::from(n % 2)), account(301 + u128::from(n / 2 % 2)));
        let days = chance.random_range(0..28);
        let mut issue =
            Issue::new(app, n).signed_by(liaison).handled_by(handler).on(day_after_start(app, days));
        events.push(issue.signed(app, true));
        events.push(issue.dispatched(app, false));
        events.push(issue.contacted(app, true));
        events.push(issue.replied_late(app, Outcome::Resolved, chance.random_range(0..3) * 27_000));
        match n % 5 {
            0 => events.push(issue.sent_back(app)),
            1 => events.push(issue.disputed(app)),
            2 => events.push(issue.rated(app, 1, false)),
            3 => events.push(issue.audited(app, Failed)),
            _ => (),
        }
        events.push(issue.replied_late(app, Outcome::Resolved, chance.random_range(0..15) * 27_000));
        events.push(issue.rated(app, chance.random_range(3..=5), true));
        if n % 7 != 0 {
            events.push(issue.audited(app, Passed));
        }
        if n % 4 == 0 {
            events.push(issue.reopened(app));
        }
    }
    events
}

fn visits(app: &TestSuite) -> Vec<OutboxRow> {
    let on = app.now().date_naive();
    (0..24).map(|n| visit(app, account(101 + n % 2), 1000 + n, on, app.now(), OWNER)).collect()
}

fn received(event: &OutboxRow) -> Received {
    let time = prost_types::Timestamp {
        seconds: event.time.timestamp(),
        nanos: i32::try_from(event.time.timestamp_subsec_nanos()).unwrap(),
    };
    let envelope = feed::Event {
        id: event.event_id.to_string(),
        source: String::new(),
        r#type: event.r#type.clone(),
        subject: event.subject.clone(),
        time: Some(time),
        subject_version: event.subject_version,
        traceparent: String::new(),
        data: Some(Any { type_url: String::new(), value: event.data.clone() }),
    };
    Received::try_from(envelope).unwrap()
}

/// One delivery, past the inbox, so that nothing but the ledger itself keeps it from being booked again.
async fn deliver(db: &Db, bookkeeper: &Bookkeeper, event: &Received) {
    for _ in 0..100 {
        let once = async {
            let mut tx = db.begin().await?;
            let mut batch = Batch::new();
            bookkeeper.consume(&mut tx, &mut batch, event).await?;
            batch.run(&mut tx).await?;
            tx.commit().await?;
            Ok::<(), events::ConsumeError>(())
        };
        match once.await {
            Ok(()) => return,
            Err(error) if error.downcast_ref().is_some_and(store::Error::is_retryable) => (),
            Err(error) => panic!("{error}: {:?}", error.source()),
        }
    }
    panic!("the event found the database busy a hundred times");
}

async fn all_points(app: &TestSuite) -> BTreeMap<AccountId, (i64, i64, i64)> {
    let mut all = BTreeMap::new();
    for person in people() {
        all.insert(person, points(app, person).await);
    }
    all
}

/// How often each event, rule and person have an entry.
async fn multiplicities(app: &TestSuite) -> BTreeMap<(String, String, String), usize> {
    let mut counts = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListEntriesRequest { page_size: 100, page_token, ..Default::default() };
        let page = ledger(operator(app)).list_entries(request).await.unwrap().into_inner();
        for entry in page.entries {
            let event = entry.source.unwrap().event_id;
            *counts.entry((event, entry.rule_id, entry.account_id)).or_default() += 1;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return counts;
        }
    }
}

both_engines! {
    async fn events_delivered_many_times_in_any_order_to_three_replicas_count_once(app: TestSuite) {
        let mut chance = StdRng::seed_from_u64(20_260_302);
        let events = [courses(app, &mut chance), visits(app)].concat();
        let mut deliveries: Vec<Received> = Vec::new();
        for event in &events {
            let times = chance.random_range(1..=10);
            deliveries.extend(std::iter::repeat_n(received(event), times));
        }
        deliveries.shuffle(&mut chance);

        let db = app.suite.db("scoring").unwrap().clone();
        let mut replicas = tokio::task::JoinSet::new();
        for part in deliveries.chunks(deliveries.len().div_ceil(N_REPLICAS)) {
            let clock = Arc::clone(&app.clock) as Arc<dyn kernel::Clock>;
            let bookkeeper = Bookkeeper::open(&db, clock, Arc::new(UuidV7)).await.unwrap();
            let (db, part) = (db.clone(), part.to_vec());
            replicas.spawn(async move {
                for event in &part {
                    deliver(&db, &bookkeeper, event).await;
                }
            });
        }
        // The books are right at every moment at which somebody looks.
        while replicas.try_join_next().map(Result::unwrap).is_some() || !replicas.is_empty() {
            check_books(app).await;
        }
        let check = check_books(app).await;

        let counts = multiplicities(app).await;
        assert!(counts.values().all(|count| *count == 1));
        assert_eq!(counts.len(), usize::try_from(check.entries).unwrap());

        // The same events, each once and in order, come to the same points.
        let once = TestSuite::start(app.engine, &modules()).await.unwrap();
        let (of_visits, of_issues): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.subject.starts_with("visit/"));
        tell(&once, "workflow", of_issues).await;
        tell(&once, "registry", of_visits).await;
        check_books(&once).await;
        assert_eq!(all_points(app).await, all_points(&once).await);
        assert_eq!(points(app, account(101)).await, (0, 8, 0));
        assert_eq!(points(app, account(201)).await, (0, 40, 0));
        once.stop().await;
    }

    async fn a_cap_holds_when_replicas_book_at_the_same_moment(app: TestSuite) {
        let db = app.suite.db("scoring").unwrap().clone();
        let clock = Arc::clone(&app.clock) as Arc<dyn kernel::Clock>;
        let bookkeeper = Bookkeeper::open(&db, clock, Arc::new(UuidV7)).await.unwrap();
        for liaison in (201..207).map(account) {
            let signed = |n| received(&Issue::new(app, n).signed_by(liaison).signed(app, true));
            let mut replicas = tokio::task::JoinSet::new();
            for replica in 0..4 {
                let events: Vec<_> = (0..8).map(|n| signed(10 * replica + n)).collect();
                let (db, bookkeeper) = (db.clone(), bookkeeper.clone());
                replicas.spawn(async move {
                    for event in &events {
                        deliver(&db, &bookkeeper, event).await;
                    }
                });
            }
            replicas.join_all().await;
            assert_eq!(points(app, liaison).await, (0, 20, 0));
        }
        check_books(app).await;
    }
}
