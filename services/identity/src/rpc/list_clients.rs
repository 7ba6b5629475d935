//! Lists machine clients.

use proto::identity::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, convert};
use crate::{domain::ClientState, error::IdentityError, store::clients};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::ListClientsRequest,
) -> Result<pb::ListClientsResponse, IdentityError> {
    let pb::ListClientsRequest { state, page_size, page_token } = req;
    let mut f = Fields::new();
    let wanted = f.enumeration_optional("state", state).and_then(client_state);
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let state = state.to_string();
    let filter = [state.as_str()];
    let page = rpc.page(&call, &filter, &page_token, size)?;

    let mut tx = rpc.db.snapshot().await?;
    let (rows, total_count) = clients::list(&mut tx, wanted, page).await?;
    tx.commit().await?;
    let (rows, next_page_token) = rpc.cut(&call, &filter, rows, size, |client| client.id.uuid());
    let clients = rows.iter().map(convert::client).collect();
    Ok(pb::ListClientsResponse { clients, next_page_token, total_count })
}

fn client_state(state: pb::ClientState) -> Option<ClientState> {
    match state {
        pb::ClientState::Unspecified => None,
        pb::ClientState::Active => Some(ClientState::Active),
        pb::ClientState::Disabled => Some(ClientState::Disabled),
    }
}
