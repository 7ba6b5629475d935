use proto::registry::v1 as pb;
use testkit::{TestSuite, bad_fields, reason};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::{LI, OWNER, WANG, date, day, firm, manager, operator, person, wait_days};

fn refused(name: &str) -> (Code, String) {
    (Code::FailedPrecondition, name.to_owned())
}

/// An enterprise that Wang looks after since January.
async fn managed(app: &TestSuite, number: u32) -> String {
    let id = operator(app).create(number).await.unwrap().enterprise_id;
    operator(app).appoint(&id, WANG, Some("01-05")).await.unwrap();
    id
}

both_engines! {
    async fn a_visit_is_recorded_by_the_manager_and_confirmed_by_the_firm(app: TestSuite) {
        let id = managed(app, 1).await;
        let issue = app.uuid().to_string();
        let request = pb::RecordVisitRequest {
            enterprise_id: id.clone(),
            visit_date: date("02-27"),
            kind: pb::VisitKind::Meeting.into(),
            officials: 4,
            findings: "需要协调\n校园奶配送".to_owned(),
            issue_ids: vec![issue.clone()],
            request_id: app.request_id(),
        };
        let visit = manager(app, WANG).visit_as(request).await.unwrap();
        assert_eq!((day(visit.visit_date), visit.officials, visit.kind()), ("02-27".into(), 4, pb::VisitKind::Meeting));
        assert_eq!((visit.state(), visit.issue_ids.as_slice()), (pb::VisitState::Recorded, &[issue][..]));
        assert_eq!(firm(app, OWNER, &id).get_visit(&visit.visit_id).await.unwrap(), visit);
        let confirmed = firm(app, OWNER, &id).confirm(&visit).await.unwrap();
        assert_eq!(confirmed.state(), pb::VisitState::Confirmed);
        assert_eq!((confirmed.answered_by_id.as_str(), confirmed.etag.as_str()), (OWNER.to_string().as_str(), "v2"));
        assert_eq!(manager(app, WANG).get_visit(&visit.visit_id).await.unwrap(), confirmed);
    }

    async fn a_confirmed_visit_takes_no_further_step(app: TestSuite) {
        let id = managed(app, 1).await;
        let visit = manager(app, WANG).visit(&id, None).await.unwrap();
        let visit = firm(app, OWNER, &id).confirm(&visit).await.unwrap();
        for error in [
            firm(app, OWNER, &id).confirm(&visit).await.unwrap_err(),
            firm(app, OWNER, &id).dispute(&visit, "没有来过").await.unwrap_err(),
            manager(app, WANG).cancel(&visit).await.unwrap_err(),
        ] {
            assert_eq!(reason(&error), refused("VISIT_STEP_NOT_ALLOWED"));
            assert_eq!(error.get_details_error_info().unwrap().metadata["state"], "CONFIRMED");
        }
    }

    async fn a_disputed_visit_is_confirmed_after_all_or_taken_back(app: TestSuite) {
        let id = managed(app, 1).await;
        let first = manager(app, WANG).visit(&id, None).await.unwrap();
        let second = manager(app, WANG).visit(&id, None).await.unwrap();
        let first = firm(app, OWNER, &id).dispute(&first, "没有来过").await.unwrap();
        let second = firm(app, OWNER, &id).dispute(&second, "人数不符").await.unwrap();
        assert_eq!((first.state(), first.dispute_reason.as_str()), (pb::VisitState::Disputed, "没有来过"));
        assert_eq!(firm(app, OWNER, &id).confirm(&first).await.unwrap().state(), pb::VisitState::Confirmed);
        let cancelled = manager(app, WANG).cancel(&second).await.unwrap();
        assert_eq!((cancelled.state(), cancelled.dispute_reason.as_str()), (pb::VisitState::Cancelled, "人数不符"));
    }

    async fn only_the_firm_itself_answers_about_a_visit(app: TestSuite) {
        let id = managed(app, 1).await;
        let other = managed(app, 2).await;
        let visit = manager(app, WANG).visit(&id, None).await.unwrap();
        let outsider = firm(app, OWNER, &other).confirm(&visit).await.unwrap_err();
        assert_eq!(reason(&outsider), (Code::NotFound, "VISIT_NOT_FOUND".to_owned()));
        for person in [manager(app, WANG), operator(app)] {
            assert_eq!(person.confirm(&visit).await.unwrap_err().code(), Code::PermissionDenied);
        }
        // Not even with the firm's own role beside the manager's.
        let enterprise = access::RoleGrant::enterprise(id.parse().unwrap());
        let both = person(app, WANG, vec![access::RoleGrant::of(access::Role::Manager), enterprise]);
        assert_eq!(reason(&both.confirm(&visit).await.unwrap_err()), refused("ANSWERED_BY_MANAGER"));
    }

    async fn a_visit_is_made_by_the_manager_of_its_day_and_not_ahead(app: TestSuite) {
        let id = managed(app, 1).await;
        let ahead = manager(app, WANG).visit(&id, Some("03-03")).await.unwrap_err();
        assert_eq!(reason(&ahead), refused("VISIT_DATE_AHEAD"));
        let before = manager(app, WANG).visit(&id, Some("01-04")).await.unwrap_err();
        assert_eq!(reason(&before), refused("MANAGER_NOT_APPOINTED"));
        let stranger = manager(app, LI).visit(&id, None).await.unwrap_err();
        assert_eq!(reason(&stranger), (Code::NotFound, "ENTERPRISE_NOT_FOUND".to_owned()));
        manager(app, WANG).visit(&id, Some("01-05")).await.unwrap();
    }

    async fn a_request_with_mistakes_names_every_bad_field(app: TestSuite) {
        let issue = app.uuid().to_string();
        let request = pb::RecordVisitRequest {
            enterprise_id: "x".to_owned(),
            visit_date: date("02-30"),
            kind: 7,
            officials: 0,
            findings: "亲".repeat(2_001),
            issue_ids: vec![issue.clone(), issue],
            request_id: app.request_id(),
        };
        let error = manager(app, WANG).visit_as(request).await.unwrap_err();
        let bad = ["enterprise_id", "visit_date", "kind", "officials", "findings", "issue_ids[1]"];
        assert_eq!(bad_fields(&error), bad);
    }

    async fn visits_are_listed_with_the_latest_first(app: TestSuite) {
        let first = managed(app, 1).await;
        let second = managed(app, 2).await;
        for (id, on) in [(&first, "02-10"), (&second, "03-01"), (&first, "01-20"), (&second, "02-10")] {
            manager(app, WANG).visit(id, Some(on)).await.unwrap();
        }
        let mistaken = manager(app, WANG).visit(&first, Some("01-10")).await.unwrap();
        manager(app, WANG).cancel(&mistaken).await.unwrap();
        let list = async |request: pb::ListVisitsRequest| {
            let mut days = Vec::new();
            let mut request = pb::ListVisitsRequest { page_size: 2, ..request };
            loop {
                let page = operator(app).list_visits(request.clone()).await.unwrap();
                days.extend(page.visits.iter().map(|visit| day(visit.visit_date)));
                request.page_token = page.next_page_token;
                if request.page_token.is_empty() {
                    assert_eq!(page.total_count, i64::try_from(days.len()).unwrap());
                    return days.join(" ");
                }
            }
        };
        let all = pb::ListVisitsRequest::default();
        assert_eq!(list(all.clone()).await, "03-01 02-10 02-10 01-20 01-10");
        let of_first = pb::ListVisitsRequest { enterprise_id: first, ..all.clone() };
        assert_eq!(list(of_first).await, "02-10 01-20 01-10");
        let period = pb::ListVisitsRequest { from_date: date("01-20"), to_date: date("02-10"), ..all.clone() };
        assert_eq!(list(period).await, "02-10 02-10 01-20");
        let states = vec![pb::VisitState::Cancelled.into(), pb::VisitState::Disputed.into()];
        assert_eq!(list(pb::ListVisitsRequest { states, ..all.clone() }).await, "01-10");
        let of_li = pb::ListVisitsRequest { manager_id: LI.to_string(), ..all };
        assert_eq!(list(of_li).await, "");
    }

    async fn an_answer_of_another_version_is_refused(app: TestSuite) {
        let id = managed(app, 1).await;
        let visit = manager(app, WANG).visit(&id, None).await.unwrap();
        firm(app, OWNER, &id).dispute(&visit, "没有来过").await.unwrap();
        let error = firm(app, OWNER, &id).confirm(&visit).await.unwrap_err();
        assert_eq!(reason(&error), (Code::Aborted, "STALE_ETAG".to_owned()));
    }

    async fn two_answers_at_the_same_moment_do_not_both_count(app: TestSuite) {
        let id = managed(app, 1).await;
        let visit = manager(app, WANG).visit(&id, None).await.unwrap();
        let (firm_a, firm_b) = (firm(app, OWNER, &id), firm(app, OWNER, &id));
        let (yes, no) = tokio::join!(firm_a.confirm(&visit), firm_b.dispute(&visit, "没有来过"));
        assert_eq!(u8::from(yes.is_ok()) + u8::from(no.is_ok()), 1);
        let loser = yes.err().or(no.err()).unwrap();
        assert_eq!(reason(&loser), (Code::Aborted, "STALE_ETAG".to_owned()));
    }

    async fn a_visit_outlives_the_appointment_under_which_it_was_made(app: TestSuite) {
        let id = managed(app, 1).await;
        let visit = manager(app, WANG).visit(&id, None).await.unwrap();
        operator(app).hand_over(WANG, LI, Some("03-04"), 1).await.unwrap();
        wait_days(app, 5);
        let confirmed = firm(app, OWNER, &id).confirm(&visit).await.unwrap();
        assert_eq!((confirmed.manager_id, confirmed.appointment_id), (WANG.to_string(), visit.appointment_id));
    }
}
