//! Signs in by password.

use kernel::SessionId;
use proto::identity::v1 as pb;
use rpc::{Call, parse::timestamp};
use store::Batch;

use super::{Rpc, chance, convert, tokens::principal};
use crate::{
    domain::{AccountState, Happened, Secret, Session},
    error::IdentityError,
    store::{accounts, grants, sessions, tries},
};

/// What is kept of a client's description of itself.
const MAX_CLIENT_CHARS: usize = 200;

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::LoginRequest,
) -> Result<pb::LoginResponse, IdentityError> {
    let pb::LoginRequest { login_name, password } = req;
    let proved = rpc.prove(&login_name, password).await?;

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    let (account, _) = accounts::lock_with_password(&mut tx, proved.account)
        .await?
        .filter(|(account, hash)| account.state == AccountState::Active && *hash == proved.hash)
        .ok_or(IdentityError::CredentialsInvalid)?;
    if account.must_change_password {
        return Err(IdentityError::PasswordChangeRequired);
    }
    let grants = grants::active_of(&mut tx, account.id).await?;

    let client = call.client.to_string().chars().take(MAX_CLIENT_CHARS).collect();
    let session =
        Session::start(rpc.new_id(now, SessionId::new), account.id, client, rpc.policy.sessions, now);
    let access = rpc.access_token(&session, &grants, now)?;
    let refresh = Secret::from_random(chance::bytes()?);
    let refresh_expires_at = session.token_expires_at(rpc.policy.sessions, now);

    let mut batch = Batch::new();
    tries::forget(&mut batch, &proved.digest);
    accounts::logged_in(&mut batch, account.id, now);
    sessions::insert(&mut batch, &session);
    sessions::insert_token(&mut batch, refresh.digest(), session.id, refresh_expires_at);
    rpc.publish(&mut batch, &call, Happened::session(&session, &principal(account.id), now));
    batch.run(&mut tx).await?;
    tx.commit().await?;

    let account = crate::domain::Account { last_login_at: Some(now), ..account };
    Ok(pb::LoginResponse {
        session_id: session.id.to_string(),
        access_token: access.text,
        access_expire_time: Some(timestamp(access.expires_at)),
        refresh_token: refresh.expose(),
        refresh_expire_time: Some(timestamp(refresh_expires_at)),
        account: Some(convert::account(&account, true)),
        grants: grants.iter().map(convert::grant).collect(),
    })
}
