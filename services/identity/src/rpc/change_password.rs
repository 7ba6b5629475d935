//! Changes a password and ends all sessions of the account.

use proto::identity::v1 as pb;
use rpc::Call;
use store::Batch;

use super::{Rpc, tokens::principal};
use crate::{
    domain::{AccountState, Event, Happened, NewPassword, SessionEnd},
    error::IdentityError,
    store::{accounts, tries},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::ChangePasswordRequest,
) -> Result<pb::ChangePasswordResponse, IdentityError> {
    let pb::ChangePasswordRequest { login_name, password, new_password } = req;
    let proved = rpc.prove(&login_name, password.clone()).await?;
    let login_name =
        login_name.trim().to_lowercase().parse().map_err(|_| IdentityError::CredentialsInvalid)?;
    let new_password = NewPassword::try_new(new_password, &login_name, &password)?;
    let hash = rpc.hasher.hash(new_password).await?;

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    let (account, _) = accounts::lock_with_password(&mut tx, proved.account)
        .await?
        .filter(|(account, hash)| account.state == AccountState::Active && *hash == proved.hash)
        .ok_or(IdentityError::CredentialsInvalid)?;
    let account = account.password_changed();
    let by = principal(account.id);

    let mut batch = Batch::new();
    tries::forget(&mut batch, &proved.digest);
    accounts::save_password(&mut batch, &account, &hash);
    rpc.publish(&mut batch, &call, Happened::account(&account, Event::PasswordChanged(account.id), &by, now));
    rpc.end_sessions_of(&mut tx, &mut batch, &call, account.id, SessionEnd::PasswordChanged, &by).await?;
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(pb::ChangePasswordResponse {})
}
