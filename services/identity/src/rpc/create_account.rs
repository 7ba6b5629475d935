//! Creates an account with an initial password.

use access::Facts;
use kernel::AccountId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields};
use store::Batch;

use super::{Rpc, actor, chance, convert};
use crate::{
    domain::{Account, Contact, Event, Happened, NewAccount, initial_password},
    error::IdentityError,
    store::accounts,
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::CreateAccountRequest,
) -> Result<pb::CreateAccountResponse, IdentityError> {
    let new = parse(req)?;
    let password = initial_password(chance::bytes()?);
    let hash = rpc.hasher.hash_initial(password.clone()).await?;

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let account = Account::create(rpc.new_id(now, AccountId::new), new, now);

    let mut batch = Batch::new();
    accounts::insert(&mut batch, &account, &hash);
    let created = Event::AccountCreated(account.id);
    rpc.publish(&mut batch, &call, Happened::account(&account, created, &call.caller.principal(), now));
    let answer = convert::account(&account, false);
    // What is kept for a repeat has no password in it.
    let repeated =
        pb::CreateAccountResponse { account: Some(answer.clone()), initial_password: String::new() };
    call.remember(&mut batch, &repeated, now);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some("account_login_name_key") => IdentityError::LoginNameTaken,
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(pb::CreateAccountResponse { account: Some(answer), initial_password: password })
}

fn parse(req: pb::CreateAccountRequest) -> Result<NewAccount, IdentityError> {
    let pb::CreateAccountRequest { login_name, display_name, phone, email, request_id: _ } = req;
    let mut f = Fields::new();
    let login_name = f.parse("login_name", &login_name);
    let display_name = f.parse("display_name", &display_name);
    let contact =
        Contact { phone: f.parse_optional("phone", &phone), email: f.parse_optional("email", &email) };
    let (Some(login_name), Some(display_name)) = (login_name, display_name) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    Ok(NewAccount { login_name, display_name, contact })
}
