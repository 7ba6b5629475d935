//! Firms by their names, which the registry keeps.

use kernel::EnterpriseId;
use proto::registry::v1::{
    ListEnterprisesRequest, ListEnterprisesResponse, enterprise_service_client::EnterpriseServiceClient,
};
use rpc::{Call, Refusal};
use store::search::Word;
use tonic::Status;

use super::WorkflowRpc;
use crate::error::WorkflowError;

/// A word in more names than that means no firm in particular.
const MAX_FIRMS: i32 = 50;
/// Characters of a word, from which on a name is looked for by it.
const MIN_CHARS: usize = 2;
/// Characters of a name, in the registry.
const MAX_CHARS: usize = 120;

/// Which firms a word may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    Firms(Vec<EnterpriseId>),
    /// Too many of them.
    TooMany,
}

/// The firms with each of the words in their names, whoever asks: of their issues a caller finds none that they do not
/// see.
pub(super) async fn firms_named(
    rpc: &WorkflowRpc,
    call: &Call,
    words: &[Word],
) -> Result<Vec<Named>, WorkflowError> {
    let asked = words.iter().map(|word| async move {
        let fits = (MIN_CHARS..=MAX_CHARS).contains(&word.as_str().chars().count());
        if fits { named(rpc, call, word).await } else { Ok(Named::Firms(Vec::new())) }
    });
    futures::future::try_join_all(asked).await
}

async fn named(rpc: &WorkflowRpc, call: &Call, word: &Word) -> Result<Named, WorkflowError> {
    let client = EnterpriseServiceClient::new(rpc.peers.for_call("registry", call));
    let answer = rpc
        .peers
        .retrying(|| {
            let mut client = client.clone();
            let request = ListEnterprisesRequest {
                name_contains: word.as_str().to_owned(),
                page_size: MAX_FIRMS,
                ..ListEnterprisesRequest::default()
            };
            async move { client.list_enterprises(request).await }
        })
        .await;
    let ListEnterprisesResponse { enterprises, next_page_token: _, total_count } =
        answer.map_err(failed)?.into_inner();
    if i64::from(MAX_FIRMS) < total_count {
        return Ok(Named::TooMany);
    }
    let firms: Result<_, _> = enterprises.iter().map(|firm| firm.enterprise_id.parse()).collect();
    firms.map(Named::Firms).map_err(|_| failed(Status::data_loss("an id cannot be read")))
}

fn failed(source: Status) -> WorkflowError {
    Refusal::Peer { service: "registry", doing: "tell of firms by name", source: Box::new(source) }.into()
}
