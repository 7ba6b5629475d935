//! How many files, and how much of them.

use chrono::TimeDelta;
use rpc::Limits;
use testkit::{Engine, TestSuite};
use tonic::Code;

use crate::{files::*, world::*};

async fn start(engine: Engine) -> TestSuite {
    let modules = [qinqing_workflow::spec(), identity(), registry()];
    TestSuite::start_configured(engine, &modules, Limits::default(), |config| {
        config.workflow.attachments.max_per_issue = 3;
        config.workflow.attachments.firm_quota_mib = 1;
    })
    .await
    .unwrap()
}

async fn an_issue_and_a_firm_have_room_for_so_much(engine: Engine) {
    let app = &start(engine).await;
    let issue = submitted(app).await;
    let text = |kib: usize| upload(app, &issue.issue_id, "a.txt", &vec![b'x'; kib << 10]);
    owner(app).upload(text(600)).await.unwrap();
    let full = was(Code::FailedPrecondition, "ATTACHMENT_QUOTA_EXCEEDED");
    assert_eq!(refusal(owner(app).upload(text(600)).await), full);
    // What the office writes takes nothing of the firm's room.
    liaison(app).upload(text(600)).await.unwrap();

    // Of two that come at once for the last place, and the last room, one gets it.
    let (a, b) = (owner(app), agent(app));
    let (one, two) = tokio::join!(a.upload(text(300)), b.upload(text(300)));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    let many = was(Code::FailedPrecondition, "ATTACHMENTS_TOO_MANY");
    assert_eq!(refusal(liaison(app).upload(text(1)).await), many);

    // Bytes of uploads that were refused in the end belong to nobody, and go.
    assert!(n_kept(app) > 3);
    app.clock.advance(TimeDelta::minutes(61));
    app.settle().await;
    assert_eq!(n_kept(app), 3);
    let listed = auditor(app).list_files(&issue).await.unwrap();
    assert_eq!(listed.total_count, 3);
    for file in listed.attachments {
        auditor(app).download(&file).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issue_and_a_firm_have_room_for_so_much_sqlite() {
    an_issue_and_a_firm_have_room_for_so_much(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issue_and_a_firm_have_room_for_so_much_postgres() {
    an_issue_and_a_firm_have_room_for_so_much(Engine::Postgres).await;
}
