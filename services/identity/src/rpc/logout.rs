//! Ends the session of a refresh token, spent or not: whoever has either has, or had, the session.

use proto::identity::v1 as pb;
use rpc::Call;
use store::Batch;

use super::{
    Rpc,
    tokens::{lock_session_of, principal},
};
use crate::{
    domain::{Secret, SessionEnd},
    error::IdentityError,
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::LogoutRequest,
) -> Result<pb::LogoutResponse, IdentityError> {
    let pb::LogoutRequest { refresh_token } = req;
    let digest = Secret::sent(&refresh_token).ok_or(IdentityError::RefreshTokenInvalid)?.digest();

    let mut tx = rpc.db.begin().await?;
    let (account, session) = lock_session_of(&mut tx, &digest).await?;
    if session.is_live(rpc.clock.now()) {
        let mut batch = Batch::new();
        rpc.end_session(&mut batch, &call, &session, SessionEnd::Logout, &principal(account.id))?;
        batch.run(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(pb::LogoutResponse {})
}
