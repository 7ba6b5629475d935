use access::{Role, RoleGrant};
use chrono::TimeDelta;
use proto::workflow::v1 as pb;
use testkit::TestSuite;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::*;

both_engines! {
    async fn a_step_out_of_turn_is_refused(app: TestSuite) {
        let issue = submitted(app).await;
        let refused = || was(Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED");
        assert_eq!(refusal(liaison(app).dispatch_issue(&issue).await), refused());
        assert_eq!(refusal(owner(app).rate(&issue, 5).await), refused());
        assert_eq!(refusal(auditor(app).pass(&issue).await), refused());
        assert_eq!(refusal(operator(app).assign_issue(&issue).await), refused());
    }

    async fn a_stale_etag_is_refused_with_the_present_one(app: TestSuite) {
        let issue = submitted(app).await;
        let signed = liaison(app).sign_issue(&issue).await.unwrap();
        let status = liaison(app).sign_issue(&issue).await.unwrap_err();
        assert_eq!(testkit::reason(&status), was(Code::Aborted, "STALE_ETAG"));
        assert_eq!(status.get_details_error_info().unwrap().metadata["etag"], signed.etag);
    }

    async fn whoever_has_to_do_with_an_issue_does_not_audit_it(app: TestSuite) {
        let issue = owner(app).rate(&fed_back(app).await, 5).await.unwrap();
        for (account, party) in [(LIAISON, "liaison"), (HANDLER, "handler"), (WANG, "manager"), (OWNER, "owner")] {
            let both = person(app, account, vec![RoleGrant::of(Role::Auditor)]);
            let refused = refusal(both.pass(&issue).await);
            assert_eq!(refused, was(Code::FailedPrecondition, "CONFLICT_OF_DUTY"), "{party}");
        }
        auditor(app).pass(&issue).await.unwrap();
    }

    async fn the_manager_of_the_firm_now_signs_none_of_its_issues(app: TestSuite) {
        appointed(app, LI, DAIRY, "03-01").await;
        let issue = submitted(app).await;
        let both = person(app, LI, vec![RoleGrant::liaison(HOUSING), RoleGrant::of(Role::Manager)]);
        assert_eq!(refusal(both.sign_issue(&issue).await), was(Code::FailedPrecondition, "CONFLICT_OF_DUTY"));
    }

    async fn a_section_of_another_department_takes_no_issue(app: TestSuite) {
        let issue = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        let dispatch = async |section: String| {
            let request = pb::DispatchIssueRequest {
                issue_id: issue.issue_id.clone(),
                section_id: section,
                note: String::new(),
                co_sections: Vec::new(),
                etag: issue.etag.clone(),
                request_id: app.request_id(),
            };
            liaison(app).issues().dispatch_issue(request).await
        };
        let elsewhere = dispatch(BUDGET.to_string()).await;
        assert_eq!(refusal(elsewhere), was(Code::FailedPrecondition, "SECTION_ELSEWHERE"));
        let unknown = dispatch(app.uuid().to_string()).await;
        assert_eq!(refusal(unknown), was(Code::NotFound, "SECTION_NOT_FOUND"));
    }

    async fn a_reply_keeps_to_what_its_outcome_asks_for(app: TestSuite) {
        let issue = in_progress(app).await;
        let reply = async |outcome: pb::Outcome| {
            let request = pb::ReplyIssueRequest {
                issue_id: issue.issue_id.clone(),
                outcome: outcome.into(),
                text: "答复".to_owned(),
                legal_basis: String::new(),
                override_note: String::new(),
                evidence_ids: Vec::new(),
                etag: issue.etag.clone(),
                request_id: app.request_id(),
            };
            handler(app).issues().reply_issue(request).await
        };
        let planned = reply(pb::Outcome::PlannedDelivered).await;
        assert_eq!(refusal(planned), was(Code::FailedPrecondition, "OUTCOME_NEEDS_PLAN"));
        let infeasible = reply(pb::Outcome::Infeasible).await;
        assert_eq!(refusal(infeasible), was(Code::InvalidArgument, "LEGAL_BASIS_MISSING"));
        let none = reply(pb::Outcome::Unspecified).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&none), ["outcome"]);
        reply(pb::Outcome::Explained).await.unwrap();
    }

    async fn a_plan_lies_ahead(app: TestSuite) {
        let issue = in_progress(app).await;
        let request = pb::PlanIssueRequest {
            issue_id: issue.issue_id.clone(),
            responsible_id: HANDLER.to_string(),
            committed_date: date("03-02"),
            note: "今天".to_owned(),
            etag: issue.etag.clone(),
            request_id: app.request_id(),
        };
        let refused = handler(app).issues().plan_issue(request).await;
        assert_eq!(refusal(refused), was(Code::InvalidArgument, "PLAN_DATE_PAST"));
    }

    async fn the_firm_urges_once_a_working_day(app: TestSuite) {
        let issue = submitted(app).await;
        owner(app).urge_issue(&issue).await.unwrap();
        assert_eq!(refusal(owner(app).urge_issue(&issue).await), was(Code::FailedPrecondition, "URGED_TODAY"));
        app.clock.advance(TimeDelta::days(1));
        owner(app).urge_issue(&issue).await.unwrap();
    }

    async fn what_is_over_is_over(app: TestSuite) {
        let (rated, closed) = (fed_back(app).await, closed(app).await);
        app.clock.advance(TimeDelta::days(30));
        let over = || was(Code::FailedPrecondition, "WINDOW_OVER");
        assert_eq!(refusal(owner(app).rate(&rated, 5).await), over());
        assert_eq!(refusal(owner(app).dispute_issue(&rated).await), over());
        assert_eq!(refusal(owner(app).reopen_issue(&closed).await), over());
    }

    async fn an_audit_fails_for_a_reason_of_the_pack(app: TestSuite) {
        let issue = owner(app).rate(&fed_back(app).await, 5).await.unwrap();
        let failed = pb::AuditDecision::Failed;
        let unknown = auditor(app).audit(&issue, failed, "nonsense", "不通过").await;
        assert_eq!(refusal(unknown), was(Code::InvalidArgument, "AUDIT_REASON_UNKNOWN"));
        let bare = auditor(app).audit(&issue, failed, "", "").await.unwrap_err();
        assert_eq!(testkit::bad_fields(&bare), ["failure_code", "note"]);
        let passed = auditor(app).audit(&issue, pb::AuditDecision::Passed, "not_solved", "").await.unwrap_err();
        assert_eq!(testkit::bad_fields(&passed), ["failure_code"]);
        let stars = owner(app).rate(&issue, 6).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&stars), ["stars"]);
    }
}
