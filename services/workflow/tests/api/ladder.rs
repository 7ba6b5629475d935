use chrono::TimeDelta;
use prost::{Message as _, Name as _};
use proto::workflow::v1 as pb;
use testkit::{Engine, TestSuite};
use tonic::Code;

use crate::world::*;

/// Everything that was told of rungs, as "C1 half", in the order in which it was told.
async fn told(app: &TestSuite) -> Vec<pb::ClockRungReached> {
    let mut tx = db(app).snapshot().await.unwrap();
    let rows = store::rows!(
        &mut tx,
        "read the rungs told of",
        (Vec<u8>,),
        "SELECT data FROM outbox WHERE type = $1 ORDER BY seq",
        pb::ClockRungReached::full_name()
    )
    .unwrap();
    tx.commit().await.unwrap();
    rows.iter().map(|(data,)| pb::ClockRungReached::decode(data.as_slice()).unwrap()).collect()
}

fn names(told: &[pb::ClockRungReached]) -> Vec<String> {
    told.iter().map(|told| format!("{} {}", told.clock, told.rung)).collect()
}

async fn n_rungs(app: &TestSuite) -> i64 {
    let mut tx = db(app).snapshot().await.unwrap();
    let n = store::scalar!(&mut tx, "count the rungs", i64, "SELECT COUNT(*) FROM rung").unwrap();
    tx.commit().await.unwrap();
    n
}

both_engines! {
    async fn a_clock_climbs_its_ladder_rung_by_rung_and_each_once(app: TestSuite) {
        let issue = submitted(app).await;
        app.settle().await;
        assert_eq!(names(&told(app).await), Vec::<String>::new());
        app.clock.advance(TimeDelta::hours(1) + TimeDelta::microseconds(1));
        for _ in 0..3 {
            app.settle().await;
            assert_eq!(names(&told(app).await), ["C1 half"]);
        }
        // What is done at the due time is done in time.
        app.clock.set("2026-03-02T11:00:00+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!(names(&told(app).await), ["C1 half"]);
        app.clock.advance(TimeDelta::microseconds(1));
        app.settle().await;
        assert_eq!(names(&told(app).await), ["C1 half", "C1 due"]);
        app.clock.advance(TimeDelta::days(1));
        app.settle().await;
        assert_eq!(names(&told(app).await), ["C1 half", "C1 due", "C1 urge"]);

        let told = told(app).await;
        let (half, due) = (&told[0], &told[1]);
        assert_eq!((half.light(), half.notify().collect::<Vec<_>>()), (pb::Light::Yellow, vec![pb::NotifyTarget::Holder]));
        let told_at_due = [pb::NotifyTarget::Holder, pb::NotifyTarget::Liaison, pb::NotifyTarget::SectionHead];
        assert_eq!(due.notify().collect::<Vec<_>>(), told_at_due);
        assert_eq!((due.co_section_id.as_str(), due.co_department_id.as_str()), ("", ""));
        let parties = due.issue.as_ref().unwrap();
        assert_eq!((&parties.issue_id, parties.actor_party()), (&issue.issue_id, pb::IssueParty::System));
        assert_eq!((parties.liaison_id.clone(), parties.actor_id.as_str()), (LIAISON.to_string(), ""));
        // An etag that was read before still holds.
        liaison(app).sign_issue(&issue).await.unwrap();
    }

    async fn what_has_reached_a_rung_is_listed_while_the_clock_runs(app: TestSuite) {
        let issue = submitted(app).await;
        submitted(app).await;
        let signed = liaison(app).sign_issue(&issue).await.unwrap();
        let listed = async |rung: &str| {
            let filter = pb::IssueFilter { rungs: vec![rung.to_owned()], ..Default::default() };
            let list = operator(app).list(filter.clone()).await.unwrap();
            assert_eq!(operator(app).count(filter).await.unwrap().total_count, list.total_count);
            list.issues.iter().map(|issue| issue.issue_id.clone()).collect::<Vec<_>>()
        };
        app.clock.set("2026-03-02T17:00:00+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!(listed("due").await.len(), 2);
        app.clock.set("2026-03-03T09:00:00+08:00".parse().unwrap());
        let dispatched = liaison(app).dispatch_issue(&signed).await.unwrap();
        assert!(!listed("due").await.contains(&issue.issue_id), "its clock has stopped");
        app.clock.set("2026-03-20T09:00:00+08:00".parse().unwrap());
        app.settle().await;
        assert!(listed("listed").await.contains(&issue.issue_id));
        assert_eq!(listed("half").await.len(), 2);
        let accepted = handler(app).accept_issue(&dispatched).await.unwrap();
        handler(app).ask_firm(&accepted).await.unwrap();
        assert!(!listed("listed").await.contains(&issue.issue_id), "its clocks are paused");
        let filter = pb::IssueFilter { rungs: vec!["not a code".to_owned()], ..Default::default() };
        assert_eq!(refusal(operator(app).list(filter).await), was(Code::InvalidArgument, "FIELD_INVALID"));
    }

    async fn an_issue_that_nobody_holds_climbs_too(app: TestSuite) {
        owner(app).submit(DAIRY, "other").await.unwrap();
        app.clock.advance(TimeDelta::days(1));
        app.settle().await;
        let told = told(app).await;
        assert_eq!(names(&told), ["C0 half", "C0 due"]);
        assert_eq!(told[1].issue.as_ref().unwrap().department_id, "");
        assert_eq!(told[1].notify().collect::<Vec<_>>(), [pb::NotifyTarget::Holder, pb::NotifyTarget::Operator]);
    }

    async fn the_section_that_has_to_answer_a_task_is_told_of_its_clock(app: TestSuite) {
        let issue = liaison(app).add_co_section(&in_progress(app).await).await.unwrap();
        handler(app).record_contact(&issue).await.unwrap();
        app.clock.set("2026-03-06T00:00:00+08:00".parse().unwrap());
        app.settle().await;
        let of_task: Vec<_> = told(app).await.into_iter().filter(|told| told.clock == "C13").collect();
        assert_eq!(names(&of_task), ["C13 half", "C13 yellow", "C13 due"]);
        for told in &of_task {
            assert_eq!(told.notify().next(), Some(pb::NotifyTarget::CoSection), "{told:?}");
            let helps = (told.co_section_id.clone(), told.co_department_id.clone());
            assert_eq!(helps, (BUDGET.to_string(), FINANCE.to_string()));
            assert_eq!(told.issue.as_ref().unwrap().section_id, ROADS.to_string());
        }
    }

    async fn a_clock_that_has_stopped_reaches_no_rung(app: TestSuite) {
        let issue = submitted(app).await;
        app.clock.advance(TimeDelta::minutes(90));
        // Nothing has looked at the issue since half the time was over.
        let issue = liaison(app).sign_issue(&issue).await.unwrap();
        let issue = liaison(app).dispatch_issue(&issue).await.unwrap();
        let issue = handler(app).accept_issue(&issue).await.unwrap();
        handler(app).record_contact(&issue).await.unwrap();
        app.clock.advance(TimeDelta::days(60));
        app.settle().await;
        assert_eq!(
            names(&told(app).await),
            ["C4 half", "C4 yellow", "C4 due", "C4 urge", "C4 listed"]
        );
    }

    async fn replicas_that_climb_at_once_reach_each_rung_once(app: TestSuite) {
        for _ in 0..20 {
            submitted(app).await;
        }
        app.clock.advance(TimeDelta::days(1));
        tokio::join!(app.settle(), app.settle(), app.settle());
        // Half and due of C1.
        assert_eq!((told(app).await.len(), n_rungs(app).await), (40, 40));
    }

    async fn a_set_of_issues_takes_no_statement_for_each(app: TestSuite) {
        let mut n_told = 0;
        let mut n_statements = Vec::new();
        for n_issues in [1, 61] {
            for _ in 0..n_issues {
                submitted(app).await;
            }
            app.settle().await;
            app.clock.advance(TimeDelta::hours(1) + TimeDelta::seconds(1));
            let before = db(app).counters().statements;
            app.settle().await;
            n_statements.push(db(app).counters().statements - before);
            n_told += n_issues;
            assert!(n_told <= told(app).await.len());
        }
        // SQLite takes the rows of a set one by one, and has no round trips to save.
        if app.engine == Engine::Postgres {
            assert!(n_statements[1] < n_statements[0] + 60, "{n_statements:?} statements for 1 and 61 issues");
        }
    }

    async fn the_window_for_rating_lapses_and_the_issue_stays_unrated(app: TestSuite) {
        let issue = fed_back(app).await;
        let window = issue.clocks.iter().find(|clock| clock.clock == "C6").unwrap().due_time.unwrap();
        let until = kernel::Timestamp::from_timestamp(window.seconds, 0).unwrap();
        app.clock.set(until);
        app.settle().await;
        assert_eq!(owner(app).get(&issue).await.unwrap().state(), pb::IssueState::FedBack);
        app.clock.advance(TimeDelta::microseconds(1));
        app.settle().await;
        let lapsed = operator(app).get(&issue).await.unwrap();
        assert_eq!((lapsed.state(), lapsed.ratings.len()), (pb::IssueState::PendingAudit, 0));
        // The firm was reminded twice before.
        assert_eq!(names(&told(app).await), ["C6 reminder_1", "C6 reminder_2"]);
        let late = owner(app).rate(&lapsed, 5).await;
        assert_eq!(refusal(late).1, "TRANSITION_NOT_ALLOWED");
        auditor(app).pass(&lapsed).await.unwrap();
    }

    async fn what_fell_due_while_nothing_ran_is_made_up_for(app: TestSuite) {
        let issue = fed_back(app).await;
        app.clock.advance(TimeDelta::days(30));
        app.settle().await;
        assert_eq!(names(&told(app).await), ["C6 reminder_1", "C6 reminder_2"]);
        assert_eq!(operator(app).get(&issue).await.unwrap().state(), pb::IssueState::PendingAudit);
    }

    async fn an_issue_that_cannot_be_dealt_with_keeps_no_other_waiting(app: TestSuite) {
        let broken = submitted(app).await;
        submitted(app).await;
        let id: uuid::Uuid = broken.issue_id.parse().unwrap();
        let mut tx = db(app).begin().await.unwrap();
        let sql = "UPDATE issue SET fold = $2, wake_at = $3 WHERE issue_id = $1";
        store::execute!(&mut tx, "break the row", sql, id, serde_json::json!({}), app.now()).unwrap();
        tx.commit().await.unwrap();
        app.clock.advance(TimeDelta::hours(1) + TimeDelta::seconds(1));
        app.settle().await;
        assert_eq!(names(&told(app).await), ["C1 half"]);
    }
}
