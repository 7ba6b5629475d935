use access::{Role, RoleGrant};
use proto::identity::v1::{self as pb, grant_service_client::GrantServiceClient};
use tonic::Code;

use crate::world::{World, precondition, refused};

testkit::both_engines! {
    modules: [qinqing_identity::spec()];

    async fn a_role_takes_two_administrators_and_neither_is_its_holder(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let grant = world.request(person.id, Role::Auditor, "").await.unwrap();
        assert_eq!(grant.state(), pb::GrantState::Requested);
        assert!(world.session(&person).await.grants.is_empty());

        let alone = pb::ApproveGrantRequest {
            grant_id: grant.grant_id.clone(),
            etag: grant.etag.clone(),
            request_id: app.request_id(),
        };
        assert_eq!(precondition(world.grants(1).approve_grant(alone).await), "GRANT_FOUR_EYES");
        let for_oneself = world.request(world.first("security-admin-1").account_id, Role::Auditor, "").await;
        assert_eq!(precondition(for_oneself), "GRANT_FOUR_EYES");
        let for_the_other = world.request(world.first("security-admin-2").account_id, Role::Auditor, "").await;
        assert_eq!(precondition(world.approve(&for_the_other.unwrap()).await), "GRANT_FOUR_EYES");

        let approved = world.approve(&grant).await.unwrap();
        assert_eq!(approved.decided_by, world.first("security-admin-2").account_id.to_string());
        assert_eq!(world.session(&person).await.grants, std::slice::from_ref(&approved));
        assert_eq!(refused(world.approve(&grant).await), (Code::Aborted, "STALE_ETAG".to_owned()));
        assert_eq!(precondition(world.approve(&approved).await), "GRANT_NOT_REQUESTED");
    }

    async fn the_database_itself_refuses_a_grant_of_one_hand(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let grant = world.request(person.id, Role::Auditor, "").await.unwrap();
        let mut tx = app.suite.db("identity").unwrap().begin().await.unwrap();
        let sql = "UPDATE role_grant SET state = 'ACTIVE', decided_by = requested_by WHERE grant_id = $1";
        let id: kernel::GrantId = grant.grant_id.parse().unwrap();
        let error = store::execute!(&mut tx, "approve alone", sql, id.uuid()).unwrap_err();
        assert_eq!(error.constraint(), Some("role_grant_eyes_check"));
    }

    async fn administrators_of_different_kinds_exclude_each_other(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let (system, audit) = (
            world.request(person.id, Role::SystemAdmin, "").await.unwrap(),
            world.request(person.id, Role::AuditAdmin, "").await,
        );
        assert_eq!(precondition(audit), "ADMINISTRATORS_EXCLUDE");
        world.approve(&system).await.unwrap();
        world.give(&person, Role::Leader, "").await;
        let security = world.request(person.id, Role::SecurityAdmin, "").await;
        assert_eq!(precondition(security), "ADMINISTRATORS_EXCLUDE");
    }

    async fn a_role_is_asked_for_once(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let (police, land) = (world.department("police").await, world.department("land").await);
        let grant = world.request(person.id, Role::Liaison, &police.department_id).await.unwrap();
        let exists = (Code::AlreadyExists, "GRANT_EXISTS".to_owned());
        assert_eq!(refused(world.request(person.id, Role::Liaison, &police.department_id).await), exists);
        world.request(person.id, Role::Liaison, &land.department_id).await.unwrap();
        let grant = world.approve(&grant).await.unwrap();
        assert_eq!(refused(world.request(person.id, Role::Liaison, &police.department_id).await), exists);
        world.revoke(&grant).await.unwrap();
        world.request(person.id, Role::Liaison, &police.department_id).await.unwrap();
    }

    async fn whoever_is_in_charge_has_a_grant_that_says_so_beside_the_one_they_had(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let police = world.department("police").await.department_id;
        let ask = |role: Role, department_id: &str| pb::RequestGrantRequest {
            account_id: person.id.to_string(),
            role: role.wire().into(),
            department_id: department_id.to_owned(),
            in_charge: true,
            ..Default::default()
        };
        let bad = testkit::bad_fields(&world.ask(ask(Role::Operator, "")).await.unwrap_err());
        assert_eq!(bad, ["in_charge"]);
        let before = world.give(&person, Role::Liaison, &police).await;
        let leads = world.lead(&person, &police).await;
        assert_eq!((before.in_charge, leads.in_charge), (false, true));
        let again = world.ask(ask(Role::Liaison, &police)).await;
        assert_eq!(refused(again), (Code::AlreadyExists, "GRANT_EXISTS".to_owned()));
        let request = pb::ListGrantsRequest { in_charge: true, ..Default::default() };
        let listed = world.grants(1).list_grants(request).await.unwrap().into_inner();
        assert_eq!((listed.grants, listed.total_count), (vec![leads.clone()], 1));
        world.revoke(&leads).await.unwrap();
        assert_eq!(world.session(&person).await.grants, [before]);
    }

    async fn a_role_is_asked_for_with_what_it_is_held_for(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let police = world.department("police").await.department_id;
        let bad = async |role, department: &str| {
            testkit::bad_fields(&world.request(person.id, role, department).await.unwrap_err())
        };
        assert_eq!(bad(Role::Liaison, "").await, ["department_id"]);
        assert_eq!(bad(Role::SectionHandler, "").await, ["department_id", "section_id"]);
        assert_eq!(bad(Role::SectionHandler, &police).await, ["section_id"]);
        assert_eq!(bad(Role::Operator, &police).await, ["department_id"]);
        let enterprise = world.request(person.id, Role::Enterprise, "").await;
        assert_eq!(precondition(enterprise), "GRANT_ROLE_BY_MEMBERSHIP");
        let absent = world.request(person.id, Role::Liaison, &app.request_id()).await;
        assert_eq!(refused(absent), (Code::NotFound, "DEPARTMENT_NOT_FOUND".to_owned()));
    }

    async fn an_old_token_of_a_former_administrator_opens_nothing(app: TestSuite) {
        let world = World::new(app).await;
        let former = world.person("li.wei").await;
        let other = world.person("wang.min").await;
        let grant = world.give(&former, Role::SecurityAdmin, "").await;
        let asked = world.request(other.id, Role::Auditor, "").await.unwrap();
        let bearer = app.person(former.id, vec![RoleGrant::of(Role::SecurityAdmin)]);
        let mut grants = GrantServiceClient::new(bearer);
        let mut approve = async || {
            let request = pb::ApproveGrantRequest {
                grant_id: asked.grant_id.clone(),
                etag: asked.etag.clone(),
                request_id: app.request_id(),
            };
            grants.approve_grant(request).await
        };
        world.revoke(&grant).await.unwrap();
        assert_eq!(refused(approve().await), (Code::PermissionDenied, "NOT_PERMITTED".to_owned()));
        world.give(&former, Role::SecurityAdmin, "").await;
        approve().await.unwrap();
    }

    async fn people_list_their_own_grants_and_administrators_everybodys(app: TestSuite) {
        let world = World::new(app).await;
        let (li, wang) = (world.person("li.wei").await, world.person("wang.min").await);
        let own = world.give(&li, Role::Auditor, "").await;
        world.give(&wang, Role::Auditor, "").await;
        let mut mine = GrantServiceClient::new(app.person(li.id, vec![RoleGrant::of(Role::Auditor)]));
        let seen = mine.list_grants(pb::ListGrantsRequest::default()).await.unwrap().into_inner();
        assert_eq!((seen.grants, seen.total_count), (vec![own], 1));
        let auditors = pb::ListGrantsRequest { role: Role::Auditor.wire().into(), ..Default::default() };
        assert_eq!(world.grants(1).list_grants(auditors).await.unwrap().into_inner().total_count, 2);
    }
}
