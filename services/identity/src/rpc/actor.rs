//! Whether the caller may still do what their token says. Identity keeps the grants, so it need not believe a token
//! that was made before one of them was taken back.

use access::{Caller, Facts};
use kernel::AccountId;
use rpc::{Call, Refusal};
use store::Tx;

use crate::{
    domain::AccountState,
    error::IdentityError,
    store::{accounts, grants},
};

/// Refuses whoever does not hold, at this moment, a role that lets them in here. Read in the writing transaction.
pub(super) async fn authorise(tx: &mut Tx, call: &Call, facts: &Facts) -> Result<(), IdentityError> {
    call.require(facts)?;
    let Some(caller) = call.caller.account_id() else { return Ok(()) };
    let sufficient = access::roles_allowed(&call.caller, &call.rule, facts);
    let account = accounts::find(tx, caller).await?;
    let is_active = account.is_some_and(|account| account.state == AccountState::Active);
    let held = grants::active_of(tx, caller).await?;
    let holds = |role| held.iter().any(|grant| grant.role.role == role);
    if is_active && sufficient.into_iter().any(holds) { Ok(()) } else { Err(call.not_permitted().into()) }
}

/// The person who calls: for what is counted in people.
pub(super) fn person(call: &Call) -> Result<AccountId, Refusal> {
    call.caller.account_id().ok_or_else(|| call.not_permitted())
}

/// Whose objects the caller may list: `None` for everybody's.
pub(super) fn owner(call: &Call) -> Result<Option<AccountId>, Refusal> {
    let scope = call.scope();
    match (scope.all, scope.owner) {
        (true, _) => Ok(None),
        (false, Some(owner)) => Ok(Some(owner)),
        (false, None) => Err(call.not_permitted()),
    }
}

/// Whether the caller sees an account's contacts as they are.
pub(super) fn sees_contact(call: &Call, account: AccountId) -> bool {
    match &call.caller {
        Caller::Service(_) => true,
        Caller::Person(person) => person.account_id == account,
        Caller::Anonymous | Caller::Client(_) => false,
    }
}
