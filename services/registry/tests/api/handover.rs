use proto::registry::v1 as pb;
use testkit::{TestSuite, bad_fields, reason};
use tonic::Code;

use crate::world::{LI, OWNER, WANG, date, day, manager, operator};

const ZHAO: kernel::AccountId = crate::world::account(103);

both_engines! {
    async fn a_handover_moves_every_enterprise_without_a_gap(app: TestSuite) {
        let mut ids = Vec::new();
        for (number, from) in [(1, Some("01-05")), (2, None), (3, Some("05-01"))] {
            ids.push(operator(app).create(number).await.unwrap().enterprise_id);
            operator(app).appoint(ids.last().unwrap(), WANG, from).await.unwrap();
        }
        let other = operator(app).create(4).await.unwrap().enterprise_id;
        operator(app).appoint(&other, ZHAO, None).await.unwrap();

        let new = operator(app).hand_over(WANG, LI, Some("03-10"), 3).await.unwrap();
        assert_eq!(new.iter().map(|known| known.enterprise_id.clone()).collect::<Vec<_>>(), ids);
        assert_eq!(new.iter().map(|known| day(known.from_date)).collect::<Vec<_>>(), ["03-10", "03-10", "05-01"]);
        for (id, on, who) in [
            (&ids[0], "03-09", Some(WANG)),
            (&ids[0], "03-10", Some(LI)),
            (&ids[1], "03-02", Some(WANG)),
            (&ids[1], "03-10", Some(LI)),
            (&ids[2], "04-30", None),
            (&ids[2], "05-01", Some(LI)),
            (&other, "03-10", Some(ZHAO)),
        ] {
            assert_eq!(operator(app).manager_of(id, Some(on)).await.unwrap(), who, "{on}");
        }
        let request = pb::ListAppointmentsRequest { manager_id: WANG.to_string(), ..Default::default() };
        let old = operator(app).list_appointments(request).await.unwrap().appointments;
        assert!(old.iter().all(|known| known.end_reason() == pb::AppointmentEndReason::HandedOver));
    }

    async fn a_handover_is_whole_or_not_at_all(app: TestSuite) {
        let first = operator(app).create(1).await.unwrap().enterprise_id;
        let second = operator(app).create(2).await.unwrap().enterprise_id;
        operator(app).appoint(&first, WANG, None).await.unwrap();
        let running = operator(app).appoint(&second, WANG, None).await.unwrap();
        operator(app).end(&running, Some("06-01")).await.unwrap();
        operator(app).appoint(&second, ZHAO, Some("06-01")).await.unwrap();
        let refused = operator(app).hand_over(WANG, LI, None, 2).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::FailedPrecondition, "SUCCESSOR_PLANNED".to_owned()));
        assert_eq!(operator(app).manager_of(&first, None).await.unwrap(), Some(WANG));
    }

    async fn a_handover_of_another_number_than_expected_is_refused(app: TestSuite) {
        let first = operator(app).create(1).await.unwrap().enterprise_id;
        let second = operator(app).create(2).await.unwrap().enterprise_id;
        let nothing = operator(app).hand_over(WANG, LI, None, 1).await.unwrap_err();
        assert_eq!(reason(&nothing), (Code::FailedPrecondition, "NOTHING_TO_HAND_OVER".to_owned()));
        operator(app).appoint(&first, WANG, None).await.unwrap();
        operator(app).appoint(&second, WANG, None).await.unwrap();
        let changed = operator(app).hand_over(WANG, LI, None, 1).await.unwrap_err();
        assert_eq!(reason(&changed), (Code::Aborted, "HANDOVER_CHANGED".to_owned()));
        assert_eq!(operator(app).hand_over(WANG, LI, None, 2).await.unwrap().len(), 2);
    }

    async fn some_enterprises_can_be_handed_over_alone(app: TestSuite) {
        let first = operator(app).create(1).await.unwrap().enterprise_id;
        let second = operator(app).create(2).await.unwrap().enterprise_id;
        operator(app).appoint(&first, WANG, None).await.unwrap();
        operator(app).appoint(&second, WANG, None).await.unwrap();
        let request = pb::HandOverRequest {
            from_manager_id: WANG.to_string(),
            to_manager_id: LI.to_string(),
            as_of_date: date("03-02"),
            enterprise_ids: vec![second.clone()],
            expected_count: 1,
            request_id: app.request_id(),
        };
        operator(app).appointments().hand_over(request.clone()).await.unwrap();
        // The repeat is answered as before, though there is nothing left to hand over.
        let repeated = operator(app).appointments().hand_over(request).await.unwrap().into_inner();
        assert_eq!(repeated.appointments.len(), 1);
        assert_eq!(operator(app).manager_of(&first, None).await.unwrap(), Some(WANG));
        assert_eq!(operator(app).manager_of(&second, None).await.unwrap(), Some(LI));
    }

    async fn a_former_manager_sees_nothing_from_the_day_of_the_handover_on(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        operator(app).appoint(&id, WANG, Some("01-05")).await.unwrap();
        let visit = manager(app, WANG).visit(&id, None).await.unwrap();
        operator(app).hand_over(WANG, LI, None, 1).await.unwrap();
        let former = manager(app, WANG);
        for refused in [
            former.get(&id).await.unwrap_err(),
            former.members(&id, false).await.unwrap_err(),
            former.visit(&id, None).await.unwrap_err(),
            former.get_visit(&visit.visit_id).await.unwrap_err(),
            former.cancel(&visit).await.unwrap_err(),
        ] {
            assert_eq!(refused.code(), Code::NotFound);
        }
        assert_eq!(former.list_visits(pb::ListVisitsRequest::default()).await.unwrap().total_count, 0);
        assert_eq!(former.list(pb::ListEnterprisesRequest::default()).await.unwrap().total_count, 0);
        assert_eq!(manager(app, LI).get_visit(&visit.visit_id).await.unwrap(), visit);
        let refused = manager(app, LI).cancel(&visit).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::FailedPrecondition, "VISIT_OF_ANOTHER".to_owned()));
    }

    async fn a_handover_goes_to_another_manager_and_not_into_the_past(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        operator(app).appoint(&id, WANG, Some("01-05")).await.unwrap();
        let same = operator(app).hand_over(WANG, WANG, None, 1).await.unwrap_err();
        assert_eq!(bad_fields(&same), ["to_manager_id"]);
        let none = operator(app).hand_over(WANG, LI, None, 0).await.unwrap_err();
        assert_eq!(bad_fields(&none), ["expected_count"]);
        let past = operator(app).hand_over(WANG, LI, Some("03-01"), 1).await.unwrap_err();
        assert_eq!(reason(&past), (Code::FailedPrecondition, "END_DATE_PAST".to_owned()));
        let nobody = operator(app).hand_over(WANG, OWNER, None, 1).await.unwrap_err();
        assert_eq!(reason(&nobody), (Code::FailedPrecondition, "ACCOUNT_UNSUITABLE".to_owned()));
    }
}
