//! Gives a machine client no more tokens, for good.

use access::Facts;
use kernel::ClientId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{Rpc, actor, convert};
use crate::{
    domain::{Event, Happened},
    error::IdentityError,
    store::clients,
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::DisableClientRequest,
) -> Result<pb::DisableClientResponse, IdentityError> {
    let pb::DisableClientRequest { client_id, reason, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let id = f.parse::<ClientId>("client_id", &client_id);
    let (reason, etag) = (f.text("reason", &reason, 1, 200), f.etag(&etag));
    let (Some(id), Some(reason), Some(etag)) = (id, reason, etag) else { return Err(f.refuse().into()) };

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let client = clients::lock(&mut tx, id).await?.ok_or(IdentityError::ClientNotFound(id))?;
    if client.version != etag {
        return Err(Refusal::StaleEtag { etag: client.version.to_string() }.into());
    }
    let client = client.disable()?;

    let mut batch = Batch::new();
    clients::save_state(&mut batch, &client, &reason);
    let disabled = Event::ClientDisabled(id);
    rpc.publish(&mut batch, &call, Happened::client(&client, disabled, &call.caller.principal(), now));
    let response = pb::DisableClientResponse { client: Some(convert::client(&client)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
