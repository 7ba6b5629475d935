//! The limits that figures go by, and files that stand in for those of the suite.

use access::{Role, RoleGrant};
use chrono::TimeDelta;
use proto::workflow::v1::{self as pb, figure_service_client::FigureServiceClient};
use rpc::Limits;
use testkit::{Engine, TestSuite};

use crate::{figures::many_firms, world::*};

const BUILT_IN: &str = include_str!("../../packs/figures.toml");

/// A stricter file: another version, other tiers, other figures for the public, and larger cells.
fn ours() -> String {
    let text = BUILT_IN
        .replace("version = 1", "version = 2")
        .replace("min_issues = 10", "min_issues = 3")
        .replace("min_firms = 5", "min_firms = 20")
        .replace("\"M1\", \"M3\", \"M4\", \"M5\", \"M9\"", "\"M2\", \"M1\"");
    assert_eq!(text.lines().zip(BUILT_IN.lines()).filter(|(ours, theirs)| ours != theirs).count(), 4);
    text
}

async fn start(engine: Engine, file: &str) -> anyhow::Result<TestSuite> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("figures.toml");
    std::fs::write(&path, file).unwrap();
    let modules = [qinqing_workflow::spec(), identity(), registry()];
    TestSuite::start_configured(engine, &modules, Limits::default(), |config| {
        config.workflow.figures_file = Some(path);
    })
    .await
}

async fn public(app: &TestSuite) -> pb::GetPublicFiguresResponse {
    let mut anybody = FigureServiceClient::new(app.anonymous());
    anybody.get_public_figures(pb::GetPublicFiguresRequest {}).await.unwrap().into_inner()
}

async fn tiers(app: &TestSuite) -> (Vec<pb::FigureTier>, i32) {
    let request = pb::QueryFiguresRequest {
        figure_ids: vec!["M24.completion".to_owned()],
        group_by: pb::FigureGrouping::Department.into(),
        ..Default::default()
    };
    let mut leader = FigureServiceClient::new(app.person(account(701), vec![RoleGrant::of(Role::Leader)]));
    let answer = leader.query_figures(request).await.unwrap().into_inner();
    (answer.figures[0].groups.iter().map(pb::FigureGroup::tier).collect(), answer.limits_version)
}

fn ids(answer: &pb::GetPublicFiguresResponse) -> Vec<&str> {
    answer.figures.iter().map(|figure| figure.figure_id.as_str()).collect()
}

both_engines! {
    async fn answers_name_the_version_of_the_limits_that_they_go_by(app: TestSuite) {
        let mut anybody = FigureServiceClient::new(app.anonymous());
        let listed = anybody.list_figures(pb::ListFiguresRequest {}).await.unwrap().into_inner();
        assert_eq!(listed.limits_version, 1);
        assert_eq!(public(app).await.limits_version, 0, "nothing was reckoned yet");
        closed(app).await;
        app.settle().await;
        assert_eq!(public(app).await.limits_version, 1);
        assert_eq!(tiers(app).await, (vec![pb::FigureTier::Unranked], 1));
    }
}

async fn a_configured_file_decides_ranks_and_what_the_public_sees(engine: Engine) {
    let app = &start(engine, &ours()).await.unwrap();
    for _ in 0..3 {
        closed(app).await;
    }
    // Three issues are enough for a rank.
    assert_eq!(tiers(app).await, (vec![pb::FigureTier::Third], 2));
    app.settle().await;
    many_firms(app).await;
    app.clock.advance(TimeDelta::hours(1));
    app.settle().await;
    let shown = public(app).await;
    assert_eq!((ids(&shown), shown.limits_version), (vec!["M1", "M2"], 2));
    // Nineteen firms and the dairy are twenty, but no category is of so many.
    let completion = &shown.figures[0];
    assert!(completion.categories.iter().all(|cell| cell.hidden), "{completion:?}");
}

async fn newer_limits_hold_for_the_public_at_once_and_older_ones_wait(engine: Engine) {
    let app = &start(engine, &ours()).await.unwrap();
    closed(app).await;
    app.settle().await;
    let published_by = async |version: i64| {
        let mut tx = db(app).begin().await.unwrap();
        let sql = "UPDATE figure_progress SET published_limits = $1 WHERE only_row = 1";
        store::execute!(&mut tx, "say which limits they were by", sql, version).unwrap();
        tx.commit().await.unwrap();
        app.settle().await;
        public(app).await.limits_version
    };
    assert_eq!(published_by(1).await, 2, "a newer file does not wait for the hour");
    assert_eq!(published_by(3).await, 3, "a replica with an older file takes nothing back");
    app.clock.advance(TimeDelta::hours(1));
    app.settle().await;
    assert_eq!(public(app).await.limits_version, 2);
}

async fn a_faulty_file_keeps_the_service_from_starting(engine: Engine) {
    let faulty = BUILT_IN.replace("min_firms = 5", "min_firms = 1");
    let refused = match start(engine, &faulty).await {
        Ok(_) => "started".to_owned(),
        Err(error) => format!("{error:#}"),
    };
    assert!(refused.ends_with("line 19: public.min_firms: must be at least 5"), "{refused}");
}

macro_rules! on_both {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(testkit::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(testkit::Engine::Postgres).await;
            }
        }
    )*};
}

on_both! {
    a_configured_file_decides_ranks_and_what_the_public_sees
    newer_limits_hold_for_the_public_at_once_and_older_ones_wait
    a_faulty_file_keeps_the_service_from_starting
}
