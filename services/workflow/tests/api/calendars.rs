//! Working calendars: late changes, and their end.

use access::{Role, RoleGrant};
use chrono::TimeDelta;
use prost::{Message as _, Name as _};
use proto::workflow::v1::{
    self as pb, clock_service_client::ClockServiceClient, figure_service_client::FigureServiceClient,
};
use testkit::TestSuite;
use tonic::Code;
use worktime::Calendar;

use crate::{
    packs::{approve, enact, first, ours, second},
    rulings::merge,
    world::*,
};

pub const LATER: &str = "china-2026.1-later";

/// The calendar of mainland China, with one more day off, and announced until the end of another year if asked to.
pub fn data(version: &str, day_off: &str, announced: i32) -> String {
    let mut data: serde_json::Value = serde_json::from_str(Calendar::china_data()).unwrap();
    data["version"] = version.into();
    let notice = data["notices"][0]["number"].clone();
    let years = data["years"].as_array_mut().unwrap();
    let year = years.iter_mut().find(|year| year["year"] == 2026).unwrap();
    let holiday = serde_json::json!({"name": "临时放假", "from": day_off, "to": day_off, "notice": notice});
    year["holidays"].as_array_mut().unwrap().push(holiday);
    if 2026 < announced {
        years.retain(|year| year["provisional"] != true);
        let year = |year: i32| serde_json::json!({"year": year, "holidays": [], "make_up_days": []});
        years.extend((2027..=announced).map(year));
        data["last_year"] = announced.into();
    }
    data.to_string()
}

async fn create(app: &TestSuite, text: String) -> Answer<pb::WorkingCalendar> {
    let request = pb::CreateCalendarRequest { text, request_id: app.request_id() };
    Ok(first(app).create_calendar(request).await?.into_inner().calendar.unwrap())
}

async fn propose(app: &TestSuite, version: &str, day: &str) -> Answer<pb::Activation> {
    let request = pb::ActivateCalendarRequest {
        calendar_version: version.to_owned(),
        from_date: date(day),
        request_id: app.request_id(),
    };
    Ok(first(app).activate_calendar(request).await?.into_inner().activation.unwrap())
}

/// Stores a calendar and has it activated.
pub async fn activate(app: &TestSuite, text: String, day: &str) -> String {
    let version = create(app, text).await.unwrap().calendar_version;
    let proposed = propose(app, &version, day).await.unwrap();
    approve(app, second(app), &proposed).await.unwrap();
    version
}

async fn explained(app: &TestSuite, issue: &pb::Issue) -> pb::ExplainDeadlinesResponse {
    let operator = vec![access::RoleGrant::of(access::Role::Operator)];
    let request = pb::ExplainDeadlinesRequest { issue_id: issue.issue_id.clone() };
    let mut clocks = ClockServiceClient::new(app.person(OPERATOR, operator));
    clocks.explain_deadlines(request).await.unwrap().into_inner()
}

/// "C4 03-10 17:30 china-2026.1-later", and whether it has stopped.
fn dues(explained: &pb::ExplainDeadlinesResponse) -> Vec<String> {
    explained
        .clocks
        .iter()
        .map(|explained| {
            let clock = explained.clock.as_ref().unwrap();
            let due = kernel::Timestamp::from_timestamp(clock.due_time.unwrap().seconds, 0).unwrap();
            let stopped = if clock.stop_time.is_some() { " stopped" } else { "" };
            let due = due.with_timezone(&worktime::ZONE).format("%m-%d %H:%M");
            format!("{} {due} {}{stopped}", clock.clock, explained.calendar_version)
        })
        .collect()
}

async fn alarms(app: &TestSuite) -> Vec<pb::CalendarEnding> {
    let mut tx = db(app).snapshot().await.unwrap();
    let rows = store::rows!(
        &mut tx,
        "read the alarms",
        (Vec<u8>,),
        "SELECT data FROM outbox WHERE type = $1 ORDER BY seq",
        pb::CalendarEnding::full_name()
    )
    .unwrap();
    tx.commit().await.unwrap();
    rows.iter().map(|(data,)| pb::CalendarEnding::decode(data.as_slice()).unwrap()).collect()
}

both_engines! {
    async fn a_rung_beyond_the_calendar_refuses_no_step_and_comes_with_a_longer_one(app: TestSuite) {
        app.clock.set("2027-12-22T09:00:00+08:00".parse().unwrap());
        let issue = submitted(app).await;
        let listed = async || {
            let filter = pb::IssueFilter { rungs: vec!["listed".to_owned()], ..Default::default() };
            operator(app).count(filter).await.unwrap().total_count
        };
        app.clock.set("2027-12-30T18:00:00+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!(listed().await, 1, "the clock for the signature");
        liaison(app).sign_issue(&issue).await.unwrap();
        assert_eq!(listed().await, 0);
        activate(app, data("china-2028", "2026-03-04", 2028), "2027-12-31").await;
        app.clock.set("2028-01-14T18:00:00+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!(listed().await, 1, "those of the transfer and of the reply");
    }

    async fn a_late_change_alters_running_clocks_of_open_issues_and_no_other(app: TestSuite) {
        let signed = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        let done = closed(app).await;
        let (before, of_done) = (explained(app, &signed).await, dues(&explained(app, &done).await));
        let china = Calendar::china().version();
        assert_eq!(dues(&before), [
            format!("C1 03-02 11:00 {china} stopped"),
            format!("C4 03-09 17:30 {china}"),
            format!("C2 03-02 14:30 {china}"),
        ]);
        activate(app, data(LATER, "2026-03-04", 2026), "03-03").await;
        app.settle().await;
        assert_eq!(dues(&explained(app, &signed).await), dues(&before), "not before its day");
        app.clock.set("2026-03-03T08:00:00+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!(dues(&explained(app, &signed).await), [
            format!("C1 03-02 11:00 {china} stopped"),
            format!("C4 03-10 17:30 {LATER}"),
            format!("C2 03-02 14:30 {LATER}"),
        ]);
        assert_eq!(dues(&explained(app, &done).await), of_done, "a closed issue keeps its calendar");
        let issue = operator(app).get(&signed).await.unwrap();
        assert_eq!((issue.calendar_version.as_str(), &issue.etag), (LATER, &signed.etag));
        // The lists go by the same deadlines.
        let mut tx = db(app).snapshot().await.unwrap();
        let due = store::scalar!(
            &mut tx,
            "read the deadline",
            kernel::Timestamp,
            "SELECT due_at FROM deadline WHERE clock = 'C4' AND stopped_at IS NULL"
        );
        tx.commit().await.unwrap();
        assert_eq!(due.unwrap(), "2026-03-10T17:30:00+08:00".parse::<kernel::Timestamp>().unwrap());
        assert_eq!(submitted(app).await.calendar_version, LATER);
        // An etag that was read before still holds, and the issue goes on.
        liaison(app).dispatch_issue(&signed).await.unwrap();
    }

    async fn a_deadline_before_the_notice_is_provisional_until_the_notice_is_in_force(app: TestSuite) {
        let deadline = async |issue: &pb::Issue, clock: &str| {
            let explained = explained(app, issue).await.clocks;
            explained.into_iter().find(|one| one.clock.as_ref().unwrap().clock == clock).unwrap().deadline.unwrap()
        };
        app.clock.set("2026-12-31T16:00:00+08:00".parse().unwrap());
        let issue = submitted(app).await;
        assert!(dues(&explained(app, &issue).await)[0].starts_with("C1 01-04 09:00"), "a Monday, by the regulation");
        let signing = deadline(&issue, "C1").await;
        assert!(signing.provisional && signing.text_zh.contains("2027年放假安排尚未公布"), "{}", signing.text_zh);
        let signed = liaison(app).sign_issue(&issue).await.unwrap();
        assert!(!deadline(&signed, "C1").await.provisional, "it moves no more");
        assert!(deadline(&signed, "C4").await.provisional);
        let before = dues(&explained(app, &signed).await);
        // By the notice New Year is worked, and its weekend is.
        let mut notice: serde_json::Value = serde_json::from_str(&data("china-2027", "2026-03-04", 2027)).unwrap();
        let number = notice["notices"][0]["number"].clone();
        let year = notice["years"].as_array_mut().unwrap().iter_mut().find(|year| year["year"] == 2027).unwrap();
        let make_up = |day: &str| serde_json::json!({"date": day, "for": "元旦", "notice": number});
        year["make_up_days"] = serde_json::json!([make_up("2027-01-02"), make_up("2027-01-03")]);
        activate(app, notice.to_string(), "2027-01-01").await;
        app.clock.set("2027-01-01T09:00:00+08:00".parse().unwrap());
        app.settle().await;
        let after = dues(&explained(app, &signed).await);
        assert_eq!((&before[0], before[1].as_str()), (&after[0], "C4 01-08 17:30 china-2026.1"));
        assert_eq!(after[1], "C4 01-05 17:30 china-2027");
        assert!(!deadline(&signed, "C4").await.provisional);
        // What was announced is not taken back.
        let earlier = create(app, data("china-2026.1-again", "2026-03-05", 2026)).await.unwrap();
        assert_eq!(earlier.last_announced_date, date("12-31"));
        let refused = propose(app, &earlier.calendar_version, "2027-01-05").await;
        assert_eq!(refusal(refused), was(Code::FailedPrecondition, "CALENDAR_TOO_SHORT"));
    }

    async fn a_reopened_issue_goes_over_too(app: TestSuite) {
        let done = closed(app).await;
        activate(app, data(LATER, "2026-03-04", 2026), "03-03").await;
        app.clock.set("2026-03-03T09:00:00+08:00".parse().unwrap());
        app.settle().await;
        let reopened = owner(app).reopen_issue(&done).await.unwrap();
        assert_ne!(reopened.calendar_version, LATER);
        app.settle().await;
        assert_eq!(operator(app).get(&reopened).await.unwrap().calendar_version, LATER);
        let running: Vec<_> = dues(&explained(app, &reopened).await).into_iter().filter(|due| due.contains(LATER)).collect();
        assert_eq!(running, [format!("C8 03-11 17:30 {LATER}")]);
    }

    async fn a_merged_issue_goes_over_while_its_firm_has_a_vote(app: TestSuite) {
        let (lead, told, untold) = (submitted(app).await, submitted(app).await, submitted(app).await);
        let lead = merge(app, &lead, &[&told, &untold]).await.unwrap();
        let lead = liaison(app).sign_issue(&lead).await.unwrap();
        let lead = liaison(app).dispatch_issue(&lead).await.unwrap();
        let lead = handler(app).accept_issue(&lead).await.unwrap();
        let lead = handler(app).reply_issue(&lead).await.unwrap();
        let lead = liaison(app).feed_back_issue(&lead).await.unwrap();
        let told = liaison(app).feed_back_issue(&operator(app).get(&told).await.unwrap()).await.unwrap();
        activate(app, data(LATER, "2026-03-04", 2026), "03-03").await;
        app.clock.set("2026-03-03T08:00:00+08:00".parse().unwrap());
        app.settle().await;
        let versions = [
            operator(app).get(&lead).await.unwrap().calendar_version,
            operator(app).get(&told).await.unwrap().calendar_version,
            operator(app).get(&untold).await.unwrap().calendar_version,
        ];
        assert_eq!(versions, [LATER, LATER, Calendar::china().version()]);
        let window = dues(&explained(app, &told).await).into_iter().find(|due| due.starts_with("C6")).unwrap();
        assert_eq!(window, format!("C6 03-10 17:30 {LATER}"));
        // Its firm votes on, and the issue that it was merged into goes on as well.
        owner(app).rate(&operator(app).get(&told).await.unwrap(), 5).await.unwrap();
        owner(app).rate(&operator(app).get(&lead).await.unwrap(), 5).await.unwrap();
    }

    async fn figures_of_an_issue_go_by_the_calendar_of_each_time(app: TestSuite) {
        let issue = in_progress(app).await;
        activate(app, data(LATER, "2026-03-04", 2026), "03-03").await;
        app.clock.set("2026-03-03T08:00:00+08:00".parse().unwrap());
        app.settle().await;
        let overdue = async || {
            let request = pb::QueryFiguresRequest { figure_ids: vec!["M5".to_owned()], ..Default::default() };
            let mut figures = FigureServiceClient::new(app.person(OPERATOR, vec![RoleGrant::of(Role::Operator)]));
            figures.query_figures(request).await.unwrap().into_inner().figures[0].denominator
        };
        // C4 was due on the 9th by the old calendar, and is on the 10th by the new one.
        app.clock.set("2026-03-10T17:30:00+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!(overdue().await, 0);
        app.clock.advance(TimeDelta::seconds(1));
        app.settle().await;
        assert_eq!(overdue().await, 1);
        assert_eq!(operator(app).get(&issue).await.unwrap().calendar_version, LATER);
    }

    async fn many_issues_go_over_batch_by_batch_and_each_once(app: TestSuite) {
        for _ in 0..105 {
            submitted(app).await;
        }
        activate(app, data(LATER, "2026-03-04", 2026), "03-03").await;
        app.clock.set("2026-03-03T00:00:01+08:00".parse().unwrap());
        tokio::join!(app.settle(), app.settle());
        let mut tx = db(app).snapshot().await.unwrap();
        let (n, n_issues) = store::row!(
            &mut tx,
            "count the changes",
            (i64, i64),
            "SELECT COUNT(*), COUNT(DISTINCT issue_id) FROM issue_event WHERE kind = 'calendar_changed'"
        )
        .unwrap()
        .unwrap();
        tx.commit().await.unwrap();
        assert_eq!((n, n_issues), (105, 105));
    }

    async fn a_calendar_is_checked_stored_once_and_covers_what_the_one_before_did(app: TestSuite) {
        let wrong = data(LATER, "2026-03-04", 2026).replace("\"2026-03-04\"", "\"2026-13-04\"");
        let request = pb::ValidateCalendarRequest { text: wrong.clone() };
        let faults = first(app).validate_calendar(request).await.unwrap().into_inner().faults;
        let places: Vec<_> = faults.iter().map(|fault| fault.place.trim_start_matches("years[10].holidays[7].")).collect();
        assert!(places.iter().any(|place| place.ends_with("from")), "{faults:?}");
        assert!(faults[0].reason_zh.contains("不是日期"), "{faults:?}");
        assert_eq!(refusal(create(app, wrong).await), was(Code::InvalidArgument, "CALENDAR_INVALID"));
        create(app, data(LATER, "2026-03-04", 2026)).await.unwrap();
        let again = create(app, data(LATER, "2026-03-05", 2026)).await;
        assert_eq!(refusal(again), was(Code::AlreadyExists, "CALENDAR_EXISTS"));
        let built_in = create(app, data(Calendar::china().version(), "2026-03-05", 2026)).await;
        assert_eq!(refusal(built_in), was(Code::AlreadyExists, "CALENDAR_EXISTS"));
        let unknown = propose(app, "nonsense", "03-04").await;
        assert_eq!(refusal(unknown), was(Code::NotFound, "CALENDAR_NOT_FOUND"));

        let mut short: serde_json::Value = serde_json::from_str(Calendar::china_data()).unwrap();
        short["version"] = "short".into();
        short["last_year"] = 2026.into();
        short["years"].as_array_mut().unwrap().retain(|year| year["year"] != 2027);
        create(app, short.to_string()).await.unwrap();
        let refused = propose(app, "short", "03-04").await;
        assert_eq!(refusal(refused), was(Code::FailedPrecondition, "CALENDAR_TOO_SHORT"));
        let request = pb::GetCalendarRequest { calendar_version: LATER.to_owned() };
        let got = first(app).get_calendar(request).await.unwrap().into_inner().calendar.unwrap();
        assert_eq!((got.built_in, got.in_force, got.text), (false, false, data(LATER, "2026-03-04", 2026)));
    }

    async fn no_calendar_follows_a_longer_one_whatever_was_approved_in_between(app: TestSuite) {
        let until = async |version: &str, year: i32, day: &str| {
            create(app, data(version, "2026-03-04", year)).await.unwrap();
            propose(app, version, day).await.unwrap()
        };
        let short = until("until-2027", 2027, "03-10").await;
        let long = until("until-2028", 2028, "03-05").await;
        approve(app, second(app), &long).await.unwrap();
        // What was in force when it was proposed is not what is in force on its day.
        let refused = approve(app, second(app), &short).await;
        assert_eq!(refusal(refused), was(Code::FailedPrecondition, "CALENDAR_TOO_SHORT"));
        let next = until("until-2029", 2029, "03-12").await;
        approve(app, second(app), &next).await.unwrap();
        // Nor does one come in between that the next one cuts off.
        let between = until("until-2030", 2030, "03-11").await;
        let refused = approve(app, second(app), &between).await;
        assert_eq!(refusal(refused), was(Code::FailedPrecondition, "NEXT_CALENDAR_TOO_SHORT"));
        let fits = until("again-until-2028", 2028, "03-10").await;
        approve(app, second(app), &fits).await.unwrap();
    }

    async fn a_calendar_that_ends_within_sixty_days_raises_an_alarm_a_day(app: TestSuite) {
        let in_force = async || {
            let page = first(app).list_calendars(pb::ListCalendarsRequest::default()).await.unwrap().into_inner();
            let calendar = page.calendars.into_iter().find(|calendar| calendar.in_force).unwrap();
            (calendar.days_left, calendar.ends_soon)
        };
        app.clock.set("2026-10-31T23:59:59+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!((alarms(app).await.len(), in_force().await), (0, (61, false)));
        app.clock.advance(TimeDelta::seconds(1));
        tokio::join!(app.settle(), app.settle());
        let raised = alarms(app).await;
        assert_eq!((raised.len(), in_force().await), (1, (60, true)));
        assert_eq!((raised[0].days_left, raised[0].last_date), (60, date("12-31")));
        app.clock.advance(TimeDelta::hours(12));
        app.settle().await;
        assert_eq!(alarms(app).await.len(), 1, "once a day");
        app.clock.advance(TimeDelta::hours(12));
        app.settle().await;
        assert_eq!(alarms(app).await.len(), 2);
        // Until one that ends later is in force.
        activate(app, data("china-2027", "2026-03-04", 2027), "11-03").await;
        app.clock.set("2026-11-03T00:00:00+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!((alarms(app).await.len(), in_force().await), (2, (423, false)));
    }

    async fn the_pack_says_how_soon_the_alarm_comes(app: TestSuite) {
        let text = ours(1, "alarm_days = 60", "alarm_days = 90");
        enact(app, text, "09-30").await;
        app.clock.set("2026-10-01T23:59:59+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!(alarms(app).await.len(), 0);
        app.clock.advance(TimeDelta::seconds(1));
        app.settle().await;
        let raised = alarms(app).await;
        assert_eq!((raised.len(), raised[0].days_left), (1, 90));
        let page = first(app).list_calendars(pb::ListCalendarsRequest::default()).await.unwrap().into_inner();
        assert_eq!((page.calendars[0].days_left, page.calendars[0].ends_soon), (90, true));
    }

    async fn what_another_replica_bound_an_issue_to_is_read_when_it_is_missed(app: TestSuite) {
        // The activation took effect elsewhere: this process has read nothing since.
        let issue = submitted(app).await;
        let version = create(app, data(LATER, "2026-03-04", 2026)).await.unwrap().calendar_version;
        let id: uuid::Uuid = issue.issue_id.parse().unwrap();
        let activation = app.uuid();
        let mut tx = db(app).begin().await.unwrap();
        let sql = "INSERT INTO activation (activation_id, kind, subject, from_date) VALUES ($1, 'CALENDAR', $2, $3)";
        let day: chrono::NaiveDate = "2026-03-02".parse().unwrap();
        store::execute!(&mut tx, "activate", sql, activation, version.as_str(), day).unwrap();
        let sql = "INSERT INTO activation_step (activation_id, seq, kind, at, by_id) VALUES ($1, $2, $3, $4, $1)";
        for (seq, kind) in [(1_i64, "PROPOSED"), (2, "APPROVED")] {
            store::execute!(&mut tx, "take a step", sql, activation, seq, kind, app.now()).unwrap();
        }
        let fold = store::scalar!(
            &mut tx,
            "read the row",
            String,
            "SELECT CAST(fold AS TEXT) FROM issue WHERE issue_id = $1",
            id
        );
        let mut fold: serde_json::Value = serde_json::from_str(&fold.unwrap()).unwrap();
        fold["calendar_version"] = version.as_str().into();
        let sql = "UPDATE issue SET fold = $2 WHERE issue_id = $1";
        store::execute!(&mut tx, "bind the issue", sql, id, fold).unwrap();
        tx.commit().await.unwrap();
        let signed = liaison(app).sign_issue(&issue).await.unwrap();
        assert_eq!(signed.calendar_version, LATER);
    }
}
