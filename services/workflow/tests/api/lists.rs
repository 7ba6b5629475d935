use chrono::TimeDelta;
use proto::workflow::v1 as pb;
use testkit::TestSuite;
use tonic::Code;

use crate::world::*;

fn filter() -> pb::IssueFilter {
    pb::IssueFilter::default()
}

/// Numbers of the issues of every page, two on each.
async fn pages(who: &Person<'_>, order: pb::IssueOrder) -> Vec<String> {
    let (mut numbers, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListIssuesRequest { filter: None, order: order.into(), page_size: 2, page_token };
        let page = who.issues().list_issues(request).await.unwrap().into_inner();
        numbers.extend(
            page.issues.into_iter().map(|issue| issue.number.trim_start_matches("QQ-2026-").to_owned()),
        );
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return numbers;
        }
    }
}

both_engines! {
    async fn what_is_overdue_shows_red(app: TestSuite) {
        let issue = submitted(app).await;
        app.clock.set("2026-03-02T11:00:00+08:00".parse().unwrap());
        assert_eq!(liaison(app).get(&issue).await.unwrap().light(), pb::Light::Yellow);
        app.clock.advance(TimeDelta::microseconds(1));
        let red = pb::IssueFilter { lights: vec![pb::Light::Red.into()], overdue_only: true, ..filter() };
        let listed = liaison(app).list(red).await.unwrap();
        assert_eq!((listed.total_count, listed.issues[0].light()), (1, pb::Light::Red));
    }

    async fn pages_follow_on_one_another_in_every_order(app: TestSuite) {
        let first = submitted(app).await;
        for _ in 0..3 {
            app.clock.advance(TimeDelta::minutes(1));
            submitted(app).await;
        }
        closed(app).await;
        app.clock.advance(TimeDelta::minutes(1));
        // The clock of the signature stops, and one that is due later starts.
        liaison(app).sign_issue(&first).await.unwrap();
        let clerk = operator(app);
        let orders = [
            (pb::IssueOrder::NewestFirst, ["000005", "000004", "000003", "000002", "000001"]),
            (pb::IssueOrder::OldestFirst, ["000001", "000002", "000003", "000004", "000005"]),
            (pb::IssueOrder::DueFirst, ["000002", "000003", "000004", "000001", "000005"]),
            (pb::IssueOrder::RecentlyChangedFirst, ["000001", "000005", "000004", "000003", "000002"]),
        ];
        for (order, numbers) in orders {
            assert_eq!(pages(&clerk, order).await, numbers, "{order:?}");
        }
    }

    async fn a_page_token_is_good_for_its_own_list_alone(app: TestSuite) {
        for _ in 0..2 {
            submitted(app).await;
        }
        let request = pb::ListIssuesRequest { page_size: 1, ..Default::default() };
        let token = operator(app).issues().list_issues(request).await.unwrap().into_inner().next_page_token;
        let with = |filter| pb::ListIssuesRequest {
            filter: Some(filter),
            page_size: 1,
            page_token: token.clone(),
            ..Default::default()
        };
        let other = with(pb::IssueFilter { open_only: true, ..filter() });
        let invalid = || was(Code::InvalidArgument, "PAGE_TOKEN_INVALID");
        assert_eq!(refusal(operator(app).issues().list_issues(other).await), invalid());
        assert_eq!(refusal(auditor(app).issues().list_issues(with(filter())).await), invalid());
        operator(app).issues().list_issues(with(filter())).await.unwrap();
    }

    async fn a_filter_that_means_nothing_is_refused(app: TestSuite) {
        let nonsense = pb::IssueFilter {
            states: vec![99],
            division_code: "3".to_owned(),
            submit_date_from: date("03-05"),
            submit_date_to: date("03-04"),
            ..filter()
        };
        let status = operator(app).list(nonsense).await.unwrap_err();
        assert_eq!(
            testkit::bad_fields(&status),
            ["filter.submit_date_to", "filter.states", "filter.division_code"]
        );
    }
}
