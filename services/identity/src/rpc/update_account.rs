//! Changes name and contacts of an account.

use access::Facts;
use kernel::{AccountId, Version};
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{Rpc, actor, convert};
use crate::{
    domain::{ContactChange, Event, Happened},
    error::IdentityError,
    store::accounts,
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::UpdateAccountRequest,
) -> Result<pb::UpdateAccountResponse, IdentityError> {
    let (id, change, etag) = parse(req)?;

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let account = accounts::lock(&mut tx, id).await?.ok_or(IdentityError::AccountNotFound(id))?;
    if account.version != etag {
        return Err(Refusal::StaleEtag { etag: account.version.to_string() }.into());
    }

    let mut batch = Batch::new();
    let account = match account.update(change) {
        Some((account, fields)) => {
            accounts::save_contact(&mut batch, &account);
            let updated = Event::AccountUpdated(id, fields);
            rpc.publish(
                &mut batch,
                &call,
                Happened::account(&account, updated, &call.caller.principal(), now),
            );
            account
        }
        None => account,
    };
    let response = pb::UpdateAccountResponse { account: Some(convert::account(&account, false)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::UpdateAccountRequest) -> Result<(AccountId, ContactChange, Version), IdentityError> {
    let pb::UpdateAccountRequest { account_id, display_name, phone, email, update_mask, etag, request_id: _ } =
        req;
    let mut f = Fields::new();
    let id = f.parse("account_id", &account_id);
    let etag = f.etag(&etag);
    let mut change = ContactChange::default();
    let paths = update_mask.map(|mask| mask.paths).unwrap_or_default();
    if paths.is_empty() {
        f.reject("update_mask", "must name at least one field");
    }
    for path in paths {
        match path.as_str() {
            "display_name" => change.display_name = f.parse("display_name", &display_name),
            "phone" => change.phone = f.parse_optional("phone", &phone).into(),
            "email" => change.email = f.parse_optional("email", &email).into(),
            _ => f.reject("update_mask", "names a field that cannot be changed"),
        }
    }
    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse().into()) };
    f.finish()?;
    Ok((id, change, etag))
}
