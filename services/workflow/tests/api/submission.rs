use proto::workflow::v1::{self as pb, issue_service_client::IssueServiceClient};
use testkit::TestSuite;
use tonic::Code;

use crate::world::*;

both_engines! {
    async fn what_is_raised_on_behalf_is_flagged_once_the_firm_has_not_confirmed_in_time(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        let issue = manager(app, WANG).submit(DAIRY, "municipal_facilities").await.unwrap();
        assert_eq!(issue.raised_by_party(), pb::IssueParty::Manager);
        assert_eq!(issue.confirmation(), pb::Confirmation::Awaited);
        let filter = || pb::IssueFilter { unconfirmed_only: true, ..Default::default() };
        assert_eq!(owner(app).count(filter()).await.unwrap().total_count, 0, "there is time until 4 March");
        app.clock.set("2026-03-04T17:30:00+08:00".parse().unwrap());
        assert_eq!(owner(app).count(filter()).await.unwrap().total_count, 0);
        app.clock.advance(chrono::TimeDelta::microseconds(1));
        assert_eq!(owner(app).count(filter()).await.unwrap().total_count, 1);
        assert_eq!(owner(app).get(&issue).await.unwrap().confirmation(), pb::Confirmation::Unconfirmed);
        let issue = owner(app).confirm_issue(&issue).await.unwrap();
        assert_eq!(issue.confirmation(), pb::Confirmation::Confirmed);
        assert_eq!(owner(app).count(filter()).await.unwrap().total_count, 0);
        assert_eq!(
            refusal(owner(app).confirm_issue(&issue).await),
            was(Code::FailedPrecondition, "NOTHING_TO_CONFIRM")
        );
    }

    async fn a_machine_client_passes_an_issue_on(app: TestSuite) {
        let mut client = IssueServiceClient::new(app.client(&["issues.submit"]));
        let request = submission(app, STEEL, "municipal_facilities");
        let issue = client.submit_issue(request).await.unwrap().into_inner().issue.unwrap();
        assert_eq!((issue.raised_by_party(), issue.raised_by_id.as_str()), (pb::IssueParty::Client, ""));
        assert_eq!(issue.manager_id, "");
        let request = pb::GetIssueRequest { issue_id: issue.issue_id };
        assert_eq!(refusal(client.get_issue(request).await), was(Code::PermissionDenied, "NOT_PERMITTED"));
    }

    async fn what_routing_cannot_place_waits_for_an_operator(app: TestSuite) {
        // No rule for the category; nobody on duty in the department; no such department.
        for category in ["other", "funding", "labour"] {
            let issue = owner(app).submit(DAIRY, category).await.unwrap();
            assert_eq!((issue.state(), issue.department_id.as_str()), (pb::IssueState::Triage, ""), "{category}");
            let issue = operator(app).assign_issue(&issue).await.unwrap();
            assert_eq!((issue.state(), issue.liaison_id), (pb::IssueState::Submitted, LIAISON.to_string()));
        }
    }

    async fn an_operator_assigns_to_a_department_that_has_a_liaison(app: TestSuite) {
        let issue = owner(app).submit(DAIRY, "other").await.unwrap();
        let assign = async |department: String| {
            let request = pb::AssignIssueRequest {
                issue_id: issue.issue_id.clone(),
                department_id: department,
                etag: issue.etag.clone(),
                request_id: app.request_id(),
            };
            operator(app).issues().assign_issue(request).await
        };
        let unknown = assign(app.uuid().to_string()).await;
        assert_eq!(refusal(unknown), was(Code::NotFound, "DEPARTMENT_NOT_FOUND"));
        let empty = assign(FINANCE.to_string()).await;
        assert_eq!(refusal(empty), was(Code::FailedPrecondition, "DEPARTMENT_WITHOUT_LIAISON"));
    }

    async fn nobody_submits_for_a_firm_that_is_not_theirs(app: TestSuite) {
        let hidden = was(Code::NotFound, "ENTERPRISE_NOT_FOUND");
        let unknown = kernel::EnterpriseId::new(app.uuid());
        let category = "municipal_facilities";
        assert_eq!(refusal(steel_owner(app).submit(DAIRY, category).await), hidden);
        assert_eq!(refusal(steel_owner(app).submit(unknown, category).await), hidden);
        assert_eq!(refusal(manager(app, LI).submit(DAIRY, category).await), hidden);
        let former = person(app, OWNER, vec![access::RoleGrant::enterprise(RETIRED)]);
        assert_eq!(refusal(former.submit(RETIRED, category).await), hidden);
        assert_eq!(
            refusal(liaison(app).submit(DAIRY, category).await),
            was(Code::PermissionDenied, "NOT_PERMITTED")
        );
    }

    async fn every_bad_field_of_a_submission_is_named(app: TestSuite) {
        let request = pb::SubmitIssueRequest {
            enterprise_id: "x".to_owned(),
            category: "Land".to_owned(),
            title: "两\n行".to_owned(),
            description: " ".to_owned(),
            division_code: "33".to_owned(),
            request_id: app.request_id(),
            about_department_id: "x".to_owned(),
            confidential: false,
            draft_id: String::new(),
        };
        let status = owner(app).issues().submit_issue(request).await.unwrap_err();
        assert_eq!(
            testkit::bad_fields(&status),
            ["enterprise_id", "category", "title", "description", "division_code", "about_department_id"]
        );
        assert_eq!(
            refusal(owner(app).submit(DAIRY, "nonsense").await),
            was(Code::InvalidArgument, "CATEGORY_UNKNOWN")
        );
    }

    async fn a_number_is_given_out_once_and_none_is_left_out(app: TestSuite) {
        let firm = owner(app);
        let many = (0..8).map(|_| firm.submit(DAIRY, "municipal_facilities"));
        let issues = futures::future::try_join_all(many).await.unwrap();
        let mut numbers: Vec<_> = issues.into_iter().map(|issue| issue.number).collect();
        numbers.sort();
        assert_eq!(numbers, (1..=8).map(|n| format!("QQ-2026-{n:06}")).collect::<Vec<_>>());
    }

    async fn a_deadline_beyond_the_calendar_is_refused(app: TestSuite) {
        app.clock.set("2027-12-31T17:00:00+08:00".parse().unwrap());
        let refused = owner(app).submit(DAIRY, "municipal_facilities").await;
        assert_eq!(refusal(refused), was(Code::Unavailable, "CALENDAR_MISSING"));
    }
}
