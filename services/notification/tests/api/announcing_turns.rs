//! Turns that the life of an issue may take: returns, questions, extensions, helpers, withdrawals, words from above.

use chrono::TimeDelta;
use expect_test::expect;
use kernel::AccountId;
use proto::workflow::v1::{
    self as workflow, CommentAudience, IssueParty as Party, IssueState as State, NotifyTarget,
};

use crate::{
    course::course,
    town::{
        AGENT, AUDITOR, CO_SECTION, COLLEAGUE, DEPARTMENT, DEPUTY, HANDLER, HELPER, LEADER, LIAISON, MANAGER,
        NEIGHBOUR, OPERATOR, OTHER_DEPARTMENT, OWNER, Town, issue_subject, parties,
    },
};

fn at(state: State, actor: AccountId, party: Party) -> workflow::IssueParties {
    parties(1, state, actor, party)
}

/// The clock of the reply ran out: these are to be told.
fn late(town: &Town, to: &[NotifyTarget]) -> workflow::ClockRungReached {
    workflow::ClockRungReached {
        issue: at(State::InProgress, HANDLER, Party::System).into(),
        clock: "C4".to_owned(),
        due_time: Some(rpc::parse::timestamp(town.app.now())),
        notify: to.iter().map(|target| i32::from(*target)).collect(),
        ..Default::default()
    }
}

/// With the other department, whose liaison is in charge.
fn over_there(state: State, actor: AccountId, party: Party) -> workflow::IssueParties {
    let liaison_id = NEIGHBOUR.to_string();
    let department_id = OTHER_DEPARTMENT.to_string();
    workflow::IssueParties { liaison_id, department_id, ..parties(1, state, actor, party) }
}

fn comment(actor: AccountId, party: Party, audience: CommentAudience) -> workflow::IssueCommented {
    workflow::IssueCommented {
        issue: at(State::InProgress, actor, party).into(),
        audience: audience.into(),
        comment_department_id: String::new(),
        co_section_ids: Vec::new(),
    }
}

both_engines! {
    async fn a_return_tells_who_rules_who_has_it_now_and_who_had_it(town: &Town) {
        let soon = Some(rpc::parse::timestamp(town.app.now() + TimeDelta::hours(2)));
        let course = course!(town, issue_subject(1),
            workflow::ReturnRequested { issue: at(State::ReturnPending, LIAISON, Party::Liaison).into(), returns: 1 };
            workflow::ReturnDenied { issue: at(State::Signed, OPERATOR, Party::Operator).into(), ..Default::default() };
            workflow::ReturnUpheld {
                issue: over_there(State::Submitted, OPERATOR, Party::Operator).into(),
                returning_department_id: DEPARTMENT.to_string(),
                sign_until_time: soon,
                ..Default::default()
            };
            workflow::IssueEscalated {
                issue: over_there(State::Submitted, OPERATOR, Party::System).into(),
                cause: workflow::EscalationCause::Returns.into(),
                supervision_level: 2,
            };
            workflow::ScopeRejected {
                issue: over_there(State::OutOfScope, NEIGHBOUR, Party::Liaison).into(),
                appealable: true,
                appeal_until_time: soon,
            };
            workflow::ScopeAppealed { issue: at(State::Triage, OWNER, Party::Firm).into() };
            workflow::ScopeRejected {
                issue: at(State::OutOfScope, OPERATOR, Party::Operator).into(),
                appealable: false,
                appeal_until_time: None,
            };
        );
        expect![[r"
            ReturnRequested: operator:return-to-rule
            ReturnDenied: liaison:return-denied
            ReturnUpheld: manager:issue-transferred owner:issue-transferred agent:issue-transferred liaison:return-upheld deputy:return-upheld neighbour:return-to-sign
            IssueEscalated: operator:issue-escalated leader:issue-escalated
            ScopeRejected: manager:scope-rejected owner:scope-rejected agent:scope-rejected
            ScopeAppealed: operator:appeal-to-decide
            ScopeRejected: manager:scope-rejected-finally owner:scope-rejected-finally agent:scope-rejected-finally
        "]].assert_eq(&course);
        let told = town.as_person(NEIGHBOUR).messages().await;
        assert_eq!(told[0].body, "诉求 2026-000001 经退单裁定改由贵部门办理，请于 2026-03-02 11:00 前签收。");
        let told = town.as_person(LEADER).messages().await;
        assert_eq!(told[0].body, "诉求 2026-000001 因多次退单自动提级，督办级别为 2 级，请予关注。");
    }

    async fn whoever_is_asked_must_answer_and_whoever_waits_hears_of_it(town: &Town) {
        let soon = Some(rpc::parse::timestamp(town.app.now() + TimeDelta::hours(2)));
        let course = course!(town, issue_subject(1),
            workflow::IssueConfirmed { issue: at(State::Submitted, OWNER, Party::Firm).into() };
            workflow::FirmAsked {
                issue: at(State::AwaitingFirm, HANDLER, Party::Section).into(),
                supply_until_time: soon,
            };
            workflow::InformationSupplied { issue: at(State::InProgress, OWNER, Party::Firm).into() };
            workflow::WorkResumed { issue: at(State::InProgress, OWNER, Party::System).into() };
            workflow::ExtensionRequested {
                issue: at(State::InProgress, HANDLER, Party::Section).into(),
                working_days: 5,
            };
            workflow::ExtensionDecided {
                issue: at(State::InProgress, LIAISON, Party::Liaison).into(),
                decision: workflow::ExtensionDecision::Granted.into(),
                due_time: soon,
            };
            workflow::ExtensionDecided {
                issue: at(State::InProgress, LIAISON, Party::Liaison).into(),
                decision: workflow::ExtensionDecision::Denied.into(),
                due_time: soon,
            };
            workflow::PlanReviewed { issue: at(State::Planned, LIAISON, Party::Liaison).into(), ..Default::default() };
            workflow::WithdrawalRequested { issue: at(State::WithdrawPending, AGENT, Party::Firm).into() };
            workflow::WithdrawalDecided {
                issue: at(State::InProgress, OPERATOR, Party::Operator).into(),
                decision: workflow::WithdrawalDecision::Denied.into(),
                ..Default::default()
            };
            workflow::WithdrawalDecided {
                issue: at(State::Withdrawn, OPERATOR, Party::Operator).into(),
                decision: workflow::WithdrawalDecision::Confirmed.into(),
                ..Default::default()
            };
        );
        expect![[r"
            IssueConfirmed: manager:issue-confirmed
            FirmAsked: manager:firm-asked owner:issue-to-supply agent:issue-to-supply
            InformationSupplied: handler:information-supplied
            WorkResumed: manager:question-lapsed owner:question-lapsed agent:question-lapsed handler:work-resumed
            ExtensionRequested: liaison:extension-to-decide
            ExtensionDecided: manager:extension-granted owner:extension-granted agent:extension-granted handler:extension-granted
            ExtensionDecided: handler:extension-denied
            PlanReviewed: handler:plan-reviewed
            WithdrawalRequested: operator:withdrawal-to-check manager:withdrawal-requested liaison:withdrawal-requested handler:withdrawal-requested
            WithdrawalDecided: manager:withdrawal-denied owner:withdrawal-denied agent:withdrawal-denied liaison:withdrawal-denied handler:withdrawal-denied
            WithdrawalDecided: manager:issue-withdrawn owner:issue-withdrawn agent:issue-withdrawn liaison:issue-withdrawn handler:issue-withdrawn
        "]].assert_eq(&course);
        let asked = town.as_person(OWNER).messages().await;
        let asked = asked.iter().find(|message| message.template_code == "issue-to-supply").unwrap();
        assert!(asked.statutory);
        let body = "责任科室就诉求 2026-000001 请贵企业补充情况，请于 2026-03-02 11:00 前在平台上答复。\
                    逾期未答复的，按现有情况继续办理。";
        assert_eq!(asked.body, body);
    }

    async fn the_section_that_helps_is_told_of_its_task_and_the_lead_of_its_answer(town: &Town) {
        let soon = Some(rpc::parse::timestamp(town.app.now() + TimeDelta::hours(2)));
        let late = Some(rpc::parse::timestamp(town.app.now()));
        let rung = |due_time| workflow::ClockRungReached {
            issue: at(State::InProgress, HANDLER, Party::System).into(),
            clock: "C13.1".to_owned(),
            due_time,
            notify: vec![NotifyTarget::CoSection.into(), NotifyTarget::Section.into()],
            co_section_id: CO_SECTION.to_string(),
            co_department_id: OTHER_DEPARTMENT.to_string(),
            ..Default::default()
        };
        let course = course!(town, issue_subject(1),
            workflow::CoSectionAdded {
                issue: at(State::InProgress, LIAISON, Party::Liaison).into(),
                task: 1,
                co_section_id: CO_SECTION.to_string(),
                co_department_id: OTHER_DEPARTMENT.to_string(),
                reply_until_time: soon,
            };
            rung(soon);
            rung(late);
            workflow::CoTaskReplied {
                issue: at(State::InProgress, HELPER, Party::CoSection).into(),
                task: 1,
                co_section_id: CO_SECTION.to_string(),
                ..Default::default()
            };
            workflow::IssueMerged { issue: at(State::Merged, OPERATOR, Party::Operator).into(), ..Default::default() };
            workflow::MergedIssueFedBack {
                issue: at(State::Merged, LIAISON, Party::Liaison).into(),
                rate_until_time: soon,
                ..Default::default()
            };
            workflow::IssueUnmerged { issue: at(State::Submitted, OPERATOR, Party::Operator).into() };
            workflow::IssueAbsorbed { issue: at(State::InProgress, OPERATOR, Party::Operator).into(), ..Default::default() };
            workflow::IssueReleased { issue: at(State::InProgress, OPERATOR, Party::Operator).into(), ..Default::default() };
        );
        expect![[r"
            CoSectionAdded: neighbour:co-task-to-reply helper:co-task-to-reply
            ClockRungReached: handler:clock-warning colleague:clock-warning helper:clock-warning
            ClockRungReached: neighbour:clock-overdue handler:clock-overdue colleague:clock-overdue helper:clock-overdue
            CoTaskReplied: handler:co-task-replied
            IssueMerged: manager:issue-merged owner:issue-merged agent:issue-merged liaison:issue-merged
            MergedIssueFedBack: owner:issue-to-rate agent:issue-to-rate
            IssueUnmerged: manager:issue-unmerged owner:issue-unmerged agent:issue-unmerged liaison:issue-to-sign
            IssueAbsorbed: liaison:issue-absorbed handler:issue-absorbed
            IssueReleased: liaison:issue-released handler:issue-released
        "]].assert_eq(&course);
    }

    async fn heads_and_leaders_are_told_of_a_late_clock(town: &Town) {
        town.around(|around| around.in_charge = [COLLEAGUE, DEPUTY].into());
        let confidential = workflow::IssueParties {
            confidential: true,
            ..at(State::InProgress, HANDLER, Party::System)
        };
        let course = course!(town, issue_subject(1),
            late(town, &[NotifyTarget::Liaison, NotifyTarget::SectionHead]);
            late(town, &[NotifyTarget::Holder, NotifyTarget::DepartmentLeader]);
            late(town, &[NotifyTarget::Department]);
            late(town, &[NotifyTarget::Section]);
            workflow::ClockRungReached {
                issue: confidential.into(),
                ..late(town, &[NotifyTarget::Liaison, NotifyTarget::SectionHead])
            };
        );
        expect![[r"
            ClockRungReached: liaison:clock-overdue colleague:clock-overdue
            ClockRungReached: deputy:clock-overdue handler:clock-overdue
            ClockRungReached: liaison:clock-overdue
            ClockRungReached: handler:clock-overdue colleague:clock-overdue
            ClockRungReached: liaison:clock-overdue handler:clock-overdue
        "]].assert_eq(&course);
    }

    async fn a_head_whose_account_is_closed_keeps_nobody_from_hearing_of_it(town: &Town) {
        town.around(|around| {
            around.in_charge = [COLLEAGUE, DEPUTY].into();
            around.closed = [COLLEAGUE, DEPUTY].into();
        });
        let course = course!(town, issue_subject(1),
            late(town, &[NotifyTarget::SectionHead]);
            late(town, &[NotifyTarget::DepartmentLeader]);
        );
        expect![[r"
            ClockRungReached: handler:clock-overdue
            ClockRungReached: liaison:clock-overdue
        "]].assert_eq(&course);
    }

    async fn of_a_late_task_the_leader_of_its_own_department_is_told(town: &Town) {
        town.around(|around| around.in_charge = [DEPUTY, NEIGHBOUR].into());
        let course = course!(town, issue_subject(1),
            workflow::ClockRungReached {
                clock: "C13.1".to_owned(),
                co_section_id: CO_SECTION.to_string(),
                co_department_id: OTHER_DEPARTMENT.to_string(),
                ..late(town, &[NotifyTarget::CoSection, NotifyTarget::Department, NotifyTarget::DepartmentLeader])
            };
        );
        expect![[r"
            ClockRungReached: liaison:clock-overdue neighbour:clock-overdue helper:clock-overdue
        "]].assert_eq(&course);
    }

    async fn where_nobody_is_in_charge_the_section_and_the_liaisons_stand_in(town: &Town) {
        let course = course!(town, issue_subject(1),
            late(town, &[NotifyTarget::Liaison, NotifyTarget::SectionHead]);
            late(town, &[NotifyTarget::Holder, NotifyTarget::DepartmentLeader]);
        );
        expect![[r"
            ClockRungReached: liaison:clock-overdue handler:clock-overdue colleague:clock-overdue
            ClockRungReached: liaison:clock-overdue deputy:clock-overdue handler:clock-overdue
        "]].assert_eq(&course);
    }

    async fn words_from_above_reach_who_answers_for_the_issue_and_the_answer_reaches_who_gave_them(town: &Town) {
        let soon = Some(rpc::parse::timestamp(town.app.now() + TimeDelta::hours(2)));
        let course = course!(town, issue_subject(1),
            workflow::IssueSupervised {
                issue: at(State::InProgress, AUDITOR, Party::Auditor).into(),
                supervision_level: 2,
            };
            workflow::IssueSupervised {
                issue: at(State::InProgress, AUDITOR, Party::Auditor).into(),
                supervision_level: 0,
            };
            workflow::IssueInstructed {
                issue: at(State::FedBack, LEADER, Party::Leader).into(),
                instruction: 1,
                answer_until_time: soon,
            };
            workflow::IssueInstructed {
                issue: at(State::Triage, LEADER, Party::Leader).into(),
                instruction: 2,
                answer_until_time: soon,
            };
            workflow::InstructionAnswered {
                issue: at(State::InProgress, LIAISON, Party::Liaison).into(),
                instruction: 1,
                leader_id: LEADER.to_string(),
                ..Default::default()
            };
            workflow::InstructionAnswered {
                issue: at(State::InProgress, LIAISON, Party::Liaison).into(),
                instruction: 1,
                ..Default::default()
            };
        );
        expect![[r"
            IssueSupervised: liaison:issue-supervised handler:issue-supervised
            IssueSupervised: liaison:supervision-lifted handler:supervision-lifted
            IssueInstructed: liaison:instruction-to-answer handler:issue-instructed
            IssueInstructed: operator:instruction-to-answer
            InstructionAnswered: leader:instruction-answered
            InstructionAnswered: leader:instruction-answered
        "]].assert_eq(&course);
    }

    /// A comment goes to those whom it is for, and to nobody else.
    async fn a_comment_is_told_to_its_readers_alone(town: &Town) {
        let department = |department: kernel::DepartmentId| department.to_string();
        let course = course!(town, issue_subject(1),
            comment(OWNER, Party::Firm, CommentAudience::Firm);
            workflow::IssueCommented {
                co_section_ids: vec![CO_SECTION.to_string()],
                ..comment(MANAGER, Party::Manager, CommentAudience::Firm)
            };
            workflow::IssueCommented {
                issue: at(State::Triage, OWNER, Party::Firm).into(),
                ..comment(OWNER, Party::Firm, CommentAudience::Firm)
            };
            workflow::IssueCommented {
                co_section_ids: vec![CO_SECTION.to_string()],
                ..comment(HANDLER, Party::Section, CommentAudience::Joint)
            };
            workflow::IssueCommented {
                comment_department_id: department(DEPARTMENT),
                ..comment(HANDLER, Party::Section, CommentAudience::Department)
            };
            workflow::IssueCommented {
                comment_department_id: department(OTHER_DEPARTMENT),
                co_section_ids: vec![CO_SECTION.to_string()],
                ..comment(NEIGHBOUR, Party::CoSection, CommentAudience::Department)
            };
            comment(LEADER, Party::Leader, CommentAudience::Audit);
            workflow::IssueCommented { audience: 99, ..comment(LEADER, Party::Leader, CommentAudience::Audit) };
        );
        expect![[r"
            IssueCommented: manager:issue-commented agent:issue-commented liaison:issue-commented handler:issue-commented
            IssueCommented: owner:issue-commented agent:issue-commented liaison:issue-commented handler:issue-commented helper:issue-commented
            IssueCommented: operator:issue-commented manager:issue-commented agent:issue-commented
            IssueCommented: liaison:issue-commented helper:issue-commented
            IssueCommented: liaison:issue-commented deputy:issue-commented
            IssueCommented: helper:issue-commented
            IssueCommented: operator:issue-commented auditor:issue-commented
            IssueCommented:
        "]].assert_eq(&course);
    }
}
