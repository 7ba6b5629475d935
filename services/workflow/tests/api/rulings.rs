use access::{Role, RoleGrant};
use chrono::TimeDelta;
use kernel::DepartmentId;
use proto::workflow::v1::{self as pb, trail_service_client::TrailServiceClient};
use testkit::TestSuite;
use tonic::Code;

use crate::{events, world::*};

pub fn leader(app: &TestSuite) -> Person<'_> {
    person(app, account(701), vec![RoleGrant::of(Role::Leader)])
}

pub fn helper(app: &TestSuite) -> Person<'_> {
    person(app, account(402), vec![RoleGrant::section_handler(FINANCE, BUDGET)])
}

pub async fn signed(app: &TestSuite) -> pb::Issue {
    liaison(app).sign_issue(&submitted(app).await).await.unwrap()
}

pub async fn uphold(app: &TestSuite, issue: &pb::Issue, department: DepartmentId) -> Answer<pb::Issue> {
    let request = pb::RuleOnReturnRequest {
        issue_id: issue.issue_id.clone(),
        ruling: pb::ReturnRuling::Upheld.into(),
        department_id: department.to_string(),
        reason: "属于交通部门职责".to_owned(),
        etag: issue.etag.clone(),
        request_id: app.request_id(),
    };
    Ok(operator(app).issues().rule_on_return(request).await?.into_inner().issue.unwrap())
}

pub async fn merge(app: &TestSuite, into: &pb::Issue, merged: &[&pb::Issue]) -> Answer<pb::Issue> {
    let one =
        |issue: &&pb::Issue| pb::MergedIssue { issue_id: issue.issue_id.clone(), etag: issue.etag.clone() };
    let request = pb::MergeIssuesRequest {
        issue_id: into.issue_id.clone(),
        merged: merged.iter().map(one).collect(),
        etag: into.etag.clone(),
        request_id: app.request_id(),
    };
    Ok(operator(app).issues().merge_issues(request).await?.into_inner().issue.unwrap())
}

async fn comments(person: &Person<'_>, issue: &pb::Issue) -> Vec<String> {
    let request = pb::GetTrailRequest { issue_id: issue.issue_id.clone(), ..Default::default() };
    let entries =
        TrailServiceClient::new(person.bearer()).get_trail(request).await.unwrap().into_inner().entries;
    let notes = entries.into_iter().flat_map(|entry| entry.notes);
    notes.filter(|note| note.field == "comment").map(|note| note.text).collect()
}

both_engines! {
    async fn a_denied_return_goes_back_and_an_upheld_one_is_a_precedent(app: TestSuite) {
        let issue = liaison(app).request_return(&signed(app).await).await.unwrap();
        assert_eq!((issue.state(), issue.holder()), (pb::IssueState::ReturnPending, pb::Holder::Operator));
        let issue = operator(app).deny_return(&issue).await.unwrap();
        assert_eq!(issue.state(), pb::IssueState::Signed);
        let again = liaison(app).request_return(&issue).await;
        assert_eq!(refusal(again), was(Code::InvalidArgument, "RETURN_NEEDS_NEW_FACT"));

        let other = liaison(app).request_return(&signed(app).await).await.unwrap();
        let same = uphold(app, &other, HOUSING).await;
        assert_eq!(refusal(same), was(Code::InvalidArgument, "SAME_DEPARTMENT"));
        let nobody = uphold(app, &other, FINANCE).await;
        assert_eq!(refusal(nobody), was(Code::FailedPrecondition, "DEPARTMENT_WITHOUT_LIAISON"));
        let other = uphold(app, &other, TRAFFIC).await.unwrap();
        assert_eq!((other.state(), other.department_id.clone()), (pb::IssueState::Submitted, TRAFFIC.to_string()));
        // The department that had it does not see it any more.
        assert_eq!(refusal(liaison(app).get(&other).await), was(Code::NotFound, "ISSUE_NOT_FOUND"));

        let request = pb::SuggestDepartmentsRequest { issue_id: issue.issue_id.clone() };
        let suggested = operator(app).issues().suggest_departments(request).await.unwrap().into_inner();
        assert_eq!(suggested.suggestions.len(), 1, "{suggested:?}");
        let first = &suggested.suggestions[0];
        assert_eq!((first.department_id.clone(), first.precedents), (TRAFFIC.to_string(), 1));
        assert_eq!((first.division_code.as_str(), first.last_issue_id.clone()), ("330482101", other.issue_id));
    }

    async fn an_assignment_that_was_sent_back_is_no_precedent(app: TestSuite) {
        let about_nothing_known = || submission(app, DAIRY, "other");
        let submit = async || {
            let request = about_nothing_known();
            owner(app).issues().submit_issue(request).await.unwrap().into_inner().issue.unwrap()
        };
        let issue = operator(app).assign_issue(&submit().await).await.unwrap();
        let issue = liaison(app).sign_issue(&issue).await.unwrap();
        let issue = liaison(app).request_return(&issue).await.unwrap();
        uphold(app, &issue, TRAFFIC).await.unwrap();
        let request = pb::SuggestDepartmentsRequest { issue_id: submit().await.issue_id };
        let suggested = operator(app).issues().suggest_departments(request).await.unwrap().into_inner();
        let told: Vec<_> =
            suggested.suggestions.iter().map(|one| (one.department_id.clone(), one.precedents)).collect();
        assert_eq!(told, [(TRAFFIC.to_string(), 1)]);
    }

    async fn a_deputy_signs_after_half_of_the_time(app: TestSuite) {
        let issue = submitted(app).await;
        let deputy = person(app, account(302), vec![RoleGrant::liaison(HOUSING)]);
        let early = deputy.sign_issue(&issue).await;
        assert_eq!(refusal(early), was(Code::FailedPrecondition, "DEPUTY_TOO_EARLY"));
        app.clock.advance(TimeDelta::hours(1));
        let issue = deputy.sign_issue(&issue).await.unwrap();
        assert_eq!(issue.liaison_id, account(302).to_string());
    }

    async fn who_is_liaison_now_signs_at_once_and_who_was_waits_like_a_deputy(app: TestSuite) {
        let issue = owner(app).submit(DAIRY, "policy_support").await.unwrap();
        assert_eq!(issue.liaison_id, account(304).to_string());
        let of_commerce = |account| person(app, account, vec![RoleGrant::liaison(COMMERCE)]);
        let (before, now) = (of_commerce(account(304)), of_commerce(account(305)));
        assert_eq!(refusal(before.sign_issue(&issue).await), was(Code::FailedPrecondition, "DEPUTY_TOO_EARLY"));
        let signs = async |who: &Person<'_>| {
            who.next_actions(&issue).await.unwrap().contains(&pb::IssueAction::Sign)
        };
        assert_eq!((signs(&before).await, signs(&now).await), (false, true));
        let issue = now.sign_issue(&issue).await.unwrap();
        assert_eq!(issue.liaison_id, account(305).to_string());
    }

    async fn another_section_sees_and_answers_its_task_and_nothing_else(app: TestSuite) {
        let issue = in_progress(app).await;
        assert_eq!(refusal(helper(app).get(&issue).await), was(Code::NotFound, "ISSUE_NOT_FOUND"));
        let asked = liaison(app).add_co_section(&issue).await.unwrap();
        assert_eq!(asked.co_tasks[0].section_id, BUDGET.to_string());
        assert_eq!(helper(app).list(pb::IssueFilter::default()).await.unwrap().total_count, 1);
        let actions = helper(app).next_actions(&asked).await.unwrap();
        assert_eq!(actions, [pb::IssueAction::ReplyCoTask, pb::IssueAction::Comment]);
        let reply = helper(app).reply_issue(&asked).await;
        assert_eq!(refusal(reply), was(Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED"));
        let early = handler(app).reply_issue(&asked).await;
        assert_eq!(refusal(early), was(Code::FailedPrecondition, "CO_TASKS_OPEN"));
        let answered = helper(app).reply_co_task(&asked).await.unwrap();
        assert_eq!(answered.co_tasks[0].state(), pb::CoTaskState::Answered);
        handler(app).reply_issue(&answered).await.unwrap();
    }

    async fn the_firm_is_asked_and_work_resumes_with_its_answer_or_without(app: TestSuite) {
        let issue = handler(app).ask_firm(&in_progress(app).await).await.unwrap();
        assert_eq!((issue.state(), issue.holder()), (pb::IssueState::AwaitingFirm, pb::Holder::Firm));
        assert!(issue.supply_until_time.is_some());
        let issue = owner(app).supply_information(&issue).await.unwrap();
        assert_eq!(issue.state(), pb::IssueState::InProgress);
        let issue = handler(app).ask_firm(&issue).await.unwrap();
        app.clock.advance(TimeDelta::days(8));
        app.settle().await;
        let issue = owner(app).get(&issue).await.unwrap();
        assert_eq!((issue.state(), issue.counts.unwrap().questions), (pb::IssueState::InProgress, 2));
    }

    async fn an_extension_is_decided_by_the_liaison(app: TestSuite) {
        let issue = handler(app).request_extension(&in_progress(app).await).await.unwrap();
        assert_eq!(issue.extension.as_ref().unwrap().working_days, 3);
        let due = |issue: &pb::Issue| issue.clocks.iter().find(|clock| clock.clock == "C4").unwrap().due_time;
        let granted = liaison(app).grant_extension(&issue).await.unwrap();
        assert_eq!((granted.extension.is_none(), granted.counts.unwrap().extensions), (true, 1));
        assert!(due(&issue).unwrap().seconds < due(&granted).unwrap().seconds);
    }

    async fn a_plan_names_somebody_of_the_department(app: TestSuite) {
        let issue = in_progress(app).await;
        let request = pb::PlanIssueRequest {
            issue_id: issue.issue_id.clone(),
            responsible_id: STEEL_OWNER.to_string(),
            committed_date: date("04-30"),
            note: "四月底前安装".to_owned(),
            etag: issue.etag.clone(),
            request_id: app.request_id(),
        };
        let stranger = handler(app).issues().plan_issue(request).await;
        assert_eq!(refusal(stranger), was(Code::InvalidArgument, "RESPONSIBLE_UNSUITABLE"));
        let planned = handler(app).plan_issue(&issue).await.unwrap();
        let promised = |from| pb::IssueFilter { committed_date_to: date(from), ..Default::default() };
        assert_eq!(liaison(app).list(promised("04-29")).await.unwrap().total_count, 0);
        assert_eq!(liaison(app).list(promised("04-30")).await.unwrap().total_count, 1);
        liaison(app).review_plan(&planned).await.unwrap();
    }

    async fn an_issue_out_of_scope_comes_back_on_appeal(app: TestSuite) {
        let issue = liaison(app).reject_out_of_scope(&submitted(app).await).await.unwrap();
        assert_eq!((issue.state(), issue.light()), (pb::IssueState::OutOfScope, pb::Light::Off));
        let open = pb::IssueFilter { open_only: true, ..Default::default() };
        assert_eq!(owner(app).list(open).await.unwrap().total_count, 0);
        let issue = owner(app).appeal_scope(&issue).await.unwrap();
        let issue = operator(app).assign_issue(&issue).await.unwrap();
        let again = liaison(app).reject_out_of_scope(&issue).await;
        assert_eq!(refusal(again), was(Code::FailedPrecondition, "CONFLICT_OF_DUTY"));
        let settled = deputy(app).reject_out_of_scope(&issue).await;
        assert_eq!(refusal(settled), was(Code::FailedPrecondition, "SCOPE_SETTLED"));
    }

    async fn a_withdrawal_is_confirmed_by_an_operator_who_asked_the_firm(app: TestSuite) {
        let issue = owner(app).request_withdrawal(&in_progress(app).await).await.unwrap();
        assert_eq!(issue.state(), pb::IssueState::WithdrawPending);
        let denied = operator(app).decide_withdrawal(&issue, pb::WithdrawalDecision::Denied).await.unwrap();
        assert_eq!((denied.state(), denied.handler_id.clone()), (pb::IssueState::InProgress, HANDLER.to_string()));
        let issue = owner(app).request_withdrawal(&denied).await.unwrap();
        let both = person(app, LIAISON, vec![RoleGrant::of(Role::Operator)]);
        let refused = both.decide_withdrawal(&issue, pb::WithdrawalDecision::Confirmed).await;
        assert_eq!(refusal(refused), was(Code::FailedPrecondition, "CONFLICT_OF_DUTY"));
        let request = pb::DecideWithdrawalRequest {
            issue_id: issue.issue_id.clone(),
            decision: pb::WithdrawalDecision::Confirmed.into(),
            channel: pb::Channel::Portal.into(),
            note: "平台留言".to_owned(),
            etag: issue.etag.clone(),
            request_id: app.request_id(),
        };
        let same_way = operator(app).issues().decide_withdrawal(request).await;
        assert_eq!(refusal(same_way), was(Code::FailedPrecondition, "CHANNEL_NOT_INDEPENDENT"));
        let issue = operator(app).decide_withdrawal(&issue, pb::WithdrawalDecision::Confirmed).await.unwrap();
        assert_eq!(issue.state(), pb::IssueState::Withdrawn);
    }

    async fn merged_issues_are_answered_together_and_each_firm_votes_by_itself(app: TestSuite) {
        let (lead, content, unhappy) = (submitted(app).await, submitted(app).await, submitted_by_steel(app).await);
        let twice = merge(app, &lead, &[&content, &content]).await;
        assert_eq!(refusal(twice), was(Code::InvalidArgument, "MERGE_INTO_ITSELF"));
        let lead = merge(app, &lead, &[&content, &unhappy]).await.unwrap();
        assert_eq!(lead.merged_issue_ids.len(), 2);
        let gone = liaison(app).sign_issue(&content).await;
        assert_eq!(refusal(gone), was(Code::Aborted, "STALE_ETAG"));
        let content = owner(app).get(&content).await.unwrap();
        assert_eq!((content.state(), content.merged_into_id.clone()), (pb::IssueState::Merged, lead.issue_id.clone()));
        let unhappy = steel_owner(app).get(&unhappy).await.unwrap();

        let early = liaison(app).feed_back_issue(&content).await;
        assert_eq!(refusal(early), was(Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED"));
        let lead = liaison(app).sign_issue(&lead).await.unwrap();
        let lead = liaison(app).dispatch_issue(&lead).await.unwrap();
        let lead = handler(app).accept_issue(&lead).await.unwrap();
        let lead = handler(app).reply_issue(&lead).await.unwrap();
        let lead = liaison(app).feed_back_issue(&lead).await.unwrap();
        let lead = owner(app).rate(&lead, 5).await.unwrap();
        let unheard = auditor(app).pass(&lead).await;
        assert_eq!(refusal(unheard), was(Code::FailedPrecondition, "MERGED_NOT_FED_BACK"));

        let content = liaison(app).feed_back_issue(&content).await.unwrap();
        assert_eq!(content.reply.as_ref().unwrap().text, "警示标志已安装");
        let unhappy = liaison(app).feed_back_issue(&unhappy).await.unwrap();
        let content = owner(app).rate(&content, 4).await.unwrap();
        assert_eq!(content.state(), pb::IssueState::Merged);
        let unhappy = steel_owner(app).rate(&unhappy, 1).await.unwrap();
        assert_eq!((unhappy.state(), unhappy.merged_into_id.as_str()), (pb::IssueState::Rectifying, ""));
        let lead = owner(app).get(&lead).await.unwrap();
        assert_eq!(lead.merged_issue_ids, [content.issue_id]);
        assert_eq!(auditor(app).pass(&lead).await.unwrap().state(), pb::IssueState::Closed);
        handler(app).reply_issue(&unhappy).await.unwrap();
    }

    async fn whoever_has_to_do_with_a_merged_issue_does_not_audit_the_one_that_answers_for_it(app: TestSuite) {
        appointed(app, LI, STEEL, "03-01").await;
        let (lead, merged) = (submitted(app).await, submitted_by_steel(app).await);
        let lead = merge(app, &lead, &[&merged]).await.unwrap();
        let lead = liaison(app).sign_issue(&lead).await.unwrap();
        let lead = liaison(app).dispatch_issue(&lead).await.unwrap();
        let lead = handler(app).accept_issue(&lead).await.unwrap();
        let lead = handler(app).reply_issue(&lead).await.unwrap();
        let lead = liaison(app).feed_back_issue(&lead).await.unwrap();
        liaison(app).feed_back_issue(&steel_owner(app).get(&merged).await.unwrap()).await.unwrap();
        owner(app).rate(&operator(app).get(&lead).await.unwrap(), 5).await.unwrap();
        let lead = operator(app).get(&lead).await.unwrap();
        for (account, party) in [(LI, "its manager"), (STEEL_OWNER, "its firm")] {
            let both = person(app, account, vec![RoleGrant::of(Role::Auditor)]);
            assert_eq!(refusal(both.pass(&lead).await), was(Code::FailedPrecondition, "CONFLICT_OF_DUTY"), "{party}");
            assert!(!both.next_actions(&lead).await.unwrap().contains(&pb::IssueAction::Audit), "{party}");
        }
        assert!(auditor(app).next_actions(&lead).await.unwrap().contains(&pb::IssueAction::Audit));
        auditor(app).pass(&lead).await.unwrap();
    }

    async fn an_issue_is_unmerged_before_its_firm_heard_of_the_reply(app: TestSuite) {
        let (lead, child) = (submitted(app).await, submitted(app).await);
        merge(app, &lead, &[&child]).await.unwrap();
        let child = operator(app).unmerge_issue(&operator(app).get(&child).await.unwrap()).await.unwrap();
        assert_eq!(child.state(), pb::IssueState::Submitted);
        assert!(operator(app).get(&lead).await.unwrap().merged_issue_ids.is_empty());
    }

    async fn instructions_and_supervision_come_from_above(app: TestSuite) {
        let issue = leader(app).instruct_issue(&in_progress(app).await).await.unwrap();
        let issue = auditor(app).supervise_issue(&issue).await.unwrap();
        let supervised = pb::IssueFilter { min_supervision_level: 2, ..Default::default() };
        assert_eq!(leader(app).list(supervised).await.unwrap().total_count, 1);
        let issue = liaison(app).answer_instruction(&issue).await.unwrap();
        assert!(issue.instructions[0].answer_time.is_some());
    }

    async fn a_comment_is_read_by_those_whom_it_is_for(app: TestSuite) {
        let issue = liaison(app).add_co_section(&in_progress(app).await).await.unwrap();
        for (who, audience, text) in [
            (liaison(app), pb::CommentAudience::Firm, "firm"),
            (handler(app), pb::CommentAudience::Department, "housing"),
            (helper(app), pb::CommentAudience::Department, "finance"),
            (helper(app), pb::CommentAudience::Joint, "joint"),
            (auditor(app), pb::CommentAudience::Audit, "audit"),
        ] {
            who.comment(&issue, audience, text).await.unwrap();
        }
        assert_eq!(comments(&owner(app), &issue).await, ["firm"]);
        assert_eq!(comments(&liaison(app), &issue).await, ["firm", "housing", "joint"]);
        assert_eq!(comments(&helper(app), &issue).await, ["firm", "finance", "joint"]);
        assert_eq!(comments(&leader(app), &issue).await, ["firm", "joint", "audit"]);
        assert_eq!(comments(&auditor(app), &issue).await, ["firm", "housing", "finance", "joint", "audit"]);
        let denied = owner(app).comment(&issue, pb::CommentAudience::Joint, "no").await;
        assert_eq!(refusal(denied), was(Code::FailedPrecondition, "AUDIENCE_NOT_ALLOWED"));
    }

    async fn a_confidential_issue_is_kept_from_those_who_need_not_know(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        let request =
            pb::SubmitIssueRequest { confidential: true, ..submission(app, DAIRY, "municipal_facilities") };
        let issue = owner(app).issues().submit_issue(request).await.unwrap().into_inner().issue.unwrap();
        let issue = liaison(app).sign_issue(&issue).await.unwrap();
        let issue = liaison(app).dispatch_issue(&issue).await.unwrap();
        let colleague = person(app, account(403), vec![RoleGrant::section_handler(HOUSING, ROADS)]);
        let sees = async |who: &Person<'_>| {
            let listed = who.list(pb::IssueFilter::default()).await.unwrap().total_count;
            assert_eq!(who.get(&issue).await.is_ok(), listed == 1, "get and list agree");
            listed == 1
        };
        assert!(sees(&colleague).await, "somebody has to accept it");
        let accepted = handler(app).accept_issue(&issue).await.unwrap();
        let shared = liaison(app).add_co_section(&accepted).await;
        assert_eq!(refusal(shared), was(Code::FailedPrecondition, "CO_SECTION_CONFIDENTIAL"));
        assert!(!sees(&colleague).await);
        assert!(!sees(&manager(app, WANG)).await);
        let accepted: pb::IssueAccepted = events::last(app).await;
        let told = accepted.issue.unwrap();
        assert_eq!((told.manager_id.as_str(), told.confidential), ("", true), "nobody tells the manager");
        for who in [owner(app), liaison(app), handler(app), operator(app), auditor(app)] {
            assert!(sees(&who).await);
        }
    }

    async fn a_complaint_about_a_department_is_routed_outside_it(app: TestSuite) {
        let request = pb::SubmitIssueRequest {
            about_department_id: HOUSING.to_string(),
            ..submission(app, DAIRY, "municipal_facilities")
        };
        let issue = owner(app).issues().submit_issue(request).await.unwrap().into_inner().issue.unwrap();
        assert_eq!(issue.state(), pb::IssueState::Triage);
        let back = operator(app).assign_issue(&issue).await;
        assert_eq!(refusal(back), was(Code::FailedPrecondition, "DEPARTMENT_CONCERNED"));
        assert_eq!(refusal(liaison(app).get(&issue).await), was(Code::NotFound, "ISSUE_NOT_FOUND"));
    }
}
