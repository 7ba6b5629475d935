use access::{Role, RoleGrant};
use chrono::TimeDelta;
use kernel::{EnterpriseId, IssueId, NoteId, Timestamp};
use proto::{
    common::v1::Date,
    workflow::v1::{self as pb, figure_service_client::FigureServiceClient},
};
use qinqing_workflow::domain::{
    Actor, Channel, Command, Desk, Event, Fact, NoteRef, Outcome, Party, Policy, Rating, Rules, Stars,
    SubmitIssue, decide, fold, submit,
};
use rpc::Bearer;
use store::{Batch, binds};
use testkit::TestSuite;
use tonic::Code;
use uuid::Uuid;
use worktime::Calendar;

use crate::world::*;

pub fn figures(
    app: &TestSuite,
    account: kernel::AccountId,
    roles: Vec<RoleGrant>,
) -> FigureServiceClient<Bearer> {
    FigureServiceClient::new(app.person(account, roles))
}

pub fn leader(app: &TestSuite) -> FigureServiceClient<Bearer> {
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

pub async fn ask(mut who: FigureServiceClient<Bearer>, request: pb::QueryFiguresRequest) -> Vec<pb::Figure> {
    who.query_figures(request).await.unwrap().into_inner().figures
}

/// As "876/909 96.4".
pub fn show(figures: &[pb::Figure], id: &str) -> String {
    let figure = figures.iter().find(|figure| figure.figure_id == id).unwrap();
    let value = figure.per_mille.map_or("n/a".to_owned(), |n| format!("{}.{}", n / 10, n % 10));
    format!("{}/{} {value}", figure.numerator, figure.denominator)
}

/// Ids of every page of a drill-down.
pub async fn behind(
    mut who: FigureServiceClient<Bearer>,
    figure_id: &str,
    part: pb::FigurePart,
    (asked, group_key): (&pb::QueryFiguresRequest, &str),
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
            group_by: asked.group_by,
            group_key: group_key.to_owned(),
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

/// An issue of the dairy as the first city had them: when it was submitted, and when closed.
fn history(id: IssueId, n: u64, submitted: Timestamp, closed: Option<Timestamp>) -> Vec<Event> {
    let rules = Rules { policy: Policy::default_pack(), calendar: Calendar::china(), calendars: &[] };
    let note = || NoteRef { note_id: NoteId::new(Uuid::nil()), digest: trail::Hash::ZERO };
    let desk = Desk { department: HOUSING, liaison: LIAISON };
    let firm = Actor::person(OWNER, [Party::Firm]);
    let command = SubmitIssue {
        issue_id: id,
        number: format!("QQ-2018-{n:06}").parse().unwrap(),
        enterprise_id: DAIRY,
        category: "other".parse().unwrap(),
        title: note(),
        description: note(),
        division: "330482101".parse().unwrap(),
        manager: None,
        desk: Some(desk),
        about: None,
        confidential: false,
    };
    let mut events = submit(command, rules, submitted, &firm).unwrap();
    let liaison = || Actor::person(LIAISON, [Party::Liaison]);
    let handler = || Actor::person(HANDLER, [Party::Section]);
    let receipt = Command::FeedBack { channel: Channel::Telephone, receipt: note() };
    let rating = Rating { stars: Stars::try_from(5).unwrap(), speed: None, attitude: None, result: None };
    let steps = [
        (Command::Sign { difficulty: None }, liaison()),
        (
            Command::Dispatch { section: ROADS, department: HOUSING, note: None, co_sections: Vec::new() },
            liaison(),
        ),
        (Command::Accept, handler()),
        (
            Command::Reply {
                outcome: Outcome::Resolved,
                text: note(),
                legal_basis: None,
                override_note: None,
                evidence: Vec::new(),
            },
            handler(),
        ),
        (receipt, liaison()),
        (Command::Rate { rating, comment: None }, firm),
        (Command::PassAudit { note: None }, Actor::person(AUDITOR, [Party::Auditor])),
    ];
    for (at, (command, by)) in closed.iter().cycle().zip(steps) {
        let issue = fold(&events).unwrap().unwrap();
        events.extend(decide(&issue, command, rules, *at, &by).unwrap());
    }
    events
}

/// Issues as the first city had them: how many, when submitted, when closed.
async fn the_first_city(app: &TestSuite) {
    let groups = [
        (761, "2018-12-03T02:00:00Z", Some("2018-12-28T02:00:00Z")),
        (80, "2018-12-03T02:00:00Z", Some("2019-04-08T02:00:00Z")),
        (35, "2019-03-04T02:00:00Z", Some("2019-05-31T15:59:59Z")),
        (33, "2019-03-04T02:00:00Z", None),
    ];
    let (mut issues, mut rows) = (Batch::new(), Batch::new());
    let mut number = 0;
    for (n, submitted, closed) in groups {
        let closed: Option<Timestamp> = closed.map(|at| at.parse().unwrap());
        let submitted: Timestamp = submitted.parse().unwrap();
        for _ in 0..n {
            number += 1;
            let events = history(IssueId::new(app.uuid()), number, submitted, closed);
            insert(app, &mut issues, &mut rows, &events);
        }
    }
    let mut tx = db(app).begin().await.unwrap();
    issues.run(&mut tx).await.unwrap();
    rows.run(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    have_all_reckoned(app).await;
}

/// As the migration does with a database that has issues already.
async fn have_all_reckoned(app: &TestSuite) {
    let all =
        "INSERT INTO figure_due (issue_id, version) SELECT issue_id, version FROM issue WHERE version > 0";
    let mut tx = db(app).begin().await.unwrap();
    store::execute!(&mut tx, "have all reckoned", all).unwrap();
    tx.commit().await.unwrap();
}

/// An issue with its events, and what figures do not look at the same for all.
fn insert(app: &TestSuite, issues: &mut Batch, rows: &mut Batch, events: &[Event]) {
    let issue = fold(events).unwrap().unwrap();
    let id = issue.id.uuid();
    issues.add(
        "insert an issue",
        "INSERT INTO issue (issue_id, number, enterprise_id, category, title, division_code, state, holder,
            unconfirmed, submitted_at, updated_at, closed_at, description_id, version, link, fold)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        binds![
            id,
            id.to_string(),
            issue.enterprise_id.uuid(),
            issue.category.as_str(),
            "历史问题",
            issue.division.as_str(),
            issue.state().name(),
            issue.holder().name(),
            false,
            issue.submitted_at,
            issue.updated_at,
            issue.closed_at(),
            Uuid::nil(),
            issue.version.number(),
            vec![0_u8; 32],
            serde_json::json!({})
        ],
    );
    for event in events {
        rows.add(
            "insert an event",
            "INSERT INTO issue_event (issue_id, seq, event_id, kind, at, actor, client, payload, state, etag, prev, link)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            binds![
                id,
                event.version.number(),
                app.uuid(),
                event.kind(),
                event.at,
                "service:workflow",
                "test",
                serde_json::to_value(event).unwrap(),
                issue.state().name(),
                event.version.number(),
                vec![0_u8; 32],
                vec![0_u8; 32]
            ],
        );
    }
}

async fn all_ids(app: &TestSuite) -> Vec<String> {
    let mut anybody = FigureServiceClient::new(app.anonymous());
    let listed = anybody.list_figures(pb::ListFiguresRequest {}).await.unwrap().into_inner();
    listed.definitions.into_iter().map(|definition| definition.figure_id).collect()
}

async fn as_published(app: &TestSuite) {
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
    assert_eq!(spring.iter().map(|figure| figure.figure_id.clone()).collect::<Vec<_>>(), all_ids(app).await);
    assert!(spring.iter().all(|figure| !figure.definition_zh.is_empty() && !figure.definition_en.is_empty()));
}

/// Issues that wait to be signed: 7, 5, 5 and 2 of a category, each of a firm of its own.
pub async fn many_firms(app: &TestSuite) {
    let mut tx = db(app).begin().await.unwrap();
    let (mut issues, mut rows) = (Batch::new(), Batch::new());
    let categories = [("labour", 7), ("other", 5), ("land", 5), ("funding", 2)];
    let all = categories.iter().flat_map(|(category, n)| std::iter::repeat_n(*category, *n));
    for (n, category) in (1..).zip(all) {
        let id = app.uuid();
        let mut events = history(IssueId::new(id), n, app.now(), None);
        let firm = EnterpriseId::new(Uuid::from_u128(800 + u128::from(n)));
        if let Fact::Submitted { enterprise_id, category: code, .. } = &mut events[0].fact {
            (*enterprise_id, *code) = (firm, category.parse().unwrap());
        }
        insert(app, &mut issues, &mut rows, &events);
    }
    issues.run(&mut tx).await.unwrap();
    rows.run(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    have_all_reckoned(app).await;
}

both_engines! {
    async fn the_figures_of_the_first_city_come_out(app: TestSuite) {
        the_first_city(app).await;
        // From the histories, as nothing was reckoned with yet; and from the marks and sums.
        for _ in 0..2 {
            as_published(app).await;
            app.settle().await;
        }
    }

    async fn nothing_to_divide_by_is_no_nought(app: TestSuite) {
        let empty = ask(leader(app), pb::QueryFiguresRequest::default()).await;
        for id in all_ids(app).await {
            assert_eq!(show(&empty, &id), "0/0 n/a");
        }
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
        let unknown = pb::QueryFiguresRequest { figure_ids: vec!["M16".to_owned()], ..Default::default() };
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
        let system = figures(app, account(901), vec![RoleGrant::of(Role::SystemAdmin)])
            .query_figures(pb::QueryFiguresRequest::default())
            .await;
        assert_eq!(refusal(system), was(Code::PermissionDenied, "NOT_PERMITTED"));
        let by_month = || pb::FigureGrouping::Month.into();
        let clearance = pb::QueryFiguresRequest {
            figure_ids: vec!["M3".to_owned()],
            group_by: by_month(),
            ..Default::default()
        };
        let not_grouped = || was(Code::InvalidArgument, "FIGURE_NOT_GROUPED");
        assert_eq!(refusal(leader(app).query_figures(clearance).await), not_grouped());
        let behind = pb::DrillDownRequest {
            figure_id: "M3".to_owned(),
            part: pb::FigurePart::Numerator.into(),
            group_by: by_month(),
            group_key: "2026-03".to_owned(),
            ..Default::default()
        };
        assert_eq!(refusal(leader(app).drill_down(behind).await), not_grouped());
    }

    async fn groups_add_up_to_the_whole_and_drill_down_to_their_issues(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        let reopened = closed(app).await;
        app.clock.advance(TimeDelta::days(31));
        let lately = closed(app).await;
        owner(app).submit(DAIRY, "other").await.unwrap();
        steel_owner(app).submit(STEEL, "other").await.unwrap();
        owner(app).rate(&fed_back(app).await, 1).await.unwrap();
        // What the job has come to, and what it has not, are counted alike.
        let late = submitted(app).await;
        for round in 0..4 {
            match round {
                // Nothing was reckoned with yet.
                0 => (),
                // Some has changed since: a step was taken, an issue was reopened, others fell due.
                2 => {
                    owner(app).reopen_issue(&reopened).await.unwrap_err();
                    app.clock.advance(TimeDelta::days(1));
                    liaison(app).sign_issue(&late).await.unwrap();
                    owner(app).reopen_issue(&lately).await.unwrap();
                }
                _ => app.settle().await,
            }
            for group_by in 1..=6 {
                let asked = pb::QueryFiguresRequest { group_by, ..Default::default() };
                let mut n_groups = 0;
                for figure in ask(leader(app), asked.clone()).await {
                    let id = figure.figure_id.as_str();
                    if figure.groups.is_empty() {
                        assert!(figure.denominator + figure.numerator == 0 || id == "M3", "{id} {group_by}");
                        continue;
                    }
                    let sum = |of: fn(&pb::FigureGroup) -> i64| figure.groups.iter().map(of).sum::<i64>();
                    let sums = (sum(|group| group.numerator), sum(|group| group.denominator));
                    assert_eq!(sums, (figure.numerator, figure.denominator), "{id} {group_by}");
                    for group in &figure.groups {
                        n_groups += 1;
                        let at = (&asked, group.key.as_str());
                        let above = behind(leader(app), id, pb::FigurePart::Numerator, at).await;
                        let below = behind(leader(app), id, pb::FigurePart::Denominator, at).await;
                        let n = |ids: &[String]| i64::try_from(ids.len()).unwrap();
                        assert_eq!((n(&above), n(&below)), (group.numerator, group.denominator), "{id} {}", group.key);
                    }
                }
                assert!(20 < n_groups, "{group_by}: {n_groups}");
            }
        }
    }

    async fn a_department_that_had_an_issue_then_is_its_group_then(app: TestSuite) {
        let issue = owner(app).submit(DAIRY, "other").await.unwrap();
        let before = app.now();
        app.clock.advance(TimeDelta::hours(1));
        operator(app).assign_issue(&issue).await.unwrap();
        for _ in 0..2 {
            let asked = |at: Timestamp| pb::QueryFiguresRequest {
                figure_ids: vec!["M1".to_owned()],
                as_of_time: Some(prost_types::Timestamp { seconds: at.timestamp(), nanos: 0 }),
                group_by: pb::FigureGrouping::Department.into(),
                ..Default::default()
            };
            let keys = async |at| -> Vec<String> {
                let shown = ask(leader(app), asked(at)).await;
                shown[0].groups.iter().map(|group| group.key.clone()).collect()
            };
            assert_eq!(keys(before).await, [String::new()]);
            assert_eq!(keys(app.now()).await, [HOUSING.to_string()]);
            app.settle().await;
        }
    }

    async fn units_with_too_few_issues_are_not_ranked(app: TestSuite) {
        for _ in 0..10 {
            closed(app).await;
        }
        steel_owner(app).submit(STEEL, "other").await.unwrap();
        let asked = pb::QueryFiguresRequest {
            figure_ids: vec!["M24.completion".to_owned()],
            group_by: pb::FigureGrouping::Department.into(),
            ..Default::default()
        };
        let shown = ask(leader(app), asked).await;
        let tiers: Vec<_> = shown[0].groups.iter().map(|group| (group.denominator, group.tier())).collect();
        assert_eq!(tiers, [(1, pb::FigureTier::Unranked), (10, pb::FigureTier::Second)]);
        assert_eq!(shown[0].groups[1].lower_bound_per_mille, Some(722));
    }

    async fn half_of_the_issues_took_no_longer(app: TestSuite) {
        for minutes in [1, 2, 30] {
            let issue = submitted(app).await;
            app.clock.advance(TimeDelta::minutes(minutes));
            liaison(app).sign_issue(&issue).await.unwrap();
        }
        for _ in 0..2 {
            let shown = ask(leader(app), pb::QueryFiguresRequest::default()).await;
            let signing = shown.iter().find(|figure| figure.figure_id == "M23.C1").unwrap();
            assert_eq!((signing.p50_seconds, signing.p90_seconds), (Some(120), Some(1_808)));
            assert_eq!((signing.numerator, signing.denominator, signing.per_mille), (3, 3, None));
            app.settle().await;
        }
    }

    async fn the_public_sees_nothing_of_few_firms(app: TestSuite) {
        let mut anybody = FigureServiceClient::new(app.anonymous());
        let early = anybody.get_public_figures(pb::GetPublicFiguresRequest {}).await.unwrap().into_inner();
        assert_eq!((early.figures.len(), early.as_of_time), (0, None));
        for _ in 0..3 {
            closed(app).await;
            steel_owner(app).submit(STEEL, "other").await.unwrap();
        }
        app.settle().await;
        let shown = anybody.get_public_figures(pb::GetPublicFiguresRequest {}).await.unwrap().into_inner();
        let ids: Vec<_> = shown.figures.iter().map(|figure| figure.figure_id.as_str()).collect();
        assert_eq!(ids, ["M1", "M3", "M4", "M5", "M9"]);
        for figure in &shown.figures {
            let cells = figure.whole.iter().chain(&figure.categories).chain(&figure.months);
            for cell in cells {
                // Six issues, but of two firms.
                assert!(cell.hidden && cell.numerator.is_none() && cell.denominator.is_none(), "{cell:?}");
                assert_eq!(cell.per_mille, None);
            }
            assert!(!figure.categories.is_empty() && !figure.months.is_empty());
        }
        assert!(shown.as_of_time.is_some());
    }

    async fn the_public_sees_what_is_of_many_firms(app: TestSuite) {
        many_firms(app).await;
        app.settle().await;
        let mut anybody = FigureServiceClient::new(app.anonymous());
        let shown = anybody.get_public_figures(pb::GetPublicFiguresRequest {}).await.unwrap().into_inner();
        let completion = &shown.figures[0];
        let whole = completion.whole.as_ref().unwrap();
        assert_eq!((whole.hidden, whole.numerator, whole.denominator, whole.per_mille), (false, Some(0), Some(19), Some(0)));
        let cell = |cell: &pb::PublicCell| (cell.key.clone(), cell.denominator);
        let categories: Vec<_> = completion.categories.iter().map(cell).collect();
        // Of funding there are few; land would give it away.
        let expected = [("funding", None), ("labour", Some(7)), ("land", None), ("other", Some(5))];
        let expected: Vec<_> = expected.map(|(key, n)| (key.to_owned(), n)).to_vec();
        assert_eq!(categories, expected);
    }
}
