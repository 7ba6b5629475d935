use events::Outgoing;
use kernel::{AccountId, EnterpriseId, EventId, Version};
use prost::{Message, Name};
use proto::{
    identity::v1 as pb,
    options::v1::Role as WireRole,
    registry::v1::{EnterpriseMemberAdded, EnterpriseMemberRemoved},
};
use store::Batch;
use testkit::{TestSuite, fake::Fake};

use crate::world::{World, precondition};

testkit::both_engines! {
    modules: [qinqing_identity::spec(), Fake::new().spec("registry")];

    async fn a_member_of_an_enterprise_has_its_role_as_long_as_the_membership_lasts(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let (firm, other) = (EnterpriseId::new(app.uuid()), EnterpriseId::new(app.uuid()));
        tell(app, firm, 1, &added(app, firm, person.id)).await;
        tell(app, other, 1, &added(app, other, person.id)).await;
        tell(app, firm, 2, &added(app, firm, person.id)).await;
        app.settle().await;
        let grants = world.session(&person).await.grants;
        assert!(grants.iter().all(|grant| grant.role() == WireRole::Enterprise));
        let firms: Vec<_> = grants.iter().map(|grant| grant.enterprise_id.clone()).collect();
        assert_eq!(firms, [firm.to_string(), other.to_string()]);
        assert_eq!(precondition(world.revoke(&grants[0]).await), "GRANT_ROLE_BY_MEMBERSHIP");

        tell(app, firm, 3, &removed(app, firm, person.id)).await;
        tell(app, firm, 4, &removed(app, firm, person.id)).await;
        app.settle().await;
        assert_eq!(world.session(&person).await.grants, [grants[1].clone()]);
        let request = pb::ListGrantsRequest { account_id: person.id.to_string(), ..Default::default() };
        let all = world.grants(1).list_grants(request).await.unwrap().into_inner().grants;
        let states: Vec<_> = all.iter().map(pb::Grant::state).collect();
        assert_eq!(states, [pb::GrantState::Active, pb::GrantState::Revoked]);
    }

    async fn a_member_without_an_account_is_put_aside_and_the_others_go_on(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let (firm, other) = (EnterpriseId::new(app.uuid()), EnterpriseId::new(app.uuid()));
        tell(app, firm, 1, &added(app, firm, AccountId::new(app.uuid()))).await;
        tell(app, other, 1, &added(app, other, person.id)).await;
        app.settle().await;
        assert_eq!(world.session(&person).await.grants.len(), 1);
        let n_dead: u64 = app.suite.consumers().iter().map(|consumer| consumer.progress().borrow().n_dead).sum();
        assert_eq!(n_dead, 1);
    }
}

fn added(app: &TestSuite, firm: EnterpriseId, account: AccountId) -> EnterpriseMemberAdded {
    let (enterprise_id, account_id) = (firm.to_string(), account.to_string());
    EnterpriseMemberAdded { enterprise_id, member_id: app.uuid().to_string(), account_id }
}

fn removed(app: &TestSuite, firm: EnterpriseId, account: AccountId) -> EnterpriseMemberRemoved {
    let (enterprise_id, account_id) = (firm.to_string(), account.to_string());
    EnterpriseMemberRemoved { enterprise_id, member_id: app.uuid().to_string(), account_id }
}

/// Puts an event into the registry's outbox.
async fn tell<M: Message + Name>(app: &TestSuite, firm: EnterpriseId, version: i64, payload: &M) {
    let outgoing = Outgoing {
        event_id: EventId::new(app.uuid()),
        subject: format!("enterprise/{firm}"),
        subject_version: Version::new(version),
        time: app.now(),
        traceparent: "",
    };
    let mut batch = Batch::new();
    events::append(&mut batch, outgoing, payload);
    let mut tx = app.suite.db("registry").unwrap().begin().await.unwrap();
    batch.run(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}
