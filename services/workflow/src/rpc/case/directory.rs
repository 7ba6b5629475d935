//! What the registry and identity are asked, so that a case tells nothing of it.

use kernel::{AccountId, EnterpriseId};
use proto::{
    identity::v1::{self as identity, account_service_client::AccountServiceClient},
    registry::v1::{self as registry, enterprise_service_client::EnterpriseServiceClient},
};
use rpc::{Call, Refusal};
use tonic::{Code, Status};

use crate::{error::WorkflowError, rpc::WorkflowRpc};

/// The firm as the registry knows it; it need not be served any more.
pub(super) async fn enterprise(
    rpc: &WorkflowRpc,
    call: &Call,
    id: EnterpriseId,
) -> Result<registry::Enterprise, WorkflowError> {
    let client = EnterpriseServiceClient::new(rpc.peers.for_call("registry", call));
    let answer = rpc
        .peers
        .retrying(|| {
            let mut client = client.clone();
            let request = registry::GetEnterpriseRequest { enterprise_id: id.to_string() };
            async move { client.get_enterprise(request).await }
        })
        .await;
    let found = match answer {
        Ok(answer) => answer.into_inner().enterprise,
        Err(status) if status.code() == Code::NotFound => None,
        Err(status) => return Err(failed("registry", "tell of an enterprise", status)),
    };
    found.ok_or(WorkflowError::EnterpriseNotFound(id))
}

/// The names that others see of these accounts.
pub(super) async fn names(
    rpc: &WorkflowRpc,
    call: &Call,
    accounts: &[AccountId],
) -> Result<Vec<String>, WorkflowError> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let account_ids: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let client = AccountServiceClient::new(rpc.peers.for_call("identity", call));
    let answer = rpc
        .peers
        .retrying(|| {
            let mut client = client.clone();
            let request = identity::BatchGetAccountsRequest { account_ids: account_ids.clone() };
            async move { client.batch_get_accounts(request).await }
        })
        .await;
    match answer {
        Ok(answer) => {
            Ok(answer.into_inner().accounts.into_iter().map(|account| account.display_name).collect())
        }
        Err(status) => Err(failed("identity", "tell the names of accounts", status)),
    }
}

fn failed(service: &'static str, doing: &'static str, source: Status) -> WorkflowError {
    Refusal::Peer { service, doing, source: Box::new(source) }.into()
}
