use chrono::TimeDelta;
use expect_test::expect;
use kernel::AccountId;
use proto::{
    common::v1::Date,
    workflow::v1::{self as workflow, IssueParty as Party, IssueState as State, NotifyTarget},
};

use crate::{
    course::course,
    town::{AGENT, AUDITOR, HANDLER, LIAISON, MANAGER, OPERATOR, OWNER, Town, issue_subject, parties},
};

fn at(state: State, actor: AccountId, party: Party) -> workflow::IssueParties {
    parties(1, state, actor, party)
}

both_engines! {
    async fn everybody_is_told_what_concerns_them_and_nobody_of_what_they_did(town: &Town) {
        let soon = Some(rpc::parse::timestamp(town.app.now() + TimeDelta::hours(1)));
        let late = Some(rpc::parse::timestamp(town.app.now()));
        let holder = i32::from(NotifyTarget::Holder);
        let course = course!(town, issue_subject(1),
            workflow::IssueSubmitted { issue: at(State::Triage, OWNER, Party::Firm).into(), on_behalf: false };
            workflow::IssueAssigned { issue: at(State::Submitted, OPERATOR, Party::Operator).into(), ..Default::default() };
            workflow::IssueSubmitted { issue: at(State::Submitted, MANAGER, Party::Manager).into(), on_behalf: true };
            workflow::IssueSigned { issue: at(State::Signed, LIAISON, Party::Liaison).into(), ..Default::default() };
            workflow::IssueDispatched { issue: at(State::Dispatched, LIAISON, Party::Liaison).into(), ..Default::default() };
            workflow::IssueUrged { issue: at(State::Dispatched, OWNER, Party::Firm).into(), urges: 1 };
            workflow::IssueAccepted { issue: at(State::InProgress, HANDLER, Party::Section).into() };
            workflow::IssueContacted { issue: at(State::InProgress, HANDLER, Party::Section).into(), ..Default::default() };
            workflow::InterimMeasureRecorded { issue: at(State::InProgress, HANDLER, Party::Section).into() };
            workflow::IssuePlanned {
                issue: at(State::Planned, HANDLER, Party::Section).into(),
                responsible_id: HANDLER.to_string(),
                committed_date: Some(Date { year: 2026, month: 6, day: 1 }),
            };
            workflow::ClockRungReached {
                issue: at(State::Planned, HANDLER, Party::System).into(),
                clock: "C4".to_owned(),
                rung: "yellow".to_owned(),
                due_time: soon,
                light: workflow::Light::Yellow.into(),
                notify: vec![holder, NotifyTarget::Liaison.into(), 99],
                ..Default::default()
            };
            workflow::ClockRungReached {
                issue: at(State::Planned, HANDLER, Party::System).into(),
                clock: "C8.2".to_owned(),
                rung: "due".to_owned(),
                due_time: late,
                light: workflow::Light::Red.into(),
                notify: vec![holder, NotifyTarget::Section.into(), NotifyTarget::Department.into()],
                ..Default::default()
            };
            workflow::IssueReplied { issue: at(State::Replied, HANDLER, Party::Section).into(), ..Default::default() };
            workflow::IssueUrged { issue: at(State::Replied, MANAGER, Party::Manager).into(), urges: 2 };
            workflow::IssueFedBack {
                issue: at(State::FedBack, LIAISON, Party::Liaison).into(),
                rate_until_time: late,
                ..Default::default()
            };
            workflow::IssueRated {
                issue: at(State::Rectifying, OWNER, Party::Firm).into(),
                stars: 2,
                low: true,
                ..Default::default()
            };
            workflow::IssueRated {
                issue: at(State::PendingAudit, OWNER, Party::Firm).into(),
                stars: 5,
                ..Default::default()
            };
            workflow::IssueAudited {
                issue: at(State::InProgress, AUDITOR, Party::Auditor).into(),
                decision: workflow::AuditDecision::Failed.into(),
                ..Default::default()
            };
            workflow::IssueAudited {
                issue: at(State::Closed, AUDITOR, Party::Auditor).into(),
                decision: workflow::AuditDecision::Passed.into(),
                ..Default::default()
            };
            workflow::IssueClosed {
                issue: at(State::Closed, AUDITOR, Party::Auditor).into(),
                outcome: workflow::Outcome::Resolved.into(),
                ..Default::default()
            };
            workflow::IssueReopened { issue: at(State::InProgress, AGENT, Party::Firm).into(), reopens: 1 };
        );
        expect![[r"
            IssueSubmitted: operator:issue-to-assign manager:issue-submitted
            IssueAssigned: owner:issue-assigned agent:issue-assigned liaison:issue-to-sign
            IssueSubmitted: owner:issue-to-confirm agent:issue-to-confirm liaison:issue-to-sign
            IssueSigned: manager:issue-signed owner:issue-signed agent:issue-signed
            IssueDispatched: manager:issue-dispatched owner:issue-dispatched agent:issue-dispatched handler:issue-to-accept colleague:issue-to-accept
            IssueUrged: liaison:issue-urged handler:issue-urged colleague:issue-urged
            IssueAccepted: owner:issue-accepted agent:issue-accepted
            IssueContacted: owner:issue-contacted agent:issue-contacted
            InterimMeasureRecorded: manager:issue-interim-measure owner:issue-interim-measure agent:issue-interim-measure
            IssuePlanned: manager:issue-planned owner:issue-planned agent:issue-planned
            ClockRungReached: liaison:clock-warning handler:clock-warning
            ClockRungReached: liaison:clock-overdue deputy:clock-overdue handler:clock-overdue colleague:clock-overdue
            IssueReplied: owner:issue-replied agent:issue-replied liaison:issue-to-feed-back
            IssueUrged: liaison:issue-urged
            IssueFedBack: owner:issue-to-rate agent:issue-to-rate
            IssueRated: liaison:issue-to-rectify handler:issue-to-rectify
            IssueRated: liaison:issue-rated handler:issue-rated auditor:issue-to-audit
            IssueAudited: liaison:audit-failed handler:audit-failed
            IssueAudited:
            IssueClosed: manager:issue-closed owner:issue-closed agent:issue-closed
            IssueReopened: liaison:issue-reopened handler:issue-reopened
        "]].assert_eq(&course);
    }

    async fn a_notice_reads_in_the_words_of_the_language_and_the_time_of_the_place(town: &Town) {
        town.fed_back(7).await;
        let message = town.as_person(OWNER).messages().await.remove(0);
        assert_eq!(message.subject, "请评价：诉求 2026-000007 已反馈");
        assert_eq!(
            message.body,
            "诉求 2026-000007 的办理结果（已解决）已反馈贵企业。\n请于 2026-03-02 09:00 前评价；如有异议，也可在此之前提出。"
        );
        assert!(message.statutory);
        assert_eq!((message.issue_number.as_str(), message.template_version), ("2026-000007", 1));
        assert_eq!(message.about, issue_subject(7));
    }

    async fn an_enterprise_that_never_was_has_nobody_to_tell(town: &Town) {
        let mut issue = parties(1, State::Signed, LIAISON, Party::Liaison);
        issue.enterprise_id = AccountId::new(town.app.uuid()).to_string();
        town.emit(1, &workflow::IssueSigned { issue: Some(issue), ..Default::default() }).await;
        town.settle().await;
        assert!(town.as_person(OWNER).told().await.is_empty());
        assert_eq!(town.as_person(MANAGER).told().await, ["issue-signed"]);
    }
}
