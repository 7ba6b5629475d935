use access::{Role, RoleGrant};
use kernel::{DepartmentId, SectionId};
use proto::workflow::v1 as pb;
use testkit::TestSuite;
use tonic::{Code, Status};

use crate::world::*;

/// Everything that a caller can learn from a refusal, but for the id asked for.
fn shape(status: &Status, id: &str) -> (Code, String, String) {
    let details = String::from_utf8_lossy(status.details()).replace(id, "");
    (status.code(), status.message().replace(id, ""), details)
}

both_engines! {
    async fn what_is_hidden_looks_like_what_does_not_exist(app: TestSuite) {
        let issue = submitted(app).await;
        let nothing = pb::Issue { issue_id: app.uuid().to_string(), ..issue.clone() };
        let strangers = [
            steel_owner(app),
            manager(app, LI),
            person(app, LIAISON, vec![RoleGrant::liaison(DepartmentId::new(app.uuid()))]),
            person(app, HANDLER, vec![RoleGrant::section_handler(HOUSING, SectionId::new(app.uuid()))]),
        ];
        for stranger in strangers {
            let hidden = stranger.get(&issue).await.unwrap_err();
            let missing = stranger.get(&nothing).await.unwrap_err();
            assert_eq!(testkit::reason(&hidden), was(Code::NotFound, "ISSUE_NOT_FOUND"));
            assert_eq!(shape(&hidden, &issue.issue_id), shape(&missing, &nothing.issue_id));
            assert_eq!(stranger.list(pb::IssueFilter::default()).await.unwrap().total_count, 0);
        }
        let hidden = steel_owner(app).urge_issue(&issue).await.unwrap_err();
        let missing = steel_owner(app).urge_issue(&nothing).await.unwrap_err();
        assert_eq!(shape(&hidden, &issue.issue_id), shape(&missing, &nothing.issue_id));
    }

    async fn what_is_in_sight_but_not_theirs_to_do_is_refused_as_such(app: TestSuite) {
        let issue = submitted(app).await;
        let denied = || was(Code::PermissionDenied, "NOT_PERMITTED");
        // The operator sees every issue, and is liaison of another department.
        let elsewhere = vec![RoleGrant::of(Role::Operator), RoleGrant::liaison(FINANCE)];
        assert_eq!(refusal(person(app, OPERATOR, elsewhere).sign_issue(&issue).await), denied());
        assert_eq!(refusal(owner(app).sign_issue(&issue).await), denied());
        assert_eq!(refusal(auditor(app).sign_issue(&issue).await), denied());
    }

    async fn a_manager_sees_the_firm_while_appointed_to_it(app: TestSuite) {
        let issue = submitted(app).await;
        let seen = async |manager: &Person<'_>| {
            let n_listed = manager.list(pb::IssueFilter::default()).await.unwrap().total_count;
            let got = manager.get(&issue).await;
            assert_eq!(got.is_ok(), n_listed == 1);
            n_listed == 1
        };
        let (wang, li) = (manager(app, WANG), manager(app, LI));
        assert!(!seen(&wang).await);
        let appointment = appointed(app, WANG, DAIRY, "03-01").await;
        assert!(seen(&wang).await);
        wang.urge_issue(&issue).await.unwrap();

        // A handover as of the fourth.
        ended(app, appointment, (WANG, DAIRY), ("03-01", "03-04")).await;
        appointed(app, LI, DAIRY, "03-04").await;
        assert_eq!((seen(&wang).await, seen(&li).await), (true, false));
        app.clock.set("2026-03-03T23:59:59+08:00".parse().unwrap());
        assert_eq!((seen(&wang).await, seen(&li).await), (true, false));
        app.clock.set("2026-03-04T00:00:00+08:00".parse().unwrap());
        assert_eq!((seen(&wang).await, seen(&li).await), (false, true));
    }

    async fn an_office_loses_sight_of_what_it_gave_away(app: TestSuite) {
        let issue = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        let issue = liaison(app).dispatch_issue(&issue).await.unwrap();
        handler(app).get(&issue).await.unwrap();
        let issue = handler(app).object_issue(&issue).await.unwrap();
        assert_eq!(refusal(handler(app).get(&issue).await), was(Code::NotFound, "ISSUE_NOT_FOUND"));
        liaison(app).get(&issue).await.unwrap();
    }

    async fn next_actions_are_those_that_would_not_be_refused(app: TestSuite) {
        use pb::IssueAction as A;
        let issue = submitted(app).await;
        assert_eq!(liaison(app).next_actions(&issue).await.unwrap(), [A::Sign, A::RejectOutOfScope, A::Merge, A::Absorb, A::Comment]);
        assert_eq!(owner(app).next_actions(&issue).await.unwrap(), [A::RequestWithdrawal, A::Comment, A::Urge]);
        assert_eq!(operator(app).next_actions(&issue).await.unwrap(), [A::Merge, A::Absorb, A::Comment]);
        owner(app).urge_issue(&issue).await.unwrap();
        assert_eq!(owner(app).next_actions(&issue).await.unwrap(), [A::RequestWithdrawal, A::Comment]);
        let issue = in_progress(app).await;
        assert_eq!(
            handler(app).next_actions(&issue).await.unwrap(),
            [
                A::RecordContact,
                A::RecordProgress,
                A::RecordInterimMeasure,
                A::AskFirm,
                A::RequestExtension,
                A::Plan,
                A::Reply,
                A::Comment,
            ]
        );
        let hidden = steel_owner(app).next_actions(&issue).await;
        assert_eq!(refusal(hidden), was(Code::NotFound, "ISSUE_NOT_FOUND"));
    }
}
