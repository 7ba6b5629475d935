//! Makes a new secret of a machine client; the old one stays good for a while.

use access::Facts;
use chrono::TimeDelta;
use kernel::ClientId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{Rpc, actor, chance, convert};
use crate::{
    domain::{Event, Happened, Secret},
    error::IdentityError,
    store::clients,
};

/// One day.
const MAX_KEEP_SECONDS: i32 = 86_400;

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::RotateClientSecretRequest,
) -> Result<pb::RotateClientSecretResponse, IdentityError> {
    let pb::RotateClientSecretRequest { client_id, keep_old_seconds, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let (id, etag) = (f.parse::<ClientId>("client_id", &client_id), f.etag(&etag));
    if !(0..=MAX_KEEP_SECONDS).contains(&keep_old_seconds) {
        f.reject("keep_old_seconds", format!("must be 0 to {MAX_KEEP_SECONDS}"));
    }
    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse().into()) };
    f.finish()?;
    let secret = Secret::from_random(chance::bytes()?);

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let client = clients::lock(&mut tx, id).await?.ok_or(IdentityError::ClientNotFound(id))?;
    if client.version != etag {
        return Err(Refusal::StaleEtag { etag: client.version.to_string() }.into());
    }
    let client = client.rotate(now)?;

    let mut batch = Batch::new();
    clients::save_rotation(&mut batch, &client);
    clients::end_secrets(&mut batch, id, now + TimeDelta::seconds(keep_old_seconds.into()));
    clients::insert_secret(&mut batch, id, secret.digest(), now);
    let rotated = Event::ClientSecretRotated(id);
    rpc.publish(&mut batch, &call, Happened::client(&client, rotated, &call.caller.principal(), now));
    let answer = convert::client(&client);
    // What is kept for a repeat has no secret in it.
    let repeated =
        pb::RotateClientSecretResponse { client: Some(answer.clone()), client_secret: String::new() };
    call.remember(&mut batch, &repeated, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(pb::RotateClientSecretResponse { client: Some(answer), client_secret: secret.expose() })
}
