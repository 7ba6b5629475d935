use chrono::NaiveDate;
use kernel::AppointmentId;
use proto::registry::v1 as pb;
use testkit::{TestSuite, bad_fields, reason};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::{DISABLED, LI, OWNER, UNKNOWN, WANG, date, day, operator, wait_days};

fn refused(name: &str) -> (Code, String) {
    (Code::FailedPrecondition, name.to_owned())
}

/// Writes an appointment past the service, as a faulty one would. The name of the constraint that refuses it.
async fn force(
    app: &TestSuite,
    enterprise_id: &str,
    [place, prior_place]: [Option<i64>; 2],
    days: [&str; 3],
) -> String {
    let [from, end, prior_end] =
        days.map(|day| (!day.is_empty()).then(|| format!("2026-{day}").parse::<NaiveDate>().unwrap()));
    let enterprise: kernel::EnterpriseId = enterprise_id.parse().unwrap();
    let mut tx = app.suite.db("registry").unwrap().begin().await.unwrap();
    let written = store::execute!(
        &mut tx,
        "force an appointment in",
        "INSERT INTO appointment (appointment_id, enterprise_id, manager_id, from_date, end_date, end_reason, place,
            prior_place, prior_end_date, created_at, updated_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 1)",
        AppointmentId::new(app.uuid()).uuid(),
        enterprise.uuid(),
        WANG.uuid(),
        from,
        end,
        end.map(|_| "ended"),
        place,
        prior_place,
        prior_end,
        app.now()
    );
    match written {
        Ok(_) => "written".to_owned(),
        Err(error) => error.constraint().unwrap().to_owned(),
    }
}

both_engines! {
    async fn who_was_the_manager_on_a_day_stays_answerable(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let first = operator(app).appoint(&id, WANG, Some("01-05")).await.unwrap();
        assert_eq!((day(first.from_date), first.end_date, first.end_reason), ("01-05".to_owned(), None, None));
        let ended = operator(app).end(&first, Some("03-10")).await.unwrap();
        assert_eq!((day(ended.end_date), ended.end_reason()), ("03-10".into(), pb::AppointmentEndReason::Ended));
        operator(app).appoint(&id, LI, Some("03-12")).await.unwrap();
        let mut managers = Vec::new();
        for on in ["01-04", "01-05", "03-02", "03-09", "03-10", "03-11", "03-12", "12-31"] {
            managers.push(operator(app).manager_of(&id, Some(on)).await.unwrap());
        }
        let (nobody, wang, li) = (None, Some(WANG), Some(LI));
        assert_eq!(managers, [nobody, wang, wang, wang, nobody, nobody, li, li]);
        assert_eq!(operator(app).manager_of(&id, None).await.unwrap(), wang);
        wait_days(app, 10);
        assert_eq!(operator(app).manager_of(&id, None).await.unwrap(), li);
    }

    async fn an_enterprise_has_one_manager_at_a_time(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let first = operator(app).appoint(&id, WANG, None).await.unwrap();
        let overlap = operator(app).appoint(&id, LI, Some("05-01")).await.unwrap_err();
        assert_eq!(reason(&overlap), refused("APPOINTMENT_OVERLAPS"));
        let metadata = overlap.get_details_error_info().unwrap().metadata;
        assert_eq!(metadata["appointment_id"], first.appointment_id);
        assert!(!metadata.contains_key("free_from"));
        operator(app).end(&first, Some("04-01")).await.unwrap();
        let overlap = operator(app).appoint(&id, LI, Some("03-31")).await.unwrap_err();
        assert_eq!(overlap.get_details_error_info().unwrap().metadata["free_from"], "2026-04-01");
        operator(app).appoint(&id, LI, Some("04-01")).await.unwrap();
    }

    async fn two_appointments_at_the_same_moment_do_not_both_hold(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let (wang, li) = (operator(app), operator(app));
        let (wang, li) = tokio::join!(wang.appoint(&id, WANG, None), li.appoint(&id, LI, None));
        assert_eq!(u8::from(wang.is_ok()) + u8::from(li.is_ok()), 1);
        let loser = wang.err().or(li.err()).unwrap();
        assert_eq!(reason(&loser), refused("APPOINTMENT_OVERLAPS"));
    }

    async fn the_database_itself_refuses_an_overlap(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let first = operator(app).appoint(&id, WANG, Some("01-05")).await.unwrap();
        let foreign = match app.engine {
            testkit::Engine::Sqlite => "foreign_key",
            testkit::Engine::Postgres => "appointment_prior_fkey",
        };
        // After one without an end nothing can follow, and no place is taken twice.
        assert_eq!(force(app, &id, [Some(2), Some(1)], ["05-01", "", "05-01"]).await, foreign);
        assert_eq!(force(app, &id, [Some(1), None], ["05-01", "", ""]).await, "appointment_place_key");
        operator(app).end(&first, Some("04-01")).await.unwrap();
        let prior = "appointment_prior_check";
        assert_eq!(force(app, &id, [Some(2), Some(1)], ["03-31", "", "04-01"]).await, prior);
        assert_eq!(force(app, &id, [Some(2), Some(1)], ["03-31", "", "03-31"]).await, foreign);
        assert_eq!(force(app, &id, [Some(3), Some(1)], ["04-01", "", "04-01"]).await, prior);
        assert_eq!(force(app, &id, [Some(2), None], ["04-01", "", ""]).await, prior);
        let effect = "appointment_effect_check";
        assert_eq!(force(app, &id, [None, None], ["04-01", "", ""]).await, effect);
        assert_eq!(force(app, &id, [Some(2), Some(1)], ["04-02", "04-01", "04-01"]).await, effect);
        assert_eq!(force(app, &id, [Some(2), Some(1)], ["04-01", "04-02", "04-01"]).await, "written");
    }

    async fn only_a_manager_in_use_is_appointed(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        for (account, lacks) in [(DISABLED, "activity"), (UNKNOWN, "existence"), (OWNER, "ROLE_MANAGER")] {
            let error = operator(app).appoint(&id, account, None).await.unwrap_err();
            assert_eq!(reason(&error), refused("ACCOUNT_UNSUITABLE"));
            assert_eq!(error.get_details_error_info().unwrap().metadata["lacks"], lacks);
        }
    }

    async fn an_appointment_does_not_end_in_the_past_or_once_it_is_over(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let first = operator(app).appoint(&id, WANG, Some("01-05")).await.unwrap();
        let error = operator(app).end(&first, Some("03-01")).await.unwrap_err();
        assert_eq!(reason(&error), refused("END_DATE_PAST"));
        let ended = operator(app).end(&first, None).await.unwrap();
        assert_eq!(day(ended.end_date), "03-02");
        assert_eq!(reason(&operator(app).end(&ended, Some("04-01")).await.unwrap_err()), refused("APPOINTMENT_OVER"));
    }

    async fn an_end_ahead_moves_until_somebody_follows(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let first = operator(app).appoint(&id, WANG, None).await.unwrap();
        let first = operator(app).end(&first, Some("04-01")).await.unwrap();
        let first = operator(app).end(&first, Some("05-01")).await.unwrap();
        assert_eq!((day(first.end_date), first.etag.as_str()), ("05-01".to_owned(), "v3"));
        let second = operator(app).appoint(&id, LI, Some("05-01")).await.unwrap();
        let error = operator(app).end(&first, Some("04-01")).await.unwrap_err();
        assert_eq!(reason(&error), refused("SUCCESSOR_PLANNED"));
        // The successor is called off, and then the first can end sooner.
        let second = operator(app).end(&second, None).await.unwrap();
        assert_eq!((day(second.from_date), day(second.end_date)), ("05-01".to_owned(), "05-01".to_owned()));
        operator(app).end(&first, Some("04-01")).await.unwrap();
        assert_eq!(operator(app).manager_of(&id, Some("05-01")).await.unwrap(), None);
        operator(app).appoint(&id, LI, Some("04-15")).await.unwrap();
    }

    async fn a_change_of_another_version_is_refused(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let first = operator(app).appoint(&id, WANG, None).await.unwrap();
        operator(app).end(&first, Some("04-01")).await.unwrap();
        let error = operator(app).end(&first, Some("05-01")).await.unwrap_err();
        assert_eq!(reason(&error), (Code::Aborted, "STALE_ETAG".to_owned()));
    }

    async fn appointments_are_found_by_manager_enterprise_and_day(app: TestSuite) {
        let first = operator(app).create(1).await.unwrap().enterprise_id;
        let second = operator(app).create(2).await.unwrap().enterprise_id;
        let old = operator(app).appoint(&first, WANG, Some("01-05")).await.unwrap();
        operator(app).appoint(&second, WANG, Some("02-01")).await.unwrap();
        operator(app).end(&old, None).await.unwrap();
        operator(app).appoint(&first, LI, None).await.unwrap();
        let find = async |manager: &str, enterprise: &str, on: &str| {
            let request = pb::ListAppointmentsRequest {
                manager_id: manager.to_owned(),
                enterprise_id: enterprise.to_owned(),
                as_of_date: (!on.is_empty()).then(|| date(on).unwrap()),
                ..Default::default()
            };
            let found = operator(app).list_appointments(request).await.unwrap();
            assert_eq!(found.total_count, i64::try_from(found.appointments.len()).unwrap());
            found.appointments.iter().map(|known| day(known.from_date)).collect::<Vec<_>>().join(" ")
        };
        let (wang, li) = (WANG.to_string(), LI.to_string());
        assert_eq!(find("", "", "").await, "01-05 02-01 03-02");
        assert_eq!(find(&wang, "", "").await, "01-05 02-01");
        assert_eq!(find(&li, "", "").await, "03-02");
        assert_eq!(find("", &first, "").await, "01-05 03-02");
        assert_eq!(find("", "", "03-01").await, "01-05 02-01");
        assert_eq!(find("", "", "03-02").await, "02-01 03-02");
        assert_eq!(find(&wang, &first, "03-02").await, "");
    }

    async fn a_day_that_does_not_exist_is_refused(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let error = operator(app).appoint(&id, WANG, Some("02-29")).await.unwrap_err();
        assert_eq!(bad_fields(&error), ["from_date"]);
    }
}
