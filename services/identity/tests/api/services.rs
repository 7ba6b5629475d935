use std::sync::{Arc, LazyLock, OnceLock};

use access::Role;
use proto::{
    identity::v1::{
        self as pb, account_service_client::AccountServiceClient, auth_service_client::AuthServiceClient,
        grant_service_client::GrantServiceClient,
    },
    options::v1::Role as WireRole,
};
use rpc::Peers;
use runtime::{Module, ModuleSpec};
use testkit::{Engine, TestSuite};
use tonic::Code;

use crate::world::{World, refused};

static NO_MIGRATIONS: LazyLock<store::Migrator> =
    LazyLock::new(|| store::Migrator::with_migrations(Vec::new()));

#[tokio::test]
async fn another_service_gets_contacts_and_finds_handlers_on_sqlite() {
    another_service_gets_contacts_and_finds_handlers(Engine::Sqlite).await;
}

#[tokio::test]
async fn another_service_gets_contacts_and_finds_handlers_on_postgres() {
    another_service_gets_contacts_and_finds_handlers(Engine::Postgres).await;
}

async fn another_service_gets_contacts_and_finds_handlers(engine: Engine) {
    let peers = Arc::new(OnceLock::new());
    let app = TestSuite::start(engine, &[qinqing_identity::spec(), caller(&peers)]).await.unwrap();
    let world = World::new(&app).await;
    let police = world.department("police").await;
    let person = world.person("li.wei").await;
    world.give(&person, Role::Liaison, &police.department_id).await;

    let peers: &Peers = peers.get().unwrap();
    let mut accounts = AccountServiceClient::new(peers.to("identity"));
    let account_ids = vec![person.id.to_string(), person.id.to_string(), app.request_id()];
    let found = accounts.batch_get_accounts(pb::BatchGetAccountsRequest { account_ids }).await.unwrap();
    let [account] = <[pb::Account; 1]>::try_from(found.into_inner().accounts).unwrap();
    assert_eq!((account.phone.as_str(), account.contact_masked), ("13812345678", false));

    let request = pb::ListGrantsRequest {
        role: WireRole::Liaison.into(),
        department_id: police.department_id,
        state: pb::GrantState::Active.into(),
        ..Default::default()
    };
    let found =
        GrantServiceClient::new(peers.to("identity")).list_grants(request).await.unwrap().into_inner();
    assert_eq!(found.grants[0].account_id, person.id.to_string());

    let disable = pb::DisableAccountRequest {
        account_id: person.id.to_string(),
        reason: "越权".to_owned(),
        etag: person.etag,
        request_id: app.request_id(),
    };
    assert_eq!(refused(accounts.disable_account(disable).await).0, Code::PermissionDenied);
    let revoke = pb::RevokeSessionRequest { session_id: app.request_id(), request_id: app.request_id() };
    let mut auth = AuthServiceClient::new(peers.to("identity"));
    assert_eq!(refused(auth.revoke_session(revoke).await).0, Code::PermissionDenied);
    app.stop().await;
}

/// A service that does nothing but let the test call in its name.
fn caller(peers: &Arc<OnceLock<Peers>>) -> ModuleSpec {
    let peers = Arc::clone(peers);
    ModuleSpec::new("notification", &NO_MIGRATIONS, move |deps| {
        let _ = peers.set(deps.peers.clone());
        Box::pin(async { Ok(Module { routes: Box::new(|_| ()), jobs: Vec::new(), consumers: Vec::new() }) })
    })
}
