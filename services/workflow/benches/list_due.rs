//! `ListDue` through its contract, on a private PostgreSQL, with 1,000, 100,000 and 1,000,000 open issues: a page must not
//! take longer because there is more that it does not show. Prints the medians and their ratio.
//!
//! `QINQING_BENCH_ISSUES=1000,100000` leaves out the largest.

use std::time::{Duration, Instant};

use access::{Role, RoleGrant};
use kernel::AccountId;
use proto::workflow::v1::{self as pb, clock_service_client::ClockServiceClient};
use store::Batch;
use testkit::{Engine, TestSuite, fake};

/// Copies made by one statement: each has a time limit.
const AT_ONCE: i64 = 20_000;
const N_CALLS: usize = 41;
/// No list counts on beyond this.
const MAX_COUNTED: i64 = 1_000;

#[tokio::main]
async fn main() {
    let sizes = std::env::var("QINQING_BENCH_ISSUES").unwrap_or_else(|_| "1000,100000,1000000".to_owned());
    let sizes: Vec<i64> =
        sizes.split(',').map(|size| size.trim().parse().expect("a number of issues")).collect();
    let modules =
        [qinqing_workflow::spec(), fake::identity().spec("identity"), fake::Fake::new().spec("registry")];
    let app = TestSuite::start(Engine::Postgres, &modules).await.expect("the suite starts");
    let mut n_issues = 0;
    let mut medians = Vec::new();
    for size in sizes {
        let began = Instant::now();
        grow(&app, &mut n_issues, size).await;
        eprintln!("{size} open issues, made in {:?}", began.elapsed());
        let Page { next: first, total, more } = page(&app, "").await;
        assert_eq!((total, more), (size.min(MAX_COUNTED), MAX_COUNTED < size));
        let at_first = median(&app, "").await;
        let further_on = median(&app, &first).await;
        println!("{size:>9} open issues: first page {at_first:?}, next page {further_on:?}");
        medians.push((size, at_first, further_on));
    }
    let (least, most) = (medians.first().expect("a size"), medians.last().expect("a size"));
    println!(
        "from {} to {} issues: the first page takes {:.2} times as long, the next {:.2} times",
        least.0,
        most.0,
        most.1.as_secs_f64() / least.1.as_secs_f64(),
        most.2.as_secs_f64() / least.2.as_secs_f64()
    );
    app.stop().await;
}

/// Adds issues until there are so many, each with one running clock.
async fn grow(app: &TestSuite, n_issues: &mut i64, size: i64) {
    let db = app.suite.db("workflow").expect("the workflow runs");
    if *n_issues == 0 {
        seed(app).await;
    }
    while *n_issues < size {
        let n = AT_ONCE.min(size - *n_issues);
        let mut tx = db.begin().await.expect("a transaction");
        let sql = "
            INSERT INTO issue (issue_id, number, enterprise_id, category, title, division_code, state, holder,
                unconfirmed, submitted_at, updated_at, due_at, description_id, version, link, fold)
            SELECT CAST(LPAD(TO_HEX(n + 1), 32, '0') AS UUID), 'B-' || n, enterprise_id, category, title, division_code,
                state, holder, unconfirmed, submitted_at, updated_at, submitted_at + n * INTERVAL '1 second',
                description_id, version, link, fold
            FROM seed CROSS JOIN generate_series($1, $2) AS n";
        store::execute!(&mut tx, "grow", sql, *n_issues, *n_issues + n - 1).expect("issues");
        let sql = "
            INSERT INTO deadline (issue_id, clock, started_at, due_at, stopped_at, void)
            SELECT CAST(LPAD(TO_HEX(n + 1), 32, '0') AS UUID), 'C0', submitted_at,
                submitted_at + n * INTERVAL '1 second', NULL, FALSE
            FROM seed CROSS JOIN generate_series($1, $2) AS n";
        store::execute!(&mut tx, "grow", sql, *n_issues, *n_issues + n - 1).expect("clocks");
        tx.commit().await.expect("a commit");
        *n_issues += n;
    }
    let mut tx = db.begin().await.expect("a transaction");
    store::execute!(&mut tx, "count the values", "ANALYZE").expect("statistics");
    tx.commit().await.expect("a commit");
}

/// One issue in a table of its own, from which the others are copied.
async fn seed(app: &TestSuite) {
    let db = app.suite.db("workflow").expect("the workflow runs");
    let mut tx = db.begin().await.expect("a transaction");
    store::execute!(&mut tx, "make a seed", "CREATE TABLE seed (LIKE issue INCLUDING DEFAULTS)")
        .expect("a table");
    let issue = seed::issue(app.now());
    let mut batch = Batch::new();
    batch.add(
        "sow",
        "INSERT INTO seed (issue_id, number, enterprise_id, category, title, division_code, state, holder, unconfirmed,
            submitted_at, updated_at, description_id, version, link, fold)
        VALUES ($1, 'B', $1, 'other', 'title', '330482101', $2, $3, FALSE, $4, $4, $1, 1, $5, $6)",
        store::binds![
            issue.id.uuid(),
            issue.state().name(),
            issue.holder().name(),
            app.now(),
            trail::Hash::ZERO.as_bytes().as_slice(),
            serde_json::to_value(&issue).expect("an issue has a JSON form")
        ],
    );
    batch.run(&mut tx).await.expect("a seed");
    tx.commit().await.expect("a commit");
}

struct Page {
    /// The token of the next one.
    next: String,
    total: i64,
    /// Whether there are more than were counted.
    more: bool,
}

async fn page(app: &TestSuite, token: &str) -> Page {
    let clerk = app.person(AccountId::new(uuid::Uuid::from_u128(9)), vec![RoleGrant::of(Role::Operator)]);
    let request = pb::ListDueRequest { page_size: 50, page_token: token.to_owned(), ..Default::default() };
    let page = ClockServiceClient::new(clerk).list_due(request).await.expect("a page").into_inner();
    assert_eq!(page.clocks.len(), 50);
    Page { next: page.next_page_token, total: page.total_count, more: page.more_than_counted }
}

async fn median(app: &TestSuite, token: &str) -> Duration {
    let mut took = Vec::with_capacity(N_CALLS);
    for _ in 0..N_CALLS {
        let began = Instant::now();
        page(app, token).await;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    took[N_CALLS / 2]
}

mod seed {
    use kernel::{AccountId, EnterpriseId, IssueId, NoteId, Timestamp};
    use qinqing_workflow::domain::{Actor, Issue, NoteRef, Party, Rulebook, SubmitIssue, create, submit};
    use uuid::Uuid;

    pub fn issue(submitted_at: Timestamp) -> Issue {
        let command = SubmitIssue {
            issue_id: IssueId::new(Uuid::from_u128(1)),
            number: "QQ-2026-000001".parse().expect("a number"),
            enterprise_id: EnterpriseId::new(Uuid::from_u128(1)),
            category: "other".parse().expect("a category"),
            title: NoteRef { note_id: NoteId::new(Uuid::from_u128(2)), digest: trail::Hash::ZERO },
            description: NoteRef { note_id: NoteId::new(Uuid::from_u128(1)), digest: trail::Hash::ZERO },
            division: "330482101".parse().expect("a division code"),
            manager: None,
            desk: None,
            about: None,
            confidential: false,
        };
        let firm = Actor::person(AccountId::new(Uuid::from_u128(2)), [Party::Firm]);
        let events = submit(command, Rulebook::built_in().in_force(submitted_at), submitted_at, &firm);
        create(&events.expect("the firm may submit")[0]).expect("a submission begins a history")
    }
}
