use access::{Role, RoleGrant};
use chrono::TimeDelta;
use proto::workflow::v1::{
    self as pb,
    ClockIntervalKind::{Answered, Running},
    DeadlineLineKind::{Counted, Holiday, MakeUp, Weekend},
    IssueState::{Dispatched, Signed, Submitted},
    Light::{Green, Red, Yellow},
    clock_service_client::ClockServiceClient,
};
use rpc::Bearer;
use testkit::TestSuite;
use tonic::Code;

use crate::world::*;

fn clocks(app: &TestSuite, account: kernel::AccountId, role: RoleGrant) -> ClockServiceClient<Bearer> {
    ClockServiceClient::new(app.person(account, vec![role]))
}

fn clerk(app: &TestSuite) -> ClockServiceClient<Bearer> {
    clocks(app, OPERATOR, RoleGrant::of(Role::Operator))
}

async fn explained(app: &TestSuite, issue: &pb::Issue) -> pb::ExplainDeadlinesResponse {
    let request = pb::ExplainDeadlinesRequest { issue_id: issue.issue_id.clone() };
    clerk(app).explain_deadlines(request).await.unwrap().into_inner()
}

fn clock<'a>(explained: &'a pb::ExplainDeadlinesResponse, key: &str) -> &'a pb::ExplainedClock {
    explained.clocks.iter().find(|explained| explained.clock.as_ref().unwrap().clock == key).unwrap()
}

/// Numbers and clocks of every page, two rows on each.
async fn due(mut who: ClockServiceClient<Bearer>, request: pb::ListDueRequest) -> Vec<String> {
    let (mut rows, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListDueRequest { page_size: 2, page_token, ..request.clone() };
        let page = who.list_due(request).await.unwrap().into_inner();
        rows.extend(page.clocks.into_iter().map(|due| {
            format!("{} {}", due.issue_number.trim_start_matches("QQ-2026-00000"), due.clock.unwrap().clock)
        }));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            assert_eq!(i64::try_from(rows.len()).unwrap(), page.total_count);
            return rows;
        }
    }
}

both_engines! {
    async fn each_clock_is_explained_interval_by_interval(app: TestSuite) {
        let issue = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        app.clock.advance(TimeDelta::minutes(30));
        let issue = liaison(app).dispatch_issue(&issue).await.unwrap();
        app.clock.advance(TimeDelta::hours(1));
        let issue = handler(app).object_issue(&issue).await.unwrap();
        app.clock.advance(TimeDelta::minutes(15));
        let told = explained(app, &issue).await;
        let c2 = clock(&told, "C2");
        let seen: Vec<_> = c2.intervals.iter().map(|interval| (interval.kind(), interval.working_seconds)).collect();
        assert_eq!(seen, [(Running, 1_800), (Answered, 3_600), (Running, 900)]);
        assert!(c2.intervals.windows(2).all(|pair| pair[0].end_time == pair[1].start_time));
        assert_eq!(c2.intervals.last().unwrap().end_time, None);
        assert_eq!(c2.clock.as_ref().unwrap().limit, "4 working hours");
        let rungs: Vec<_> = clock(&told, "C4").rungs.iter().map(|rung| rung.rung.as_str()).collect();
        assert_eq!(rungs, ["half", "yellow", "due", "urge", "listed"]);
        assert!(clock(&told, "C1").rungs.is_empty());

        let states: Vec<_> = told.segments.iter().map(pb::HolderSegment::state).collect();
        assert_eq!(states, [Submitted, Signed, Dispatched, Signed]);
        assert_eq!(told.segments.iter().map(|segment| segment.seconds).sum::<i64>(), told.open_seconds);
        assert_eq!(told.open_seconds, 6_300);
        assert_eq!((told.policy_version, told.calendar_version), (1, issue.calendar_version));
    }

    async fn each_deadline_is_explained_in_figures_that_add_up_and_in_words(app: TestSuite) {
        app.clock.set("2026-02-13T16:30:00+08:00".parse().unwrap());
        let issue = submitted(app).await;
        let told = explained(app, &issue).await;
        let c1 = clock(&told, "C1");
        let why = c1.deadline.clone().unwrap();
        let seen: Vec<_> = why.lines.iter().map(|line| (line.kind(), line.working_seconds, line.sum_seconds)).collect();
        assert_eq!(seen, [(Counted, 3_600, 3_600), (MakeUp, 3_600, 7_200)]);
        assert_eq!(why.lines[1].holiday, "春节");
        assert_eq!(why.due_time, c1.clock.as_ref().unwrap().due_time);
        assert_eq!(why.due_time, why.original_due_time);
        assert!(why.text_zh.starts_with("2026-02-13（周五）16:30 签收时限开始，限 2 个工作小时："), "{}", why.text_zh);
        assert!(why.text_en.ends_with("due 14 February 09:30."), "{}", why.text_en);
        let c4 = clock(&told, "C4").deadline.clone().unwrap();
        let n_days = 5;
        assert_eq!(c4.lines.iter().filter(|line| line.kind() != Weekend && line.kind() != Holiday)
            .map(|line| line.working_seconds).sum::<i64>(), n_days * 27_000);
        assert!(c4.lines.iter().any(|line| line.kind() == Holiday && line.day_count == 9 && line.holiday == "春节"));
    }

    async fn deadlines_are_explained_to_those_who_see_the_issue(app: TestSuite) {
        let issue = submitted(app).await;
        let request = pb::ExplainDeadlinesRequest { issue_id: issue.issue_id };
        let firm = clocks(app, OWNER, RoleGrant::enterprise(DAIRY)).explain_deadlines(request.clone()).await;
        assert_eq!(firm.unwrap().into_inner().clocks.len(), 2);
        let other = clocks(app, STEEL_OWNER, RoleGrant::enterprise(STEEL)).explain_deadlines(request).await;
        assert_eq!(refusal(other), was(Code::NotFound, "ISSUE_NOT_FOUND"));
    }

    async fn what_is_due_is_listed_next_due_first(app: TestSuite) {
        submitted(app).await;
        app.clock.advance(TimeDelta::minutes(10));
        let second = submitted(app).await;
        owner(app).submit(DAIRY, "other").await.unwrap();
        closed(app).await;
        let all = || pb::ListDueRequest::default();
        assert_eq!(due(clerk(app), all()).await, ["1 C1", "2 C1", "3 C0", "1 C4", "2 C4"]);
        liaison(app).sign_issue(&second).await.unwrap();
        assert_eq!(due(clerk(app), all()).await, ["1 C1", "3 C0", "2 C2", "1 C4", "2 C4"]);
        let kinds = pb::ListDueRequest { clock_ids: vec!["C4".to_owned(), "C0".to_owned()], ..all() };
        assert_eq!(due(clerk(app), kinds).await, ["3 C0", "1 C4", "2 C4"]);
        let holders = pb::ListDueRequest { holders: vec![pb::Holder::Operator.into()], ..all() };
        assert_eq!(due(clerk(app), holders).await, ["3 C0"]);
        let soon = app.now() + TimeDelta::hours(2);
        let before = prost_types::Timestamp { seconds: soon.timestamp(), nanos: 0 };
        let soon = pb::ListDueRequest { due_before_time: Some(before), ..all() };
        assert_eq!(due(clerk(app), soon).await, ["1 C1"]);
    }

    async fn a_list_of_clocks_keeps_to_the_scope(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        in_progress(app).await;
        submitted(app).await;
        steel_owner(app).submit(STEEL, "other").await.unwrap();
        let all = pb::ListDueRequest::default;
        let section = clocks(app, HANDLER, RoleGrant::section_handler(HOUSING, ROADS));
        assert_eq!(due(section, all()).await, ["1 C3", "1 C4"]);
        assert_eq!(due(clocks(app, LIAISON, RoleGrant::liaison(HOUSING)), all()).await.len(), 4);
        assert_eq!(due(clocks(app, WANG, RoleGrant::of(Role::Manager)), all()).await.len(), 4);
        assert_eq!(due(clocks(app, LI, RoleGrant::of(Role::Manager)), all()).await.len(), 0);
        assert_eq!(due(clerk(app), all()).await.len(), 5);
    }

    async fn each_clock_shows_its_own_light(app: TestSuite) {
        submitted(app).await;
        let lights = async || -> Vec<pb::Light> {
            let page = clerk(app).list_due(pb::ListDueRequest::default()).await.unwrap().into_inner();
            page.clocks.iter().map(pb::DueClock::light).collect()
        };
        assert_eq!(lights().await, [Green, Green]);
        app.clock.advance(TimeDelta::hours(1));
        assert_eq!(lights().await, [Yellow, Green]);
        app.clock.advance(TimeDelta::hours(1));
        assert_eq!(lights().await, [Yellow, Green]);
        app.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(lights().await, [Red, Green]);
    }

    async fn a_filter_of_clocks_that_means_nothing_is_refused(app: TestSuite) {
        let request = pb::ListDueRequest { clock_ids: vec!["C14".to_owned()], holders: vec![77], ..Default::default() };
        let status = clerk(app).list_due(request).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&status), ["clock_ids", "holders"]);
    }
}
