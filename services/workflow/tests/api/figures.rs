use access::{Role, RoleGrant};
use chrono::TimeDelta;
use kernel::{DepartmentId, Timestamp};
use proto::{
    common::v1::Date,
    workflow::v1::{self as pb, figure_service_client::FigureServiceClient},
};
use rpc::Bearer;
use store::{Batch, binds};
use testkit::TestSuite;
use tonic::Code;
use uuid::Uuid;

use crate::world::*;

fn figures(
    app: &TestSuite,
    account: kernel::AccountId,
    roles: Vec<RoleGrant>,
) -> FigureServiceClient<Bearer> {
    FigureServiceClient::new(app.person(account, roles))
}

fn leader(app: &TestSuite) -> FigureServiceClient<Bearer> {
    figures(app, account(701), vec![RoleGrant::of(Role::Leader)])
}

#[expect(clippy::unnecessary_wraps, reason = "the fields of messages that it goes into are optional")]
fn day(text: &str) -> Option<Date> {
    let mut parts = text.split('-').map(|part| part.parse().unwrap());
    Some(Date { year: parts.next().unwrap(), month: parts.next().unwrap(), day: parts.next().unwrap() })
}

fn period(start: &str, end: &str) -> pb::QueryFiguresRequest {
    pb::QueryFiguresRequest { start_date: day(start), end_date: day(end), ..Default::default() }
}

async fn ask(mut who: FigureServiceClient<Bearer>, request: pb::QueryFiguresRequest) -> Vec<pb::Figure> {
    who.query_figures(request).await.unwrap().into_inner().figures
}

/// As "876/909 96.4".
fn show(figures: &[pb::Figure], id: &str) -> String {
    let figure = figures.iter().find(|figure| figure.figure_id == id).unwrap();
    let value = figure.per_mille.map_or("n/a".to_owned(), |n| format!("{}.{}", n / 10, n % 10));
    format!("{}/{} {value}", figure.numerator, figure.denominator)
}

/// Ids of every page of a drill-down.
async fn behind(
    mut who: FigureServiceClient<Bearer>,
    figure_id: &str,
    part: pb::FigurePart,
    asked: &pb::QueryFiguresRequest,
) -> Vec<String> {
    let (mut ids, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::DrillDownRequest {
            figure_id: figure_id.to_owned(),
            start_date: asked.start_date,
            end_date: asked.end_date,
            as_of_time: asked.as_of_time,
            part: part.into(),
            page_size: 3,
            page_token,
        };
        let page = who.drill_down(request).await.unwrap().into_inner();
        ids.extend(page.issue_ids);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            assert_eq!(i64::try_from(ids.len()).unwrap(), page.total_count);
            return ids;
        }
    }
}

/// Issues as the first city had them: how many, when submitted, when closed.
async fn the_first_city(app: &TestSuite) {
    let groups = [
        (761, "2018-12-03T02:00:00Z", Some("2018-12-28T02:00:00Z")),
        (80, "2018-12-03T02:00:00Z", Some("2019-04-08T02:00:00Z")),
        (35, "2019-03-04T02:00:00Z", Some("2019-05-31T15:59:59Z")),
        (33, "2019-03-04T02:00:00Z", None),
    ];
    let (mut issues, mut closings) = (Batch::new(), Batch::new());
    for (n, submitted, closed) in groups {
        let closed: Option<Timestamp> = closed.map(|at| at.parse().unwrap());
        let submitted: Timestamp = submitted.parse().unwrap();
        for _ in 0..n {
            let id = app.uuid();
            issues.add(
                "insert an issue",
                "INSERT INTO issue (issue_id, number, enterprise_id, category, title, division_code, state, holder,
                    unconfirmed, submitted_at, updated_at, closed_at, description_id, version, link, fold)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
                binds![
                    id,
                    id.to_string(),
                    DAIRY.uuid(),
                    "other",
                    "历史问题",
                    "330482101",
                    if closed.is_some() { "CLOSED" } else { "SUBMITTED" },
                    "LIAISON",
                    false,
                    submitted,
                    submitted,
                    closed,
                    Uuid::nil(),
                    1_i64,
                    vec![0_u8; 32],
                    serde_json::json!({})
                ],
            );
            if let Some(closed) = closed {
                closings.add(
                    "insert a close",
                    "INSERT INTO closing (issue_id, round, closed_at) VALUES ($1, $2, $3)",
                    binds![id, 1_i64, closed],
                );
            }
        }
    }
    let mut tx = db(app).begin().await.unwrap();
    issues.run(&mut tx).await.unwrap();
    closings.run(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

const ALL: [&str; 12] = [
    "M1",
    "M2",
    "M3",
    "M4",
    "M5",
    "M6.sign",
    "M6.transfer",
    "M6.contact",
    "M6.feedback",
    "M6.audit",
    "M9",
    "M9.strict",
];

both_engines! {
    async fn the_figures_of_the_first_city_come_out(app: TestSuite) {
        the_first_city(app).await;
        let spring = ask(leader(app), period("2019-01-01", "2019-05-31")).await;
        assert_eq!(show(&spring, "M1"), "876/909 96.4");
        assert_eq!(show(&spring, "M2"), "35/68 51.5");
        assert_eq!(show(&spring, "M3"), "115/148 77.7");
        assert_eq!(show(&spring, "M4"), "115/68 169.1");
        let winter = pb::QueryFiguresRequest { end_date: day("2018-12-31"), ..Default::default() };
        assert_eq!(show(&ask(leader(app), winter).await, "M1"), "761/841 90.5");
        // The same period, as it was known a month before its end.
        let early = pb::QueryFiguresRequest {
            as_of_time: Some(prost_types::Timestamp { seconds: 1_556_600_000, nanos: 0 }),
            ..period("2019-01-01", "2019-05-31")
        };
        assert_eq!(show(&ask(leader(app), early).await, "M1"), "841/909 92.5");
        assert_eq!(spring.iter().map(|figure| figure.figure_id.as_str()).collect::<Vec<_>>(), ALL);
        assert!(spring.iter().all(|figure| !figure.definition_zh.is_empty() && !figure.definition_en.is_empty()));
    }

    async fn nothing_to_divide_by_is_no_nought(app: TestSuite) {
        let empty = ask(leader(app), pb::QueryFiguresRequest::default()).await;
        for id in ALL {
            assert_eq!(show(&empty, id), "0/0 n/a");
        }
    }

    async fn a_reopened_issue_is_closed_in_no_figure_but_was_before(app: TestSuite) {
        let issue = closed(app).await;
        let closed_at = app.now();
        app.clock.advance(TimeDelta::hours(1));
        let today = || pb::QueryFiguresRequest::default();
        assert_eq!(show(&ask(leader(app), today()).await, "M1"), "1/1 100.0");
        owner(app).reopen_issue(&issue).await.unwrap();
        let reopened = ask(leader(app), today()).await;
        for (id, shown) in [("M1", "0/1 0.0"), ("M2", "0/1 0.0"), ("M3", "0/1 0.0"), ("M4", "0/1 0.0"), ("M5", "0/0 n/a")] {
            assert_eq!(show(&reopened, id), shown, "{id}");
        }
        let seconds = closed_at.timestamp();
        let before = pb::QueryFiguresRequest {
            as_of_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            ..today()
        };
        assert_eq!(show(&ask(leader(app), before).await, "M1"), "1/1 100.0");
    }

    async fn what_was_done_late_is_not_on_time_and_what_is_not_due_is_left_out(app: TestSuite) {
        closed(app).await;
        let late = submitted(app).await;
        app.clock.advance(TimeDelta::hours(3));
        liaison(app).sign_issue(&late).await.unwrap();
        submitted(app).await;
        let shown = ask(leader(app), pb::QueryFiguresRequest::default()).await;
        assert_eq!(show(&shown, "M6.sign"), "1/2 50.0");
        assert_eq!(show(&shown, "M6.transfer"), "1/1 100.0");
        assert_eq!(show(&shown, "M6.contact"), "1/1 100.0");
        assert_eq!(show(&shown, "M6.feedback"), "1/1 100.0");
        assert_eq!(show(&shown, "M6.audit"), "1/1 100.0");
        assert_eq!(show(&shown, "M5"), "1/1 100.0");
        assert_eq!(show(&shown, "M9"), "1/1 100.0");
    }

    async fn a_clock_that_was_set_going_again_is_known_as_it_stood(app: TestSuite) {
        let issue = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        let issue = liaison(app).dispatch_issue(&issue).await.unwrap();
        let dispatched = app.now();
        app.clock.advance(TimeDelta::days(1));
        handler(app).object_issue(&issue).await.unwrap();
        app.clock.advance(TimeDelta::days(1));
        let as_of = |at: Timestamp| pb::QueryFiguresRequest {
            figure_ids: vec!["M6.transfer".to_owned()],
            as_of_time: Some(prost_types::Timestamp { seconds: at.timestamp(), nanos: 0 }),
            ..Default::default()
        };
        assert_eq!(show(&ask(leader(app), as_of(dispatched)).await, "M6.transfer"), "1/1 100.0");
        assert_eq!(show(&ask(leader(app), as_of(app.now())).await, "M6.transfer"), "0/1 0.0");
    }

    async fn the_last_rating_decides_who_is_satisfied(app: TestSuite) {
        let issue = owner(app).rate(&fed_back(app).await, 1).await.unwrap();
        app.clock.advance(TimeDelta::minutes(1));
        let issue = handler(app).reply_issue(&issue).await.unwrap();
        let issue = liaison(app).feed_back_issue(&issue).await.unwrap();
        owner(app).rate(&issue, 3).await.unwrap();
        let shown = ask(leader(app), pb::QueryFiguresRequest::default()).await;
        assert_eq!((show(&shown, "M9"), show(&shown, "M9.strict")), ("1/1 100.0".to_owned(), "0/1 0.0".to_owned()));
    }

    async fn count_list_and_drill_down_agree_under_every_scope(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        let reopened = closed(app).await;
        for _ in 0..3 {
            closed(app).await;
        }
        app.clock.advance(TimeDelta::hours(3));
        submitted(app).await;
        fed_back(app).await;
        owner(app).reopen_issue(&reopened).await.unwrap();
        steel_owner(app).submit(STEEL, "other").await.unwrap();
        app.clock.advance(TimeDelta::days(1));
        let elsewhere = RoleGrant::liaison(DepartmentId::new(app.uuid()));
        let scopes = [
            (OPERATOR, RoleGrant::of(Role::Operator), 7),
            (AUDITOR, RoleGrant::of(Role::Auditor), 7),
            (account(701), RoleGrant::of(Role::Leader), 7),
            (WANG, RoleGrant::of(Role::Manager), 6),
            (LI, RoleGrant::of(Role::Manager), 0),
            (LIAISON, RoleGrant::liaison(HOUSING), 6),
            (account(302), elsewhere, 0),
        ];
        let asked = pb::QueryFiguresRequest::default();
        for (who, role, n_all) in scopes {
            let client = || figures(app, who, vec![role]);
            let shown = ask(client(), asked.clone()).await;
            for figure in &shown {
                let id = figure.figure_id.as_str();
                let above = behind(client(), id, pb::FigurePart::Numerator, &asked).await;
                let below = behind(client(), id, pb::FigurePart::Denominator, &asked).await;
                let n = |ids: &[String]| i64::try_from(ids.len()).unwrap();
                assert_eq!((n(&above), n(&below)), (figure.numerator, figure.denominator), "{role:?} {id}");
                assert!(above.is_sorted_by(|a, b| a < b) && below.is_sorted_by(|a, b| a < b));
            }
            // The base of completion is the whole list.
            let listed = person(app, who, vec![role]).list(pb::IssueFilter::default()).await.unwrap();
            let mut ids: Vec<_> = listed.issues.into_iter().map(|issue| issue.issue_id).collect();
            ids.sort();
            assert_eq!(behind(client(), "M1", pb::FigurePart::Denominator, &asked).await, ids);
            assert_eq!((listed.total_count, ids.len()), (n_all, usize::try_from(n_all).unwrap()), "{role:?}");
        }
    }

    async fn a_list_behind_a_figure_does_not_change_while_it_is_read(app: TestSuite) {
        for _ in 0..3 {
            submitted(app).await;
        }
        let request = |page_token: &str| pb::DrillDownRequest {
            figure_id: "M1".to_owned(),
            part: pb::FigurePart::Denominator.into(),
            page_size: 2,
            page_token: page_token.to_owned(),
            ..Default::default()
        };
        let first = leader(app).drill_down(request("")).await.unwrap().into_inner();
        app.clock.advance(TimeDelta::minutes(1));
        submitted(app).await;
        let second = leader(app).drill_down(request(&first.next_page_token)).await.unwrap().into_inner();
        assert_eq!((first.issue_ids.len(), second.issue_ids.len(), second.total_count), (2, 1, 3));
    }

    async fn a_question_that_means_nothing_is_refused(app: TestSuite) {
        let unknown = pb::QueryFiguresRequest { figure_ids: vec!["M7".to_owned()], ..Default::default() };
        let unknown_figure = || was(Code::InvalidArgument, "FIGURE_UNKNOWN");
        assert_eq!(refusal(leader(app).query_figures(unknown).await), unknown_figure());
        let request = pb::DrillDownRequest {
            figure_id: "M6".to_owned(),
            part: pb::FigurePart::Numerator.into(),
            ..Default::default()
        };
        // A list is behind one figure, not behind several.
        assert_eq!(refusal(leader(app).drill_down(request).await), unknown_figure());
        let backwards = leader(app).query_figures(period("2026-03-02", "2026-03-01")).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&backwards), ["end_date"]);
        let named = pb::QueryFiguresRequest { figure_ids: vec!["M9".to_owned(), "M1".to_owned()], ..Default::default() };
        let shown = ask(leader(app), named).await;
        assert_eq!(shown.iter().map(|figure| figure.figure_id.as_str()).collect::<Vec<_>>(), ["M1", "M9", "M9.strict"]);
        let firm = figures(app, OWNER, vec![RoleGrant::enterprise(DAIRY)])
            .query_figures(pb::QueryFiguresRequest::default())
            .await;
        assert_eq!(refusal(firm), was(Code::PermissionDenied, "NOT_PERMITTED"));
    }
}
