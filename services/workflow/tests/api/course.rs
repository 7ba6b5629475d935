use chrono::TimeDelta;
use proto::workflow::v1 as pb;
use testkit::TestSuite;

use crate::world::*;

both_engines! {
    async fn an_issue_goes_from_submission_to_close(app: TestSuite) {
        let issue = submitted(app).await;
        assert_eq!((issue.number.as_str(), issue.state()), ("QQ-2026-000001", pb::IssueState::Submitted));
        assert_eq!((issue.department_id, issue.liaison_id), (HOUSING.to_string(), LIAISON.to_string()));
        assert_eq!((issue.manager_id, issue.raised_by_id), (WANG.to_string(), OWNER.to_string()));
        assert!(issue.description.starts_with("厂门口"));

        let issue = in_progress(app).await;
        assert_eq!((issue.number.as_str(), issue.state()), ("QQ-2026-000002", pb::IssueState::InProgress));
        assert_eq!((issue.section_id.clone(), issue.handler_id.clone()), (ROADS.to_string(), HANDLER.to_string()));
        app.clock.advance(TimeDelta::minutes(20));
        let issue = handler(app).record_contact(&issue).await.unwrap();
        let issue = handler(app).record_progress(&issue).await.unwrap();
        let issue = handler(app).record_interim_measure(&issue).await.unwrap();
        assert_eq!(issue.state(), pb::IssueState::InProgress);
        let issue = handler(app).plan_issue(&issue).await.unwrap();
        let issue = handler(app).replan_issue(&issue).await.unwrap();
        assert_eq!(issue.plan.as_ref().unwrap().committed_date, date("05-15"));
        let issue = handler(app).reply_issue(&issue).await.unwrap();
        let issue = liaison(app).feed_back_issue(&issue).await.unwrap();
        assert_eq!(issue.reply.as_ref().unwrap().text, "警示标志已安装");
        let issue = owner(app).rate(&issue, 5).await.unwrap();
        assert_eq!(issue.state(), pb::IssueState::PendingAudit);
        app.clock.advance(TimeDelta::minutes(40));
        let issue = auditor(app).pass(&issue).await.unwrap();
        assert_eq!((issue.state(), issue.light()), (pb::IssueState::Closed, pb::Light::Off));
        assert_eq!(issue.open_seconds, 3_600);
        assert_eq!(issue.clocks.iter().map(|clock| clock.clock.as_str()).collect::<Vec<_>>(),
            ["C1", "C4", "C2", "C3", "C11", "C11.2", "C5", "C6", "C7"]);
        assert!(issue.clocks.iter().all(|clock| clock.stop_time.is_some() && !clock.late));
        assert_eq!(issue.ratings[0].stars, 5);

        assert_eq!(owner(app).get(&issue).await.unwrap(), issue);
    }

    async fn what_was_dissatisfying_is_rectified_and_may_be_reopened(app: TestSuite) {
        let issue = owner(app).rate(&fed_back(app).await, 1).await.unwrap();
        assert_eq!(issue.state(), pb::IssueState::Rectifying);
        let issue = handler(app).reply_issue(&issue).await.unwrap();
        let issue = liaison(app).send_back_reply(&issue).await.unwrap();
        assert_eq!(issue.state(), pb::IssueState::Rectifying);
        let issue = handler(app).reply_issue(&issue).await.unwrap();
        let issue = liaison(app).feed_back_issue(&issue).await.unwrap();
        let issue = owner(app).dispute_issue(&issue).await.unwrap();
        let issue = handler(app).reply_issue(&issue).await.unwrap();
        let issue = liaison(app).feed_back_issue(&issue).await.unwrap();
        let issue = owner(app).rate(&issue, 4).await.unwrap();
        let issue = auditor(app).fail(&issue).await.unwrap();
        assert_eq!(issue.state(), pb::IssueState::InProgress);
        let issue = handler(app).reply_issue(&issue).await.unwrap();
        let issue = liaison(app).feed_back_issue(&issue).await.unwrap();
        let issue = owner(app).rate(&issue, 5).await.unwrap();
        let issue = auditor(app).pass(&issue).await.unwrap();
        let issue = owner(app).reopen_issue(&issue).await.unwrap();
        assert_eq!((issue.state(), issue.close_time), (pb::IssueState::InProgress, None));
        let counts = issue.counts.unwrap();
        assert_eq!((counts.rectifications, counts.send_backs, counts.audit_failures, counts.reopens), (2, 1, 1, 1));
        assert_eq!(issue.clocks.last().unwrap().clock, "C8.3");
    }

    async fn an_objection_goes_back_to_the_liaison_and_refreshes_no_clock(app: TestSuite) {
        let issue = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        let issue = liaison(app).dispatch_issue(&issue).await.unwrap();
        let due = |issue: &pb::Issue, key: &str| {
            issue.clocks.iter().find(|clock| clock.clock == key).unwrap().due_time
        };
        app.clock.advance(TimeDelta::hours(1));
        let objected = handler(app).object_issue(&issue).await.unwrap();
        assert_eq!(objected.state(), pb::IssueState::Signed);
        for key in ["C2", "C4"] {
            assert_eq!(due(&objected, key), due(&issue, key), "{key}");
        }
        let again = liaison(app).dispatch_issue(&objected).await.unwrap();
        assert_eq!(due(&again, "C3"), due(&issue, "C3"));
    }

    async fn an_urge_is_counted_moves_no_clock_and_leaves_the_etag(app: TestSuite) {
        let issue = submitted(app).await;
        let urged = owner(app).urge_issue(&issue).await.unwrap();
        assert_eq!((urged.counts.unwrap().urges, &urged.etag), (1, &issue.etag));
        assert_eq!(urged.clocks, issue.clocks);
        liaison(app).sign_issue(&issue).await.unwrap();
    }

    async fn the_firm_reads_a_reply_only_once_it_was_fed_back(app: TestSuite) {
        let issue = handler(app).reply_issue(&in_progress(app).await).await.unwrap();
        assert_eq!(issue.reply.as_ref().unwrap().text, "警示标志已安装");
        let seen = owner(app).get(&issue).await.unwrap();
        assert_eq!((seen.state(), seen.reply), (pb::IssueState::Replied, None));
        let listed = owner(app).list(pb::IssueFilter::default()).await.unwrap();
        assert_eq!(listed.issues[0].reply, None);
        let issue = liaison(app).feed_back_issue(&issue).await.unwrap();
        assert_eq!(owner(app).get(&issue).await.unwrap().reply, issue.reply);
    }
}
