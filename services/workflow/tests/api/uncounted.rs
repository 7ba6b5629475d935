//! A history that cannot be counted keeps nobody from the figures of the others.

use access::{Role, RoleGrant};
use chrono::TimeDelta;
use proto::workflow::v1::{self as pb, figure_service_client::FigureServiceClient};
use testkit::TestSuite;

use crate::{dba::*, world::*};

/// Numerator and denominator of the completion rate, and how many issues no figure has.
async fn rate(app: &TestSuite, account: kernel::AccountId, role: RoleGrant) -> (i64, i64, i64) {
    let request = pb::QueryFiguresRequest { figure_ids: vec!["M1".to_owned()], ..Default::default() };
    let mut figures = FigureServiceClient::new(app.person(account, vec![role]));
    let answer = figures.query_figures(request).await.unwrap().into_inner();
    (answer.figures[0].numerator, answer.figures[0].denominator, answer.uncounted)
}

async fn of_all(app: &TestSuite) -> (i64, i64, i64) {
    rate(app, AUDITOR, RoleGrant::of(Role::Auditor)).await
}

async fn causes(app: &TestSuite) -> Vec<String> {
    let mut tx = db(app).snapshot().await.unwrap();
    let rows = store::rows!(&mut tx, "read", (String,), "SELECT cause FROM figure_uncounted").unwrap();
    tx.commit().await.unwrap();
    rows.into_iter().map(|(cause,)| cause).collect()
}

/// Damages the first event of the issue, keeping what was there, and takes a step so that it is to be reckoned anew.
async fn damage(app: &TestSuite, issue: &pb::Issue) {
    let of_issue = id(app, &issue.issue_id);
    dba(
        app,
        &[
            "CREATE TABLE kept AS SELECT issue_id, payload FROM issue_event WHERE seq = 1".to_owned(),
            format!(
                "UPDATE issue_event SET payload = '{{\"nothing\":1}}' WHERE issue_id = {of_issue} AND seq = 1"
            ),
            format!("INSERT INTO figure_due (issue_id, version) VALUES ({of_issue}, 1000)"),
        ],
    )
    .await;
}

async fn repair(app: &TestSuite) {
    dba(
        app,
        &["UPDATE issue_event SET payload = (
            SELECT payload FROM kept WHERE kept.issue_id = issue_event.issue_id
        ) WHERE seq = 1"
            .to_owned()],
    )
    .await;
}

both_engines! {
    async fn an_issue_that_cannot_be_counted_is_left_out_and_told_of_and_all_others_are_counted(app: TestSuite) {
        let spoilt = closed(app).await;
        closed(app).await;
        let steel = steel_owner(app).submit(STEEL, "other").await.unwrap();
        app.settle().await;
        assert_eq!(of_all(app).await, (2, 3, 0));
        damage(app, &spoilt).await;
        // Before the reckoning came to it, and after.
        assert_eq!(of_all(app).await, (1, 2, 1));
        app.settle().await;
        assert_eq!(of_all(app).await, (1, 2, 1));
        assert_eq!(causes(app).await.len(), 1);
        assert!(causes(app).await[0].contains("payload"), "{:?}", causes(app).await);
        // What happens afterwards is reckoned with, and whoever does not see the issue is not told of it.
        steel_owner(app).submit(STEEL, "other").await.unwrap();
        app.settle().await;
        assert_eq!(of_all(app).await, (1, 3, 1));
        assert_eq!(rate(app, STEEL_OWNER, RoleGrant::enterprise(STEEL)).await, (0, 2, 0));
        assert_eq!(rate(app, OWNER, RoleGrant::enterprise(DAIRY)).await, (1, 1, 1));
        assert_eq!(steel.state(), steel_owner(app).get(&steel).await.unwrap().state());
    }

    async fn an_issue_is_counted_again_once_it_can_be(app: TestSuite) {
        let spoilt = closed(app).await;
        damage(app, &spoilt).await;
        app.settle().await;
        assert_eq!(of_all(app).await, (0, 0, 1));
        repair(app).await;
        // Nothing about the issue has changed: it is tried again after a while.
        app.settle().await;
        assert_eq!(of_all(app).await, (0, 0, 1));
        app.clock.advance(TimeDelta::minutes(10));
        app.settle().await;
        assert_eq!(of_all(app).await, (1, 1, 0));
        assert!(causes(app).await.is_empty());
    }

    async fn a_step_has_an_issue_that_was_set_aside_counted_at_once(app: TestSuite) {
        let spoilt = closed(app).await;
        damage(app, &spoilt).await;
        app.settle().await;
        repair(app).await;
        owner(app).reopen_issue(&spoilt).await.unwrap();
        assert_eq!(of_all(app).await, (0, 1, 0));
        app.settle().await;
        assert_eq!(of_all(app).await, (0, 1, 0));
        assert!(causes(app).await.is_empty());
    }
}
