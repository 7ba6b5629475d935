use access::{Role, RoleGrant};
use kernel::{DepartmentId, SectionId};
use proto::registry::v1 as pb;
use testkit::{TestSuite, reason};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{AGENT, LI, OWNER, Person, WANG, account, client, firm, manager, operator, person};

/// Firm 1 has Wang as its manager, firm 2 Li; one visit each.
struct Town {
    first: String,
    second: String,
    visit: pb::Visit,
}

async fn town(app: &TestSuite) -> Town {
    let first = operator(app).create(1).await.unwrap().enterprise_id;
    let second = operator(app).create(2).await.unwrap().enterprise_id;
    operator(app).add_member(&first, OWNER).await.unwrap();
    operator(app).appoint(&first, WANG, Some("01-05")).await.unwrap();
    operator(app).appoint(&second, LI, Some("01-05")).await.unwrap();
    let visit = manager(app, WANG).visit(&first, None).await.unwrap();
    manager(app, LI).visit(&second, None).await.unwrap();
    Town { first, second, visit }
}

fn official(app: &TestSuite, role: Role) -> Person<'_> {
    let department = DepartmentId::new(Uuid::from_u128(1));
    let grant = match role {
        Role::Liaison => RoleGrant::liaison(department),
        Role::SectionHandler => RoleGrant::section_handler(department, SectionId::new(Uuid::from_u128(2))),
        role => RoleGrant::of(role),
    };
    person(app, account(300), vec![grant])
}

/// What a caller sees of the town: enterprise 1 by Get, enterprises got together, enterprises listed, members of 1,
/// manager of 1, appointments, visit 1, visits, figures. `-` where the RPC is not for them at all, `.` where it
/// hides.
async fn sight(who: &Person<'_>, town: &Town) -> String {
    let mark = |answer: Result<i64, Status>| match answer {
        Ok(n) => n.to_string(),
        Err(status) if status.code() == Code::NotFound => ".".to_owned(),
        Err(status) => {
            assert_eq!(reason(&status), (Code::PermissionDenied, "NOT_PERMITTED".to_owned()));
            "-".to_owned()
        }
    };
    let ids = vec![town.first.clone(), town.second.clone()];
    let batch = pb::BatchGetEnterprisesRequest { enterprise_ids: ids };
    let figures = pb::GetVisitFiguresRequest {
        from_date: crate::world::date("01-01"),
        to_date: crate::world::date("03-31"),
        ..Default::default()
    };
    let got = who.enterprises().batch_get_enterprises(batch).await;
    let visits = who.visits().get_visit_figures(figures).await;
    [
        mark(who.get(&town.first).await.map(|_| 1)),
        mark(got.map(|got| i64::try_from(got.into_inner().enterprises.len()).unwrap())),
        mark(who.list(pb::ListEnterprisesRequest::default()).await.map(|list| list.total_count)),
        mark(who.members(&town.first, false).await.map(|list| i64::try_from(list.len()).unwrap())),
        mark(who.manager_of(&town.first, None).await.map(|_| 1)),
        mark(
            who.list_appointments(pb::ListAppointmentsRequest::default()).await.map(|list| list.total_count),
        ),
        mark(who.get_visit(&town.visit.visit_id).await.map(|_| 1)),
        mark(who.list_visits(pb::ListVisitsRequest::default()).await.map(|list| list.total_count)),
        mark(visits.map(|figures| figures.into_inner().visits)),
    ]
    .concat()
}

both_engines! {
    async fn everybody_sees_what_is_theirs_and_nothing_else(app: TestSuite) {
        let town = town(app).await;
        let both = vec![
            RoleGrant::of(Role::Manager),
            RoleGrant::enterprise(town.first.parse().unwrap()),
        ];
        for (who, expected, name) in [
            (firm(app, OWNER, &town.first), "11111111-", "firm"),
            (firm(app, AGENT, &town.second), ".11..1.1-", "another firm"),
            (manager(app, WANG), "111111111", "manager"),
            (manager(app, LI), ".11..1.11", "another manager"),
            (manager(app, account(110)), ".00..0.00", "a manager without firms"),
            (person(app, LI, both), "122112121", "manager of one firm and member of another"),
            (official(app, Role::Liaison), "12--1----", "liaison"),
            (official(app, Role::SectionHandler), "12-------", "section handler"),
            (official(app, Role::Operator), "122112122", "operator"),
            (official(app, Role::Auditor), "122112122", "auditor"),
            (official(app, Role::Leader), "122112122", "leader"),
            (official(app, Role::SystemAdmin), "---------", "system administrator"),
            (official(app, Role::SecurityAdmin), "---------", "security administrator"),
            (official(app, Role::AuditAdmin), "---------", "audit administrator"),
            (client(app, &["enterprises.read"]), "122-12---", "client for enterprises"),
            (client(app, &["visits.read"]), "------122", "client for visits"),
            (client(app, &["issues.read"]), "---------", "client for something else"),
        ] {
            assert_eq!(sight(&who, &town).await, expected, "{name}");
        }
    }

    async fn only_the_operator_changes_the_register(app: TestSuite) {
        let town = town(app).await;
        let enterprise = operator(app).get(&town.first).await.unwrap();
        let roles = [Role::Liaison, Role::SectionHandler, Role::Auditor, Role::Leader, Role::SystemAdmin];
        let mut others: Vec<_> = roles.into_iter().map(|role| official(app, role)).collect();
        others.push(firm(app, OWNER, &town.first));
        others.push(manager(app, WANG));
        others.push(client(app, &["enterprises.read", "visits.read"]));
        for who in others {
            for refused in [
                who.create(9).await.unwrap_err(),
                who.retire(&town.first, &enterprise.etag).await.unwrap_err(),
                who.add_member(&town.first, AGENT).await.unwrap_err(),
                who.appoint(&town.first, LI, None).await.unwrap_err(),
                who.hand_over(WANG, LI, None, 1).await.unwrap_err(),
            ] {
                assert_eq!(reason(&refused), (Code::PermissionDenied, "NOT_PERMITTED".to_owned()));
            }
        }
        assert_eq!(operator(app).get(&town.first).await.unwrap(), enterprise);
    }

    async fn without_a_token_nothing_is_answered(app: TestSuite) {
        let town = town(app).await;
        let mut client =
            pb::enterprise_service_client::EnterpriseServiceClient::new(app.anonymous());
        let refused = client.get_enterprise(pb::GetEnterpriseRequest { enterprise_id: town.first }).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::Unauthenticated, "TOKEN_MISSING".to_owned()));
    }

    async fn what_is_hidden_answers_as_what_does_not_exist(app: TestSuite) {
        let town = town(app).await;
        let stranger = firm(app, AGENT, &town.second);
        let nowhere = app.uuid().to_string();
        let seen = |status: Status, id: &str| {
            let details = String::from_utf8_lossy(status.details()).replace(id, "ID");
            (status.code(), status.message().replace(id, "ID"), details)
        };
        let hidden = seen(stranger.get(&town.first).await.unwrap_err(), &town.first);
        assert_eq!(hidden, seen(stranger.get(&nowhere).await.unwrap_err(), &nowhere));
        let id = &town.visit.visit_id;
        let unknown = pb::Visit { visit_id: nowhere.clone(), ..town.visit.clone() };
        let hidden = seen(stranger.get_visit(id).await.unwrap_err(), id);
        assert_eq!(hidden, seen(stranger.get_visit(&nowhere).await.unwrap_err(), &nowhere));
        let hidden = seen(stranger.confirm(&town.visit).await.unwrap_err(), id);
        assert_eq!(hidden, seen(stranger.confirm(&unknown).await.unwrap_err(), &nowhere));
        let stranger = manager(app, LI);
        let hidden = seen(stranger.visit(&town.first, None).await.unwrap_err(), &town.first);
        assert_eq!(hidden, seen(stranger.visit(&nowhere, None).await.unwrap_err(), &nowhere));
        let hidden = seen(stranger.cancel(&town.visit).await.unwrap_err(), id);
        assert_eq!(hidden, seen(stranger.cancel(&unknown).await.unwrap_err(), &nowhere));
    }
}
