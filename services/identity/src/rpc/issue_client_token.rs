//! Gives a machine client an access token.

use access::AccessClaims;
use kernel::ClientId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields, parse::timestamp};

use super::{Rpc, convert::scope_names};
use crate::{
    domain::{ClientScope, Secret},
    error::IdentityError,
    store::clients,
};

pub(super) async fn handle(
    rpc: Rpc,
    _call: Call,
    req: pb::IssueClientTokenRequest,
) -> Result<pb::IssueClientTokenResponse, IdentityError> {
    let pb::IssueClientTokenRequest { client_id, client_secret, scopes } = req;
    let mut f = Fields::new();
    let wanted: Vec<ClientScope> = scopes.iter().filter_map(|scope| f.parse("scopes", scope)).collect();
    f.finish()?;
    let invalid = || IdentityError::ClientCredentialsInvalid;
    let id: ClientId = client_id.parse().map_err(|_| invalid())?;
    let digest = Secret::sent(&client_secret).ok_or_else(invalid)?.digest();

    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let client = clients::find(&mut tx, id).await?.ok_or_else(invalid)?;
    let secret = clients::secret(&mut tx, id, &digest).await?.ok_or_else(invalid)?;
    tx.commit().await?;
    if !client.accepts(secret, now) {
        return Err(invalid());
    }
    let scopes = client.narrow(&wanted).map_err(IdentityError::ClientScopeDenied)?;

    let scopes = scope_names(&scopes);
    let caller = access::Client { client_id: id, scopes: scopes.clone() };
    let lifetime = rpc.policy.access_token;
    let claims = AccessClaims::client(&caller, now, lifetime, rpc.ids.uuid(now));
    Ok(pb::IssueClientTokenResponse {
        access_token: rpc.signer.sign(&claims)?,
        expire_time: Some(timestamp(now + lifetime)),
        scopes,
    })
}
