use proto::registry::v1 as pb;
use testkit::{TestSuite, bad_fields, reason};
use tonic::Code;

use crate::world::{OPERATOR, OWNER, WANG, day, manager, operator, person, uscc};

fn update(enterprise: &pb::Enterprise, app: &TestSuite, paths: &[&str]) -> pb::UpdateEnterpriseRequest {
    pb::UpdateEnterpriseRequest {
        enterprise_id: enterprise.enterprise_id.clone(),
        update_mask: Some(prost_types::FieldMask { paths: paths.iter().map(ToString::to_string).collect() }),
        etag: enterprise.etag.clone(),
        request_id: app.request_id(),
        ..Default::default()
    }
}

fn names(response: &pb::ListEnterprisesResponse) -> Vec<&str> {
    response.enterprises.iter().map(|enterprise| enterprise.name.as_str()).collect()
}

both_engines! {
    async fn an_enterprise_is_kept_as_it_was_entered(app: TestSuite) {
        let created = operator(app).create(1).await.unwrap();
        assert_eq!(operator(app).get(&created.enterprise_id).await.unwrap(), created);
        assert_eq!(created.uscc, uscc(1));
        assert_eq!((created.employees, created.assets_yuan), (Some(320), None));
        assert_eq!((created.state(), created.scale()), (pb::EnterpriseState::Active, pb::EnterpriseScale::Medium));
        assert_eq!(created.etag, "v1");
    }

    async fn a_credit_code_belongs_to_one_enterprise(app: TestSuite) {
        operator(app).create(1).await.unwrap();
        let refused = operator(app).create(1).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::AlreadyExists, "USCC_TAKEN".to_owned()));
        operator(app).create(2).await.unwrap();
    }

    async fn a_request_with_mistakes_names_every_bad_field(app: TestSuite) {
        let request = pb::CreateEnterpriseRequest {
            uscc: "91350100M000100Y44".to_owned(),
            name: String::new(),
            industry_code: "D1441".to_owned(),
            division_code: "3702".to_owned(),
            address: "a\nb".to_owned(),
            employees: Some(-1),
            revenue_yuan: Some(i64::MAX),
            assets_yuan: Some(0),
            request_id: app.request_id(),
        };
        let refused = operator(app).create_as(request).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::InvalidArgument, "FIELD_INVALID".to_owned()));
        let bad = ["uscc", "name", "industry_code", "division_code", "address", "employees", "revenue_yuan"];
        assert_eq!(bad_fields(&refused), bad);
    }

    async fn a_repeated_request_has_no_second_effect(app: TestSuite) {
        let request = pb::CreateEnterpriseRequest {
            uscc: uscc(1),
            name: "一号".to_owned(),
            industry_code: "C14".to_owned(),
            division_code: "370281".to_owned(),
            request_id: app.request_id(),
            ..Default::default()
        };
        let first = operator(app).create_as(request.clone()).await.unwrap();
        assert_eq!(operator(app).create_as(request.clone()).await.unwrap(), first);
        let other = pb::CreateEnterpriseRequest { uscc: uscc(2), ..request.clone() };
        let refused = operator(app).create_as(other.clone()).await;
        // Another request under the same id is no repeat.
        assert_eq!(reason(&refused.unwrap_err()), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
        let roles = vec![access::RoleGrant::of(access::Role::Operator)];
        let another = person(app, OWNER, roles).create_as(other).await.unwrap();
        assert_ne!(another.enterprise_id, first.enterprise_id);
    }

    async fn an_update_changes_what_the_mask_names(app: TestSuite) {
        let created = operator(app).create(1).await.unwrap();
        let mut request = update(&created, app, &["name", "employees", "assets_yuan"]);
        request.name = "青岛乳业股份有限公司".into();
        request.employees = Some(19);
        let updated = operator(app).enterprises().update_enterprise(request).await.unwrap().into_inner();
        let updated = updated.enterprise.unwrap();
        assert_eq!((updated.name.as_str(), updated.employees), ("青岛乳业股份有限公司", Some(19)));
        assert_eq!((updated.scale(), updated.address.as_str()), (pb::EnterpriseScale::Micro, "泉州路 1 号"));
        assert_eq!(updated.etag, "v2");
        assert_eq!(operator(app).get(&created.enterprise_id).await.unwrap(), updated);
    }

    async fn an_update_of_another_version_is_refused(app: TestSuite) {
        let created = operator(app).create(1).await.unwrap();
        let mut request = update(&created, app, &["address"]);
        request.address = "新址".into();
        operator(app).enterprises().update_enterprise(request.clone()).await.unwrap();
        request.request_id = app.request_id();
        let refused = operator(app).enterprises().update_enterprise(request).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::Aborted, "STALE_ETAG".to_owned()));
    }

    async fn an_update_that_changes_nothing_makes_no_version(app: TestSuite) {
        let created = operator(app).create(1).await.unwrap();
        let mut request = update(&created, app, &["employees"]);
        request.employees = Some(320);
        let updated = operator(app).enterprises().update_enterprise(request).await.unwrap().into_inner();
        assert_eq!(updated.enterprise.unwrap(), created);
    }

    async fn an_update_refuses_fields_outside_its_mask_and_masks_of_nothing(app: TestSuite) {
        let created = operator(app).create(1).await.unwrap();
        let mut request = update(&created, app, &["address"]);
        request.name = "x".into();
        request.assets_yuan = Some(1);
        let refused = operator(app).enterprises().update_enterprise(request).await.unwrap_err();
        assert_eq!(bad_fields(&refused), ["name", "assets_yuan"]);
        for paths in [&[][..], &["uscc"], &["name", "state"]] {
            let mut request = update(&created, app, paths);
            request.name = if paths.contains(&"name") { "x".to_owned() } else { String::new() };
            let refused = operator(app).enterprises().update_enterprise(request).await.unwrap_err();
            assert_eq!(bad_fields(&refused), ["update_mask"], "{paths:?}");
        }
    }

    async fn a_list_passes_what_matches_every_filter(app: TestSuite) {
        for (number, name, industry, division, employees) in [
            (1, "青岛乳业有限公司", "C1441", "370281101", Some(320)),
            (2, "Qingdao 100%_Milk 有限公司", "C1441", "370281102", Some(10)),
            (3, "青岛运输有限公司", "G5432", "370283", None),
        ] {
            let request = pb::CreateEnterpriseRequest {
                uscc: uscc(number),
                name: name.to_owned(),
                industry_code: industry.to_owned(),
                division_code: division.to_owned(),
                employees,
                revenue_yuan: Some(500_000_000),
                request_id: app.request_id(),
                ..Default::default()
            };
            operator(app).create_as(request).await.unwrap();
        }
        let list = |change: fn(&mut pb::ListEnterprisesRequest)| {
            let mut request = pb::ListEnterprisesRequest::default();
            change(&mut request);
            let operator = operator(app);
            async move {
                let response = operator.list(request).await.unwrap();
                assert_eq!(response.total_count, i64::try_from(response.enterprises.len()).unwrap());
                names(&response).into_iter().map(|name| name.chars().nth(2).unwrap()).collect::<String>()
            }
        };
        assert_eq!(list(|_| ()).await, "乳n运");
        assert_eq!(list(|r| r.name_contains = "青岛".into()).await, "乳运");
        assert_eq!(list(|r| r.name_contains = "MILK".into()).await, "n");
        assert_eq!(list(|r| r.name_contains = "100%_".into()).await, "n");
        assert_eq!(list(|r| r.name_contains = "1%0".into()).await, "");
        assert_eq!(list(|r| r.name_contains = "乳_有".into()).await, "");
        assert_eq!(list(|r| r.uscc = uscc(3)).await, "运");
        assert_eq!(list(|r| r.uscc = uscc(4)).await, "");
        assert_eq!(list(|r| r.division_prefix = "3702".into()).await, "乳n运");
        assert_eq!(list(|r| r.division_prefix = "370281".into()).await, "乳n");
        assert_eq!(list(|r| r.division_prefix = "370281102".into()).await, "n");
        assert_eq!(list(|r| r.industry_prefix = "C".into()).await, "乳n");
        assert_eq!(list(|r| r.industry_prefix = "G54".into()).await, "运");
        assert_eq!(list(|r| r.set_scale(pb::EnterpriseScale::Micro)).await, "n");
        assert_eq!(list(|r| r.set_scale(pb::EnterpriseScale::Medium)).await, "乳");
        assert_eq!(list(|r| r.set_scale(pb::EnterpriseScale::Unknown)).await, "运");
        assert_eq!(list(|r| r.set_scale(pb::EnterpriseScale::Large)).await, "");
        assert_eq!(list(|r| r.set_state(pb::EnterpriseState::Active)).await, "乳n运");
        assert_eq!(list(|r| r.set_state(pb::EnterpriseState::Retired)).await, "");
        assert_eq!(list(|r| r.manager_id = WANG.to_string()).await, "");
        let both = |r: &mut pb::ListEnterprisesRequest| {
            r.name_contains = "青岛".into();
            r.industry_prefix = "C".into();
        };
        assert_eq!(list(both).await, "乳");
    }

    async fn a_list_is_read_page_by_page(app: TestSuite) {
        for number in 1..=5 {
            operator(app).create(number).await.unwrap();
        }
        let mut request = pb::ListEnterprisesRequest { page_size: 2, ..Default::default() };
        let mut pages = Vec::new();
        loop {
            let response = operator(app).list(request.clone()).await.unwrap();
            assert_eq!(response.total_count, 5);
            pages.push(names(&response).into_iter().map(|name| name.chars().nth(4).unwrap()).collect::<String>());
            request.page_token = response.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(pages, ["12", "34", "5"]);

        request.page_size = 2;
        request.page_token.clear();
        let token = operator(app).list(request.clone()).await.unwrap().next_page_token;
        let roles = vec![access::RoleGrant::of(access::Role::Auditor)];
        let own = pb::ListEnterprisesRequest { page_token: token, ..request };
        let narrowed = pb::ListEnterprisesRequest { industry_prefix: "C".to_owned(), ..own.clone() };
        for refused in [
            person(app, OWNER, roles).list(own.clone()).await.unwrap_err(),
            operator(app).list(narrowed).await.unwrap_err(),
        ] {
            assert_eq!(reason(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned()));
        }
        assert_eq!(operator(app).list(own).await.unwrap().enterprises.len(), 2);
    }

    async fn several_are_got_at_once_and_the_unknown_are_left_out(app: TestSuite) {
        let first = operator(app).create(1).await.unwrap();
        let second = operator(app).create(2).await.unwrap();
        let get = |ids: Vec<String>| {
            let operator = operator(app);
            async move {
                let request = pb::BatchGetEnterprisesRequest { enterprise_ids: ids };
                operator.enterprises().batch_get_enterprises(request).await.map(|got| got.into_inner().enterprises)
            }
        };
        let ids = vec![second.enterprise_id.clone(), OPERATOR.to_string(), first.enterprise_id.clone()];
        assert_eq!(get(ids).await.unwrap(), [first.clone(), second]);
        assert_eq!(bad_fields(&get(vec![]).await.unwrap_err()), ["enterprise_ids"]);
        let twice = vec![first.enterprise_id.clone(), first.enterprise_id];
        assert_eq!(bad_fields(&get(twice).await.unwrap_err()), ["enterprise_ids[1]"]);
        let many = (0..101).map(|_| app.uuid().to_string()).collect();
        assert_eq!(bad_fields(&get(many).await.unwrap_err()), ["enterprise_ids"]);
    }

    async fn retiring_an_enterprise_removes_its_members_and_ends_its_appointments(app: TestSuite) {
        let created = operator(app).create(1).await.unwrap();
        let id = created.enterprise_id.as_str();
        operator(app).add_member(id, OWNER).await.unwrap();
        let first = operator(app).appoint(id, WANG, Some("01-05")).await.unwrap();
        operator(app).end(&first, Some("06-01")).await.unwrap();
        let second = operator(app).appoint(id, crate::world::LI, Some("06-01")).await.unwrap();

        let before = operator(app).get(id).await.unwrap();
        let retired = operator(app).retire(id, &before.etag).await.unwrap();
        assert_eq!(retired.state(), pb::EnterpriseState::Retired);
        assert!(retired.retire_time.is_some());
        assert_eq!(operator(app).get(id).await.unwrap(), retired);
        let members = operator(app).members(id, true).await.unwrap();
        assert!(members.iter().all(|member| member.remove_time.is_some()) && members.len() == 1);
        assert_eq!(operator(app).manager_of(id, Some("03-01")).await.unwrap(), Some(WANG));
        assert_eq!(operator(app).manager_of(id, None).await.unwrap(), None);
        assert_eq!(operator(app).manager_of(id, Some("06-01")).await.unwrap(), None);
        let all = operator(app).list_appointments(pb::ListAppointmentsRequest::default()).await.unwrap();
        let ends: Vec<_> = all.appointments.iter().map(|known| (day(known.from_date), day(known.end_date))).collect();
        assert_eq!(ends, [("01-05".into(), "03-02".into()), ("06-01".into(), "06-01".into())]);
        assert!(all.appointments.iter().all(|known| {
            known.end_reason() == pb::AppointmentEndReason::EnterpriseRetired
        }));
        assert_eq!(all.appointments[1].appointment_id, second.appointment_id);

        for refused in [
            operator(app).retire(id, &retired.etag).await.unwrap_err(),
            operator(app).add_member(id, OWNER).await.unwrap_err(),
            operator(app).appoint(id, WANG, None).await.unwrap_err(),
            operator(app).enterprises().update_enterprise(update(&retired, app, &["employees"])).await.unwrap_err(),
        ] {
            assert_eq!(reason(&refused), (Code::FailedPrecondition, "ENTERPRISE_RETIRED".to_owned()));
        }
        assert!(manager(app, WANG).get(id).await.is_err());
    }
}
