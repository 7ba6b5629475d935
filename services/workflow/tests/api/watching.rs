use futures::StreamExt as _;
use proto::workflow::v1 as pb;
use testkit::TestSuite;
use tonic::Code;

use crate::world::*;

both_engines! {
    async fn whoever_watches_sees_each_step_that_is_in_sight(app: TestSuite) {
        let issue = submitted(app).await;
        let all = pb::WatchIssuesRequest::default();
        let mut own = owner(app).issues().watch_issues(all.clone()).await.unwrap().into_inner();
        let mut theirs = steel_owner(app).issues().watch_issues(all).await.unwrap().into_inner();
        let signed = liaison(app).sign_issue(&issue).await.unwrap();
        let other = steel_owner(app).submit(STEEL, "other").await.unwrap();
        liaison(app).dispatch_issue(&signed).await.unwrap();

        let first = own.next().await.unwrap().unwrap();
        assert_eq!((&first.issue_id, first.action()), (&issue.issue_id, pb::IssueAction::Sign));
        assert_eq!((first.state(), first.etag), (pb::IssueState::Signed, signed.etag));
        let second = own.next().await.unwrap().unwrap();
        assert_eq!((&second.issue_id, second.action()), (&issue.issue_id, pb::IssueAction::Dispatch));
        let seen = theirs.next().await.unwrap().unwrap();
        assert_eq!((&seen.issue_id, seen.state()), (&other.issue_id, pb::IssueState::Triage));
    }

    async fn one_issue_may_be_watched_alone(app: TestSuite) {
        let (issue, other) = (submitted(app).await, submitted(app).await);
        let only = pb::WatchIssuesRequest { issue_id: other.issue_id.clone() };
        let mut watched = owner(app).issues().watch_issues(only.clone()).await.unwrap().into_inner();
        liaison(app).sign_issue(&issue).await.unwrap();
        liaison(app).sign_issue(&other).await.unwrap();
        assert_eq!(watched.next().await.unwrap().unwrap().issue_id, other.issue_id);
        let hidden = steel_owner(app).issues().watch_issues(only).await;
        assert_eq!(testkit::reason(&hidden.unwrap_err()), was(Code::NotFound, "ISSUE_NOT_FOUND"));
    }
}
