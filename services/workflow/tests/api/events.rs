use chrono::TimeDelta;
use prost::{Message, Name};
use proto::workflow::v1 as pb;
use testkit::TestSuite;

use crate::{
    rulings::{helper, leader, signed, uphold},
    world::*,
};

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
pub async fn last<M: Message + Name + Default>(app: &TestSuite) -> M {
    let rows = told(app).await;
    let row = rows.iter().rev().find(|row| row.r#type == M::full_name()).unwrap();
    M::decode(row.data.as_slice()).unwrap()
}

/// When the newest clock of that kind is due.
fn due(issue: &pb::Issue, id: &str) -> Option<prost_types::Timestamp> {
    let of = |clock: &&pb::Clock| clock.clock.split('.').next() == Some(id);
    issue.clocks.iter().rev().find(of).unwrap().due_time
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

    async fn until_when_somebody_has_to_act_is_told_with_the_step(app: TestSuite) {
        let issue = liaison(app).request_return(&signed(app).await).await.unwrap();
        app.clock.advance(TimeDelta::minutes(30));
        let issue = uphold(app, &issue, TRAFFIC).await.unwrap();
        let upheld: pb::ReturnUpheld = last(app).await;
        assert_eq!(upheld.returning_department_id, HOUSING.to_string());
        assert!(upheld.sign_until_time.is_some());
        assert_eq!(upheld.sign_until_time, due(&issue, "C1"));

        let issue = liaison(app).reject_out_of_scope(&submitted(app).await).await.unwrap();
        let rejected: pb::ScopeRejected = last(app).await;
        assert!(rejected.appealable && rejected.appeal_until_time.is_some());
        let issue = owner(app).appeal_scope(&issue).await.unwrap();
        operator(app).reject_out_of_scope(&issue).await.unwrap();
        let rejected: pb::ScopeRejected = last(app).await;
        assert_eq!((rejected.appealable, rejected.appeal_until_time), (false, None));

        let issue = leader(app).instruct_issue(&in_progress(app).await).await.unwrap();
        let instructed: pb::IssueInstructed = last(app).await;
        assert!(instructed.answer_until_time.is_some());
        assert_eq!(instructed.answer_until_time, due(&issue, "C12"));
        let issue = liaison(app).add_co_section(&issue).await.unwrap();
        let added: pb::CoSectionAdded = last(app).await;
        assert!(added.reply_until_time.is_some());
        assert_eq!(added.reply_until_time, due(&issue, "C13"));
    }

    async fn the_sections_that_help_are_named_with_what_is_for_them(app: TestSuite) {
        let issue = liaison(app).add_co_section(&in_progress(app).await).await.unwrap();
        for (who, audience, readers) in [
            (liaison(app), pb::CommentAudience::Firm, vec![BUDGET.to_string()]),
            (handler(app), pb::CommentAudience::Joint, vec![BUDGET.to_string()]),
            (handler(app), pb::CommentAudience::Department, vec![]),
            (helper(app), pb::CommentAudience::Department, vec![BUDGET.to_string()]),
            (auditor(app), pb::CommentAudience::Audit, vec![]),
        ] {
            who.comment(&issue, audience, "请看").await.unwrap();
            assert_eq!(last::<pb::IssueCommented>(app).await.co_section_ids, readers, "{audience:?}");
        }

        app.clock.advance(TimeDelta::days(10));
        app.settle().await;
        let rungs = told(app).await;
        let rungs = rungs.iter().filter(|row| row.r#type == pb::ClockRungReached::full_name());
        let mut names = [0, 0];
        for rung in rungs.map(|row| pb::ClockRungReached::decode(row.data.as_slice()).unwrap()) {
            let helps = rung.clock.starts_with("C13");
            let section = if helps { BUDGET.to_string() } else { String::new() };
            let department = if helps { FINANCE.to_string() } else { String::new() };
            assert_eq!((rung.co_section_id, rung.co_department_id), (section, department), "{}", rung.clock);
            names[usize::from(helps)] += 1;
        }
        assert!(names.iter().all(|n| 0 < *n), "{names:?}");
    }
}
