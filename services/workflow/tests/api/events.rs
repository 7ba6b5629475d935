use chrono::TimeDelta;
use prost::{Message, Name};
use proto::workflow::v1 as pb;
use testkit::TestSuite;

use crate::world::*;

#[derive(sqlx::FromRow)]
struct Told {
    r#type: String,
    subject: String,
    subject_version: i64,
    data: Vec<u8>,
}

/// What was put into the outbox. Readers of the feed get it in the same order, a little later: when no older
/// transaction of anybody is open.
async fn told(app: &TestSuite) -> Vec<Told> {
    let mut tx = db(app).snapshot().await.unwrap();
    let sql = "SELECT type, subject, subject_version, data FROM outbox ORDER BY seq";
    store::rows!(&mut tx, "read the outbox", Told, sql).unwrap()
}

/// The last event of a kind.
async fn last<M: Message + Name + Default>(app: &TestSuite) -> M {
    let rows = told(app).await;
    let row = rows.iter().rev().find(|row| row.r#type == M::full_name()).unwrap();
    M::decode(row.data.as_slice()).unwrap()
}

both_engines! {
    async fn every_step_is_told_in_order(app: TestSuite) {
        let issue = closed(app).await;
        let rows = told(app).await;
        let names: Vec<_> = rows.iter().map(|row| row.r#type.rsplit('.').next().unwrap()).collect();
        assert_eq!(names, [
            "IssueSubmitted", "IssueSigned", "IssueDispatched", "IssueAccepted", "IssueContacted", "IssueReplied",
            "IssueFedBack", "IssueRated", "IssueAudited", "IssueClosed",
        ]);
        let versions: Vec<_> = rows.iter().map(|row| row.subject_version).collect();
        assert_eq!(versions, (1..=10).collect::<Vec<_>>());
        assert!(rows.iter().all(|row| row.subject == format!("issue/{}", issue.issue_id)));
        // What others are told has no words in it.
        for row in &rows {
            let text = String::from_utf8_lossy(&row.data);
            assert!(!text.contains("S328") && !text.contains("警示") && !text.contains("谢谢"), "{}", row.r#type);
        }
        let closed: pb::IssueClosed = last(app).await;
        assert_eq!((closed.solved, closed.stars, closed.on_time, closed.reopens), (true, 5, true, 0));
        let parties = closed.issue.unwrap();
        assert_eq!((parties.actor_id, parties.handler_id), (AUDITOR.to_string(), HANDLER.to_string()));
        assert_eq!(parties.actor_party, i32::from(pb::IssueParty::Auditor));
    }

    async fn a_late_step_is_told_as_late(app: TestSuite) {
        let issue = submitted(app).await;
        // Two working hours from 09:00; half past one is half an hour of lunch and half an hour of work later.
        app.clock.advance(TimeDelta::hours(5));
        liaison(app).sign_issue(&issue).await.unwrap();
        let signed: pb::IssueSigned = last(app).await;
        assert_eq!((signed.on_time, signed.late_working_seconds), (false, 5_400));
    }

    async fn who_manages_the_firm_at_the_time_is_told(app: TestSuite) {
        appointed(app, LI, DAIRY, "03-01").await;
        liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        let signed: pb::IssueSigned = last(app).await;
        assert_eq!(signed.issue.unwrap().manager_id, LI.to_string());
    }

    async fn a_second_dispatch_and_an_objection_are_told_as_such(app: TestSuite) {
        let issue = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        let issue = liaison(app).dispatch_issue(&issue).await.unwrap();
        assert!(!last::<pb::IssueDispatched>(app).await.again);
        let issue = handler(app).object_issue(&issue).await.unwrap();
        assert_eq!(last::<pb::IssueObjected>(app).await.objecting_section_id, ROADS.to_string());
        liaison(app).dispatch_issue(&issue).await.unwrap();
        assert!(last::<pb::IssueDispatched>(app).await.again);
    }

    async fn what_was_rectified_is_told_as_such(app: TestSuite) {
        let issue = owner(app).rate(&fed_back(app).await, 1).await.unwrap();
        let rated: pb::IssueRated = last(app).await;
        assert_eq!((rated.round, rated.low, rated.rectified, rated.speed, rated.attitude), (1, true, false, 4, 0));
        let issue = handler(app).reply_issue(&issue).await.unwrap();
        assert_eq!(last::<pb::IssueReplied>(app).await.stopped_clock, "C8");
        let issue = liaison(app).feed_back_issue(&issue).await.unwrap();
        owner(app).rate(&issue, 5).await.unwrap();
        let rated: pb::IssueRated = last(app).await;
        assert_eq!((rated.round, rated.low, rated.rectified), (2, false, true));
    }

    async fn an_older_word_of_the_registry_changes_nothing(app: TestSuite) {
        let issue = submitted(app).await;
        let appointment = appointed(app, WANG, DAIRY, "03-01").await;
        ended(app, appointment, (WANG, DAIRY), ("03-01", "03-02")).await;
        assert!(manager(app, WANG).get(&issue).await.is_err());
    }
}
