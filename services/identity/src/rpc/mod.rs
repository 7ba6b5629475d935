//! The RPCs of identity: one file each, and what they share.

mod actor;
mod approve_grant;
mod batch_get_accounts;
pub(crate) mod bootstrap;
mod chance;
mod change_password;
mod convert;
mod create_account;
mod create_client;
mod create_department;
mod create_section;
mod disable_account;
mod disable_client;
mod enable_account;
mod get_account;
mod get_department;
mod get_jwks;
mod get_section;
mod hashing;
mod issue_client_token;
mod list_accounts;
mod list_clients;
mod list_departments;
mod list_grants;
mod list_liaisons;
mod list_sections;
mod list_sessions;
mod login;
mod logout;
mod pages;
mod password;
mod refresh;
mod reject_grant;
mod rename_department;
mod rename_section;
mod request_grant;
mod revoke_grant;
mod revoke_session;
mod rotate_client_secret;
mod set_liaison;
mod tokens;
mod update_account;

use std::{collections::BTreeSet, sync::Arc};

use access::{Rules, Signer, SigningKey};
use anyhow::{Context as _, ensure};
use kernel::{Clock, EventId, IdGen, PageKey, Timestamp};
use proto::identity::v1::{
    self as pb, account_service_server::AccountServiceServer, auth_service_server::AuthServiceServer,
    client_service_server::ClientServiceServer, grant_service_server::GrantServiceServer,
    organization_service_server::OrganizationServiceServer,
};
use rpc::Call;
use runtime::{Deps, Worked};
use store::{Batch, Db};
use tonic::service::RoutesBuilder;

use crate::{
    config::Policy,
    domain::Happened,
    events::publish,
    store::{sessions, signing_keys, tries},
};
use hashing::Hasher;

/// File of the private key that this installation's tokens are signed with; see [`signing_keys`] for its rotation.
pub const KEY_FILE: &str = "access-token.pk8";

/// What every RPC of this service works with.
#[derive(Debug, Clone)]
pub(crate) struct Rpc {
    db: Db,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGen>,
    page_key: PageKey,
    signer: Arc<Signer>,
    hasher: Hasher,
    policy: Policy,
    /// Every scope that some RPC asks for.
    scopes: Arc<BTreeSet<String>>,
}

impl rpc::Service for Rpc {
    fn db(&self) -> &Db {
        &self.db
    }
}

impl Rpc {
    /// Reads or makes the signing key, and publishes its public half.
    pub(crate) async fn open(deps: &Deps) -> anyhow::Result<Self> {
        let policy = Policy::default();
        let der = deps.keys.load_or_make(KEY_FILE, || Ok(SigningKey::generate()?.to_pkcs8().to_vec()))?;
        let key = SigningKey::from_pkcs8(&der).context(KEY_FILE)?;

        let now = deps.clock.now();
        let mut tx = deps.db.begin().await?;
        signing_keys::enter(&mut tx, key.public(), now, now + policy.key_overlap).await?;
        let published = signing_keys::published(&mut tx, now).await?;
        ensure!(published.iter().any(|known| known.kid() == key.kid()), "the key in {KEY_FILE} was retired");
        tx.commit().await?;

        let rules = Rules::from_pool(proto::pool())?;
        let scopes = rules.iter().flat_map(|rule| rule.scopes.clone()).collect();
        Ok(Self {
            db: deps.db.clone(),
            clock: Arc::clone(&deps.clock),
            ids: Arc::clone(&deps.ids),
            page_key: deps.page_key.clone(),
            signer: Arc::new(Signer::new(key)),
            hasher: Hasher::new(policy.hashing),
            policy,
            scopes: Arc::new(scopes),
        })
    }

    pub(crate) fn add_to(self, routes: &mut RoutesBuilder) {
        routes
            .add_service(OrganizationServiceServer::new(self.clone()))
            .add_service(AccountServiceServer::new(self.clone()))
            .add_service(GrantServiceServer::new(self.clone()))
            .add_service(AuthServiceServer::new(self.clone()))
            .add_service(ClientServiceServer::new(self));
    }

    /// Forgets counts of tries and refresh tokens that matter no longer.
    pub(crate) async fn forget(&self) -> anyhow::Result<Worked> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let mut batch = Batch::new();
        tries::forget_old(&mut batch, self.policy.tries, now);
        sessions::forget_tokens(&mut batch, now);
        batch.run(&mut tx).await?;
        tx.commit().await?;
        Ok(Worked::Idle)
    }

    fn publish(&self, batch: &mut Batch, call: &Call, happened: Happened) {
        let event_id = EventId::new(self.ids.uuid(happened.at));
        publish::append(batch, event_id, happened, &call.trace.to_string());
    }

    fn new_id<T>(&self, now: Timestamp, of: impl Fn(uuid::Uuid) -> T) -> T {
        of(self.ids.uuid(now))
    }
}

rpc::service! {
    impl pb::organization_service_server::OrganizationService, for Rpc;
    mutation {
        create_department(pb::CreateDepartmentRequest) -> pb::CreateDepartmentResponse = create_department::handle;
        rename_department(pb::RenameDepartmentRequest) -> pb::RenameDepartmentResponse = rename_department::handle;
        create_section(pb::CreateSectionRequest) -> pb::CreateSectionResponse = create_section::handle;
        rename_section(pb::RenameSectionRequest) -> pb::RenameSectionResponse = rename_section::handle;
        set_liaison(pb::SetLiaisonRequest) -> pb::SetLiaisonResponse = set_liaison::handle;
        set_deputy(pb::SetDeputyRequest) -> pb::SetDeputyResponse = set_liaison::handle_deputy;
    }
    query {
        get_department(pb::GetDepartmentRequest) -> pb::GetDepartmentResponse = get_department::handle;
        list_departments(pb::ListDepartmentsRequest) -> pb::ListDepartmentsResponse = list_departments::handle;
        get_section(pb::GetSectionRequest) -> pb::GetSectionResponse = get_section::handle;
        list_sections(pb::ListSectionsRequest) -> pb::ListSectionsResponse = list_sections::handle;
        list_liaisons(pb::ListLiaisonsRequest) -> pb::ListLiaisonsResponse = list_liaisons::handle;
    }
}

rpc::service! {
    impl pb::account_service_server::AccountService, for Rpc;
    mutation {
        create_account(pb::CreateAccountRequest) -> pb::CreateAccountResponse = create_account::handle;
        update_account(pb::UpdateAccountRequest) -> pb::UpdateAccountResponse = update_account::handle;
        disable_account(pb::DisableAccountRequest) -> pb::DisableAccountResponse = disable_account::handle;
        enable_account(pb::EnableAccountRequest) -> pb::EnableAccountResponse = enable_account::handle;
    }
    query {
        get_account(pb::GetAccountRequest) -> pb::GetAccountResponse = get_account::handle;
        batch_get_accounts(pb::BatchGetAccountsRequest) -> pb::BatchGetAccountsResponse = batch_get_accounts::handle;
        list_accounts(pb::ListAccountsRequest) -> pb::ListAccountsResponse = list_accounts::handle;
    }
}

rpc::service! {
    impl pb::grant_service_server::GrantService, for Rpc;
    mutation {
        request_grant(pb::RequestGrantRequest) -> pb::RequestGrantResponse = request_grant::handle;
        approve_grant(pb::ApproveGrantRequest) -> pb::ApproveGrantResponse = approve_grant::handle;
        reject_grant(pb::RejectGrantRequest) -> pb::RejectGrantResponse = reject_grant::handle;
        revoke_grant(pb::RevokeGrantRequest) -> pb::RevokeGrantResponse = revoke_grant::handle;
    }
    query {
        list_grants(pb::ListGrantsRequest) -> pb::ListGrantsResponse = list_grants::handle;
    }
}

rpc::service! {
    impl pb::auth_service_server::AuthService, for Rpc;
    mutation {
        revoke_session(pb::RevokeSessionRequest) -> pb::RevokeSessionResponse = revoke_session::handle;
    }
    query {
        login(pb::LoginRequest) -> pb::LoginResponse = login::handle;
        refresh(pb::RefreshRequest) -> pb::RefreshResponse = refresh::handle;
        logout(pb::LogoutRequest) -> pb::LogoutResponse = logout::handle;
        list_sessions(pb::ListSessionsRequest) -> pb::ListSessionsResponse = list_sessions::handle;
        change_password(pb::ChangePasswordRequest) -> pb::ChangePasswordResponse = change_password::handle;
        issue_client_token(pb::IssueClientTokenRequest) -> pb::IssueClientTokenResponse = issue_client_token::handle;
        get_jwks(pb::GetJwksRequest) -> pb::GetJwksResponse = get_jwks::handle;
    }
}

rpc::service! {
    impl pb::client_service_server::ClientService, for Rpc;
    mutation {
        create_client(pb::CreateClientRequest) -> pb::CreateClientResponse = create_client::handle;
        rotate_client_secret(pb::RotateClientSecretRequest) -> pb::RotateClientSecretResponse
            = rotate_client_secret::handle;
        disable_client(pb::DisableClientRequest) -> pb::DisableClientResponse = disable_client::handle;
    }
    query {
        list_clients(pb::ListClientsRequest) -> pb::ListClientsResponse = list_clients::handle;
    }
}
