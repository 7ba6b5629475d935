//! What is not about an issue: service orders, excellent cases, the working calendar.

use chrono::TimeDelta;
use expect_test::expect;
use kernel::AccountId;
use proto::{
    common::v1::Date,
    notification::v1::Message,
    workflow::v1::{
        self as workflow, CaseDecision, CaseLevel, CaseState, IssueParty as Party, NotifyTarget,
        OrderState as State,
    },
};
use uuid::Uuid;

use crate::{
    course::course,
    town::{AUDITOR, DEPARTMENT, FIRM, HANDLER, LIAISON, MANAGER, OPERATOR, OWNER, SECTION, Town, issue},
};

fn order(state: State, actor: AccountId, party: Party) -> workflow::OrderParties {
    let some = |there: bool, id: AccountId| if there { id.to_string() } else { String::new() };
    let scheduled = !matches!(state, State::Placed | State::Accepted | State::Declined);
    workflow::OrderParties {
        order_id: Uuid::from_u128(0x2000).to_string(),
        offering_id: Uuid::from_u128(0x2001).to_string(),
        kind: "fraud_prevention".to_owned(),
        enterprise_id: FIRM.to_string(),
        manager_id: MANAGER.to_string(),
        department_id: DEPARTMENT.to_string(),
        liaison_id: some(state != State::Placed, LIAISON),
        responsible_id: some(scheduled, HANDLER),
        actor_id: some(party != Party::System, actor),
        actor_party: party.into(),
        state: state.into(),
    }
}

fn case(state: CaseState, actor: AccountId) -> workflow::CaseParties {
    workflow::CaseParties {
        case_id: Uuid::from_u128(0x3000).to_string(),
        issue_id: issue(1).to_string(),
        category: "facilities".to_owned(),
        department_id: DEPARTMENT.to_string(),
        nominated_by_id: LIAISON.to_string(),
        liaison_id: LIAISON.to_string(),
        section_id: SECTION.to_string(),
        handler_id: HANDLER.to_string(),
        manager_id: MANAGER.to_string(),
        actor_id: actor.to_string(),
        state: state.into(),
        issue_number: "2026-000001".to_owned(),
    }
}

fn seen(message: &Message) -> (&str, &str, &str, &str) {
    (&message.subject, &message.about, &message.issue_id, &message.issue_number)
}

both_engines! {
    async fn an_order_is_told_to_the_department_and_what_becomes_of_it_to_the_firm(town: &Town) {
        let order_subject = || format!("order/{}", Uuid::from_u128(0x2000));
        let soon = Some(rpc::parse::timestamp(town.app.now() + TimeDelta::hours(2)));
        let to = |targets: &[NotifyTarget]| targets.iter().map(|target| i32::from(*target)).collect();
        let course = course!(town, order_subject(),
            workflow::OrderPlaced { order: order(State::Placed, OWNER, Party::Firm).into(), on_behalf: false };
            workflow::OrderPlaced { order: order(State::Placed, MANAGER, Party::Manager).into(), on_behalf: true };
            workflow::OrderRungReached {
                order: order(State::Placed, OWNER, Party::System).into(),
                clock: "O1".to_owned(),
                due_time: soon,
                notify: to(&[NotifyTarget::Holder]),
                ..Default::default()
            };
            workflow::OrderDeclined { order: order(State::Declined, LIAISON, Party::Liaison).into(), ..Default::default() };
            workflow::OrderAccepted { order: order(State::Accepted, LIAISON, Party::Liaison).into(), ..Default::default() };
            workflow::OrderScheduled {
                order: order(State::Scheduled, LIAISON, Party::Liaison).into(),
                start_time: soon,
                ..Default::default()
            };
            workflow::OrderRescheduled {
                order: order(State::Scheduled, LIAISON, Party::Liaison).into(),
                start_time: soon,
                ..Default::default()
            };
            workflow::OrderOverdue {
                order: order(State::Scheduled, OWNER, Party::System).into(),
                clock: "O3".to_owned(),
                due_time: soon,
                notify: to(&[NotifyTarget::Holder, NotifyTarget::Department, NotifyTarget::Operator]),
                ..Default::default()
            };
            workflow::OrderDelivered {
                order: order(State::Delivered, LIAISON, Party::Liaison).into(),
                rate_until_time: soon,
                ..Default::default()
            };
            workflow::OrderRated { order: order(State::Rated, OWNER, Party::Firm).into(), stars: 4, ..Default::default() };
            workflow::OrderRatingLapsed { order: order(State::Unrated, OWNER, Party::System).into() };
            workflow::OrderCancelled { order: order(State::Cancelled, OWNER, Party::Firm).into(), ..Default::default() };
        );
        expect![[r"
            OrderPlaced: manager:order-placed liaison:order-to-accept deputy:order-to-accept
            OrderPlaced: owner:order-placed-for-you agent:order-placed-for-you liaison:order-to-accept deputy:order-to-accept
            OrderRungReached: liaison:order-clock-warning deputy:order-clock-warning
            OrderDeclined: manager:order-declined owner:order-declined agent:order-declined
            OrderAccepted: manager:order-accepted owner:order-accepted agent:order-accepted
            OrderScheduled: manager:order-scheduled owner:order-scheduled agent:order-scheduled handler:order-to-deliver
            OrderRescheduled: manager:order-rescheduled owner:order-rescheduled agent:order-rescheduled handler:order-to-deliver
            OrderOverdue: operator:order-clock-overdue liaison:order-clock-overdue deputy:order-clock-overdue
            OrderDelivered: owner:order-to-rate agent:order-to-rate
            OrderRated: liaison:order-rated deputy:order-rated handler:order-rated
            OrderRatingLapsed: liaison:order-rating-lapsed
            OrderCancelled: liaison:order-cancelled deputy:order-cancelled handler:order-cancelled
        "]].assert_eq(&course);
        let owner = town.as_person(OWNER).messages().await;
        assert_eq!(seen(&owner[0]), ("请评价：服务已提供（防诈骗宣讲）", order_subject().as_str(), "", ""));
        assert!(owner[0].statutory);
    }

    async fn a_case_is_told_to_who_reviews_publishes_and_earned_it_and_never_to_the_firm(town: &Town) {
        let case_subject = || format!("case/{}", Uuid::from_u128(0x3000));
        let course = course!(town, case_subject(),
            workflow::CaseNominated { case: case(CaseState::Nominated, LIAISON).into() };
            workflow::CaseReviewed {
                case: case(CaseState::Rejected, AUDITOR).into(),
                decision: CaseDecision::Rejected.into(),
                level: CaseLevel::Unspecified.into(),
            };
            workflow::CaseReviewed {
                case: case(CaseState::Accepted, AUDITOR).into(),
                decision: CaseDecision::Accepted.into(),
                level: CaseLevel::City.into(),
            };
            workflow::CasePublished {
                case: case(CaseState::Published, OPERATOR).into(),
                level: CaseLevel::City.into(),
            };
            workflow::CaseWithdrawn { case: case(CaseState::Withdrawn, OPERATOR).into(), ..Default::default() };
        );
        expect![[r"
            CaseNominated: auditor:case-to-review
            CaseReviewed: liaison:case-rejected
            CaseReviewed: operator:case-to-publish liaison:case-accepted handler:case-accepted
            CasePublished: manager:case-published liaison:case-published handler:case-published
            CaseWithdrawn: liaison:case-withdrawn
        "]].assert_eq(&course);
        let manager = town.as_person(MANAGER).messages().await;
        let (about, issue) = (case_subject(), issue(1).to_string());
        let subject = "优秀案例已发布（诉求 2026-000001）";
        assert_eq!(seen(&manager[0]), (subject, about.as_str(), issue.as_str(), "2026-000001"));
        assert_eq!(manager[0].body, "诉求 2026-000001 已作为市级优秀案例发布。");
    }

    async fn operators_are_warned_before_the_calendar_ends_and_when_it_has(town: &Town) {
        let ending = |days_left| workflow::CalendarEnding {
            calendar_version: "cn-2026".to_owned(),
            last_date: Some(Date { year: 2026, month: 12, day: 31 }),
            days_left,
        };
        let course = course!(town, "calendar/cn-2026".to_owned(), ending(30); ending(-1););
        expect![[r"
            CalendarEnding: operator:calendar-ending
            CalendarEnding: operator:calendar-ended
        "]].assert_eq(&course);
        let told = town.as_person(OPERATOR).messages().await;
        assert_eq!(seen(&told[0]), ("请立即更新工作日历", "calendar/cn-2026", "", ""));
        let body = "工作日历 cn-2026 中已公布的放假安排止于 2026-12-31，还剩 30 天；此后的时限只能暂定或无法计算，请及时启用新的日历。";
        assert_eq!(told[1].body, body);
    }
}
