//! Replicas of the job at once, and one that is killed on its way.

use futures::future::join;
use kernel::{AccountId, DepartmentId};
use store::Batch;
use testkit::TestSuite;
use uuid::Uuid;

use super::*;
use crate::{domain::Desk, store::sample};

const N_ISSUES: u128 = 1_000;

async fn replica(app: &TestSuite) -> Ladder {
    Ladder {
        db: app.suite.db("workflow").unwrap().clone(),
        clock: app.clock.clone(),
        ids: Arc::new(kernel::UuidV7),
        books: Books::open(app.suite.db("workflow").unwrap(), &(app.clock.clone() as _)).await.unwrap(),
    }
}

/// Works until there is nothing to do. What the database asks to be done again, is.
async fn climb(ladder: &Ladder) {
    loop {
        match ladder.step().await {
            Ok(Worked::Idle) => return,
            Ok(Worked::More) => {}
            Err(WorkflowError::Store(error)) if error.is_retryable() => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Begins again and again, and is killed after a few steps of its own each time, ever later.
async fn climb_and_die(ladder: &Ladder) -> usize {
    let mut n_deaths = 0;
    for n_polls in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
        let mut step = Box::pin(ladder.step());
        let mut is_done = false;
        for _ in 0..n_polls {
            is_done = futures::poll!(step.as_mut()).is_ready();
            if is_done {
                break;
            }
            tokio::task::yield_now().await;
        }
        n_deaths += usize::from(!is_done);
    }
    n_deaths
}

testkit::both_engines! {
    modules: [crate::spec(), testkit::fake::identity().spec("identity"),
        testkit::fake::Fake::new().spec("registry")];

    async fn a_thousand_issues_due_at_once_climb_once_each_though_a_replica_dies(app: TestSuite) {
        let mut samples = Batch::new();
        let desk = Desk {
            department: DepartmentId::new(Uuid::from_u128(7)),
            liaison: AccountId::new(Uuid::from_u128(8)),
        };
        for n in 1..=N_ISSUES {
            // Every other one is nobody's yet.
            let desk = (n % 2 == 0).then_some(desk);
            let issue = sample::fold_at(sample::id(n), desk, app.now());
            sample::row(&mut samples, &issue, desk.map(|desk| desk.department));
        }
        let mut tx = app.suite.db("workflow").unwrap().begin().await.unwrap();
        samples.run(&mut tx).await.unwrap();
        tx.commit().await.unwrap();

        app.clock.advance(TimeDelta::days(1));
        let (survivor, victim) = (replica(app).await, replica(app).await);
        let (n_deaths, ()) = join(climb_and_die(&victim), climb(&survivor)).await;
        assert!(0 < n_deaths, "nobody died");
        // What the dead held is free again.
        climb(&survivor).await;

        // Half of the time and the due time, of C0 or of C1.
        let expected = i64::try_from(2 * N_ISSUES).unwrap();
        let mut tx = app.suite.db("workflow").unwrap().snapshot().await.unwrap();
        let climbed = sample::climbed(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let each = sample::Climbed {
            rungs: expected,
            events: expected,
            told: expected,
            issues_on_c0: expected / 4,
            issues_on_c1: expected / 4,
            issues_without_two: 0,
        };
        assert_eq!(climbed, each);
    }
}
