use std::{collections::BTreeMap, fmt::Write as _};

use access::Role;
use expect_test::expect;
use proto::identity::v1 as pb;
use store::outbox::{OutboxRow, Position, read_after};
use testkit::TestSuite;

use crate::world::{PASSWORD, World};

testkit::both_engines! {
    modules: [qinqing_identity::spec()];

    async fn every_version_of_every_subject_has_one_event(app: TestSuite) {
        let world = World::new(app).await;
        let police = world.department("police").await;
        let person = world.person("li.wei").await;
        let grant = world.give(&person, Role::Liaison, &police.department_id).await;
        let request = pb::SetLiaisonRequest {
            department_id: police.department_id,
            account_id: person.id.to_string(),
            etag: police.etag,
            request_id: app.request_id(),
        };
        world.organizations().set_liaison(request).await.unwrap();
        world.session(&person).await;
        world.revoke(&grant).await.unwrap();
        let request = pb::DisableAccountRequest {
            account_id: person.id.to_string(),
            reason: "离职".to_owned(),
            etag: person.etag,
            request_id: app.request_id(),
        };
        world.accounts().disable_account(request).await.unwrap();

        let rows = outbox(app).await;
        let mut versions: BTreeMap<&str, i64> = BTreeMap::new();
        let mut told = String::new();
        for row in rows.iter().skip(10) {
            let version = versions.entry(&row.subject).or_insert(0);
            *version += 1;
            assert_eq!(row.subject_version, *version, "{row:?}");
            let kind = row.subject.split('/').next().unwrap();
            let name = row.r#type.rsplit('.').next().unwrap();
            writeln!(told, "{kind} {version} {name}").unwrap();
        }
        expect![[r"
            department 1 DepartmentCreated
            account 1 AccountCreated
            account 2 PasswordChanged
            grant 1 RoleRequested
            grant 2 RoleGranted
            department 2 LiaisonSet
            session 1 SessionStarted
            grant 3 RoleRevoked
            department 3 LiaisonSet
            account 3 AccountDisabled
            session 2 SessionRevoked
        "]]
        .assert_eq(&told);
    }

    async fn no_event_and_no_stored_answer_tells_of_a_person_or_a_secret(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("marker.name").await;
        world.session(&person).await;
        let request = pb::CreateClientRequest {
            name: "一网通办".to_owned(),
            scopes: vec!["events.read".to_owned()],
            request_id: app.request_id(),
        };
        let secret = world.clients().create_client(request).await.unwrap().into_inner().client_secret;
        let (_, initial) = world.newcomer("wang.min").await;

        let mut tx = app.suite.db("identity").unwrap().snapshot().await.unwrap();
        let answers = store::rows!(&mut tx, "list the answers", (Vec<u8>,), "SELECT response FROM request_ledger");
        let answers: Vec<_> = answers.unwrap().into_iter().map(|(answer,)| answer).collect();
        tx.commit().await.unwrap();
        assert!(answers.len() >= 3);
        for answer in &answers {
            for marker in [PASSWORD, &secret, &initial, "13812345678"] {
                assert!(!holds(answer, marker), "{marker}");
            }
        }
        for row in outbox(app).await {
            for marker in ["marker.name", "13812345678", "example.cn", PASSWORD, &secret, &initial] {
                assert!(!holds(&row.data, marker), "{marker} in {row:?}");
            }
        }
    }
}

/// The whole outbox. On PostgreSQL an event is readable when no older transaction is open on the server, that of
/// another test included: so this reads until it has them all.
async fn outbox(app: &TestSuite) -> Vec<OutboxRow> {
    loop {
        let mut tx = app.suite.db("identity").unwrap().snapshot().await.unwrap();
        let n_events =
            store::scalar!(&mut tx, "count the events", i64, "SELECT COUNT(*) FROM outbox").unwrap();
        let rows = read_after(&mut tx, &Position::START, 1_000).await.unwrap();
        tx.commit().await.unwrap();
        if usize::try_from(n_events).unwrap() == rows.len() {
            return rows.into_iter().map(|(_, row)| row).collect();
        }
    }
}

fn holds(bytes: &[u8], marker: &str) -> bool {
    bytes.windows(marker.len()).any(|window| window == marker.as_bytes())
}
