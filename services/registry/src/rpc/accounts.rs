//! What the registry asks identity about accounts.

use access::Role;
use kernel::AccountId;
use proto::identity::v1::{
    self as identity, account_service_client::AccountServiceClient, grant_service_client::GrantServiceClient,
};
use rpc::{Call, Refusal};
use tonic::{Code, Status};

use super::RegistryRpc;
use crate::error::RegistryError;

/// Refuses an account that does not exist or is not in use.
pub(super) async fn require_in_use(
    rpc: &RegistryRpc,
    call: &Call,
    account: AccountId,
) -> Result<(), RegistryError> {
    let client = AccountServiceClient::new(rpc.peers.for_call("identity", call));
    let answer = rpc
        .peers
        .retrying(|| {
            let mut client = client.clone();
            async move {
                client.get_account(identity::GetAccountRequest { account_id: account.to_string() }).await
            }
        })
        .await;
    let unsuitable = |lacks| Err(RegistryError::AccountUnsuitable { account, lacks });
    match answer {
        Ok(answer) => match answer.into_inner().account.map(|account| account.state()) {
            Some(identity::AccountState::Active) => Ok(()),
            _ => unsuitable("activity"),
        },
        Err(status) if status.code() == Code::NotFound => unsuitable("existence"),
        Err(status) => Err(failed("tell of an account", status)),
    }
}

/// Refuses an account that does not exist, is not in use, or does not hold the role of a manager.
pub(super) async fn require_manager(
    rpc: &RegistryRpc,
    call: &Call,
    account: AccountId,
) -> Result<(), RegistryError> {
    require_in_use(rpc, call, account).await?;
    let client = GrantServiceClient::new(rpc.peers.for_call("identity", call));
    let answer = rpc
        .peers
        .retrying(|| {
            let mut client = client.clone();
            let request = identity::ListGrantsRequest {
                account_id: account.to_string(),
                role: Role::Manager.wire().into(),
                state: identity::GrantState::Active.into(),
                page_size: 1,
                ..identity::ListGrantsRequest::default()
            };
            async move { client.list_grants(request).await }
        })
        .await
        .map_err(|status| failed("tell of an account's grants", status))?;
    if answer.into_inner().grants.is_empty() {
        return Err(RegistryError::AccountUnsuitable { account, lacks: Role::Manager.wire().as_str_name() });
    }
    Ok(())
}

fn failed(doing: &'static str, source: Status) -> RegistryError {
    Refusal::Peer { service: "identity", doing, source: Box::new(source) }.into()
}
