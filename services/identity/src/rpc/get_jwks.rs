//! Gives the public keys that access tokens are signed with.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proto::identity::v1 as pb;
use rpc::Call;

use super::Rpc;
use crate::{error::IdentityError, store::signing_keys};

pub(super) async fn handle(
    rpc: Rpc,
    _call: Call,
    req: pb::GetJwksRequest,
) -> Result<pb::GetJwksResponse, IdentityError> {
    let pb::GetJwksRequest {} = req;
    let mut tx = rpc.db.snapshot().await?;
    let keys = signing_keys::published(&mut tx, rpc.clock.now()).await?;
    tx.commit().await?;
    Ok(pb::GetJwksResponse { keys: keys.iter().map(jwk).collect() })
}

fn jwk(key: &access::Jwk) -> pb::Jwk {
    pb::Jwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        kid: key.kid().to_owned(),
        x: URL_SAFE_NO_PAD.encode(key.bytes()),
        alg: "EdDSA".to_owned(),
        r#use: "sig".to_owned(),
    }
}
