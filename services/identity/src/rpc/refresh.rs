//! Gives new tokens for a refresh token.

use proto::identity::v1 as pb;
use rpc::{Call, parse::timestamp};
use store::Batch;

use super::{
    Rpc, chance,
    tokens::{lock_session_of, principal},
};
use crate::{
    domain::{AccountState, Secret, SessionEnd, Use},
    error::IdentityError,
    store::{grants, sessions},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::RefreshRequest,
) -> Result<pb::RefreshResponse, IdentityError> {
    let pb::RefreshRequest { refresh_token } = req;
    let digest = Secret::sent(&refresh_token).ok_or(IdentityError::RefreshTokenInvalid)?.digest();

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    let (account, session) = lock_session_of(&mut tx, &digest).await?;
    let token = sessions::token(&mut tx, &digest).await?.ok_or(IdentityError::RefreshTokenInvalid)?;
    let mut batch = Batch::new();
    let expires_at = match session.use_token(token, rpc.policy.sessions, now) {
        Use::Void => return Err(IdentityError::RefreshTokenInvalid),
        Use::Reused => {
            rpc.end_session(&mut batch, &call, &session, SessionEnd::TokenReused, &principal(account.id))?;
            batch.run(&mut tx).await?;
            tx.commit().await?;
            tracing::warn!(session.id = %session.id, "a refresh token was used twice: the session was ended");
            return Err(IdentityError::RefreshTokenInvalid);
        }
        Use::Rotate { expires_at } => expires_at,
    };
    if account.state != AccountState::Active {
        return Err(IdentityError::RefreshTokenInvalid);
    }
    let grants = grants::active_of(&mut tx, account.id).await?;

    let access = rpc.access_token(&session, &grants, now)?;
    let refresh = Secret::from_random(chance::bytes()?);
    sessions::spend_token(&mut batch, &digest, now);
    sessions::insert_token(&mut batch, refresh.digest(), session.id, expires_at);
    sessions::refreshed(&mut batch, session.id, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;

    Ok(pb::RefreshResponse {
        access_token: access.text,
        access_expire_time: Some(timestamp(access.expires_at)),
        refresh_token: refresh.expose(),
        refresh_expire_time: Some(timestamp(expires_at)),
    })
}
