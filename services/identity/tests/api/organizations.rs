use access::{Role, RoleGrant};
use chrono::TimeDelta;
use kernel::Timestamp;
use proto::identity::v1::{self as pb, organization_service_client::OrganizationServiceClient};
use tonic::{Code, Status};

use crate::world::{Person, World, precondition, refused};

testkit::both_engines! {
    modules: [qinqing_identity::spec()];

    async fn a_department_is_found_by_id_and_by_code(app: TestSuite) {
        let world = World::new(app).await;
        let police = world.department("police").await;
        let mut machine = OrganizationServiceClient::new(app.client(&["organizations.read"]));
        let by_code = pb::GetDepartmentRequest { code: "police".to_owned(), ..Default::default() };
        let by_id = pb::GetDepartmentRequest { department_id: police.department_id.clone(), ..Default::default() };
        for request in [by_code.clone(), by_id.clone()] {
            let found = machine.get_department(request).await.unwrap().into_inner().department.unwrap();
            assert_eq!(found, police);
        }
        let absent = pb::GetDepartmentRequest { code: "fire".to_owned(), ..Default::default() };
        assert_eq!(refused(machine.get_department(absent).await), (Code::NotFound, "DEPARTMENT_NOT_FOUND".to_owned()));
        let both = pb::GetDepartmentRequest { department_id: police.department_id, code: "police".to_owned() };
        for request in [both, pb::GetDepartmentRequest::default()] {
            assert_eq!(refused(machine.get_department(request).await).1, "FIELD_INVALID");
        }
        let mut other = OrganizationServiceClient::new(app.client(&["events.read"]));
        assert_eq!(refused(other.get_department(by_id).await).0, Code::PermissionDenied);
    }

    async fn a_code_and_a_section_name_are_taken_once(app: TestSuite) {
        let world = World::new(app).await;
        let (police, land) = (world.department("police").await, world.department("land").await);
        let again = pb::CreateDepartmentRequest {
            code: "police".to_owned(),
            name: "另一个局".to_owned(),
            division_code: "321200".to_owned(),
            request_id: app.request_id(),
        };
        let taken = world.organizations().create_department(again).await;
        assert_eq!(refused(taken), (Code::AlreadyExists, "DEPARTMENT_CODE_TAKEN".to_owned()));
        section(&world, &police, "交警大队").await.unwrap();
        let taken = section(&world, &police, "交警大队").await;
        assert_eq!(refused(taken), (Code::AlreadyExists, "SECTION_NAME_TAKEN".to_owned()));
        section(&world, &land, "交警大队").await.unwrap();

        let of_police = pb::ListSectionsRequest { department_id: police.department_id, ..Default::default() };
        assert_eq!(world.organizations().list_sections(of_police).await.unwrap().into_inner().total_count, 1);
        let all = world.organizations().list_sections(pb::ListSectionsRequest::default()).await.unwrap();
        assert_eq!(all.into_inner().total_count, 2);
    }

    async fn departments_come_by_code_page_by_page(app: TestSuite) {
        let world = World::new(app).await;
        for code in ["police", "education", "land"] {
            world.department(code).await;
        }
        let (mut codes, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListDepartmentsRequest { page_size: 2, page_token, ..Default::default() };
            let page = world.organizations().list_departments(request).await.unwrap().into_inner();
            assert_eq!(page.total_count, 3);
            codes.extend(page.departments.into_iter().map(|department| department.code));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(codes, ["education", "land", "police"]);
        let elsewhere = pb::ListDepartmentsRequest { division_code: "110000".to_owned(), ..Default::default() };
        assert_eq!(world.organizations().list_departments(elsewhere).await.unwrap().into_inner().total_count, 0);
    }

    async fn a_renamed_department_and_section_have_new_etags(app: TestSuite) {
        let world = World::new(app).await;
        let police = world.department("police").await;
        let traffic = section(&world, &police, "交警大队").await.unwrap();
        let rename = |etag: &str| pb::RenameDepartmentRequest {
            department_id: police.department_id.clone(),
            name: "市公安局".to_owned(),
            etag: etag.to_owned(),
            request_id: app.request_id(),
        };
        let renamed = world.organizations().rename_department(rename("v1")).await.unwrap().into_inner();
        let renamed = renamed.department.unwrap();
        assert_eq!((renamed.name.as_str(), renamed.etag.as_str()), ("市公安局", "v2"));
        assert_eq!(refused(world.organizations().rename_department(rename("v1")).await).1, "STALE_ETAG");

        let rename = |name: &str, etag: &str| pb::RenameSectionRequest {
            section_id: traffic.section_id.clone(),
            name: name.to_owned(),
            etag: etag.to_owned(),
            request_id: app.request_id(),
        };
        section(&world, &police, "治安大队").await.unwrap();
        let taken = world.organizations().rename_section(rename("治安大队", "v1")).await;
        assert_eq!(refused(taken).1, "SECTION_NAME_TAKEN");
        world.organizations().rename_section(rename("交警支队", "v1")).await.unwrap();
        assert_eq!(refused(world.organizations().rename_section(rename("交警局", "v1")).await).1, "STALE_ETAG");
        let request = pb::GetSectionRequest { section_id: traffic.section_id.clone() };
        let found = world.organizations().get_section(request).await.unwrap().into_inner().section.unwrap();
        assert_eq!((found.name.as_str(), found.etag.as_str()), ("交警支队", "v2"));
    }

    async fn only_who_holds_the_role_becomes_liaison(app: TestSuite) {
        let world = World::new(app).await;
        let (police, land) = (world.department("police").await, world.department("land").await);
        let person = world.person("li.wei").await;
        assert_eq!(precondition(set(&world, &police, &person).await), "LIAISON_ROLE_MISSING");
        world.give(&person, Role::Liaison, &land.department_id).await;
        assert_eq!(precondition(set(&world, &police, &person).await), "LIAISON_ROLE_MISSING");
        world.give(&person, Role::Liaison, &police.department_id).await;
        let after = set(&world, &police, &person).await.unwrap();
        assert_eq!((after.liaison_account_id, after.etag.as_str()), (person.id.to_string(), "v2"));
        assert_eq!(refused(set(&world, &police, &person).await).1, "STALE_ETAG");
    }

    async fn who_was_liaison_on_any_day_can_be_told(app: TestSuite) {
        let world = World::new(app).await;
        let police = world.department("police").await;
        let (li, wang) = (liaison(&world, "li.wei", &police).await, liaison(&world, "wang.min", &police).await);
        let first_day = app.now();
        let police = set(&world, &police, &li).await.unwrap();
        let request = pb::SetDeputyRequest {
            department_id: police.department_id.clone(),
            account_id: wang.id.to_string(),
            etag: police.etag.clone(),
            request_id: app.request_id(),
        };
        let police = world.organizations().set_deputy(request).await.unwrap().into_inner().department.unwrap();
        app.clock.advance(TimeDelta::days(1));
        let police = set(&world, &police, &wang).await.unwrap();
        assert_eq!((police.liaison_account_id, police.deputy_account_id.as_str()), (wang.id.to_string(), ""));

        let (l, d) = (pb::LiaisonPost::Liaison, pb::LiaisonPost::Deputy);
        let (li, wang) = (li.id.to_string(), wang.id.to_string());
        assert_eq!(on_duty(&world, Some(first_day - TimeDelta::seconds(1))).await, []);
        let last_moment = app.now() - TimeDelta::microseconds(1);
        for at in [first_day, last_moment] {
            assert_eq!(on_duty(&world, Some(at)).await, [(l, li.clone()), (d, wang.clone())]);
        }
        assert_eq!(on_duty(&world, None).await, [(l, wang.clone())]);
        let history = pb::ListLiaisonsRequest { history: true, ..Default::default() };
        let history = world.organizations().list_liaisons(history).await.unwrap().into_inner();
        let open: Vec<_> = history.tenures.iter().map(|tenure| tenure.until_time.is_none()).collect();
        assert_eq!(open, [false, false, true]);
    }

    async fn a_liaison_who_loses_the_role_or_the_account_loses_the_post(app: TestSuite) {
        let world = World::new(app).await;
        let police = world.department("police").await;
        let person = world.person("li.wei").await;
        let grant = world.give(&person, Role::Liaison, &police.department_id).await;
        let police = set(&world, &police, &person).await.unwrap();
        world.revoke(&grant).await.unwrap();
        assert!(on_duty(&world, None).await.is_empty());

        world.give(&person, Role::Liaison, &police.department_id).await;
        let police = pb::Department { etag: "v3".to_owned(), ..police };
        set(&world, &police, &person).await.unwrap();
        assert_eq!(on_duty(&world, None).await.len(), 1);
        let request = pb::DisableAccountRequest {
            account_id: person.id.to_string(),
            reason: "离职".to_owned(),
            etag: person.etag,
            request_id: app.request_id(),
        };
        world.accounts().disable_account(request).await.unwrap();
        assert!(on_duty(&world, None).await.is_empty());
    }

    async fn a_liaison_who_is_no_longer_in_charge_keeps_the_post_that_rests_on_another_grant(app: TestSuite) {
        let world = World::new(app).await;
        let police = world.department("police").await;
        let person = liaison(&world, "li.wei", &police).await;
        let leads = world.lead(&person, &police.department_id).await;
        set(&world, &police, &person).await.unwrap();
        world.revoke(&leads).await.unwrap();
        assert_eq!(on_duty(&world, None).await.len(), 1);
    }

    async fn a_leader_is_no_liaison_for_that(app: TestSuite) {
        let world = World::new(app).await;
        let police = world.department("police").await;
        let person = world.person("li.wei").await;
        world.lead(&person, &police.department_id).await;
        assert_eq!(precondition(set(&world, &police, &person).await), "LIAISON_ROLE_MISSING");
    }

    async fn firms_read_departments_and_change_none(app: TestSuite) {
        let world = World::new(app).await;
        world.department("police").await;
        let firm = kernel::EnterpriseId::new(app.uuid());
        let bearer = app.person(kernel::AccountId::new(app.uuid()), vec![RoleGrant::enterprise(firm)]);
        let mut organizations = OrganizationServiceClient::new(bearer);
        let list = pb::ListDepartmentsRequest::default();
        assert_eq!(organizations.list_departments(list).await.unwrap().into_inner().total_count, 1);
        let request = pb::CreateDepartmentRequest {
            code: "firm".to_owned(),
            name: "企业".to_owned(),
            division_code: "321200".to_owned(),
            request_id: app.request_id(),
        };
        assert_eq!(refused(organizations.create_department(request).await).0, Code::PermissionDenied);
    }
}

async fn section(world: &World<'_>, department: &pb::Department, name: &str) -> Result<pb::Section, Status> {
    let request = pb::CreateSectionRequest {
        department_id: department.department_id.clone(),
        name: name.to_owned(),
        request_id: world.app.request_id(),
    };
    Ok(world.organizations().create_section(request).await?.into_inner().section.unwrap())
}

/// Somebody with the role for a department.
async fn liaison(world: &World<'_>, login_name: &str, department: &pb::Department) -> Person {
    let person = world.person(login_name).await;
    world.give(&person, Role::Liaison, &department.department_id).await;
    person
}

async fn set(
    world: &World<'_>,
    department: &pb::Department,
    person: &Person,
) -> Result<pb::Department, Status> {
    let request = pb::SetLiaisonRequest {
        department_id: department.department_id.clone(),
        account_id: person.id.to_string(),
        etag: department.etag.clone(),
        request_id: world.app.request_id(),
    };
    Ok(world.organizations().set_liaison(request).await?.into_inner().department.unwrap())
}

async fn on_duty(world: &World<'_>, at: Option<Timestamp>) -> Vec<(pb::LiaisonPost, String)> {
    let request = pb::ListLiaisonsRequest { as_of_time: at.map(rpc::parse::timestamp), ..Default::default() };
    let answer = world.organizations().list_liaisons(request).await.unwrap().into_inner();
    answer.tenures.into_iter().map(|tenure| (tenure.post(), tenure.account_id)).collect()
}
