//! Makes an account the liaison, or the deputy, of a department.

use access::{Facts, RoleGrant};
use kernel::{AccountId, DepartmentId, Version};
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{Rpc, actor, convert};
use crate::{
    domain::{AccountState, Grant, Happened, Post},
    error::IdentityError,
    store::{accounts, departments, grants, tenures},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::SetLiaisonRequest,
) -> Result<pb::SetLiaisonResponse, IdentityError> {
    let pb::SetLiaisonRequest { department_id, account_id, etag, request_id: _ } = req;
    let wanted = Wanted::parse(Post::Liaison, &department_id, &account_id, &etag)?;
    let answer = |department| pb::SetLiaisonResponse { department: Some(department) };
    give(rpc, call, wanted, answer).await
}

pub(super) async fn handle_deputy(
    rpc: Rpc,
    call: Call,
    req: pb::SetDeputyRequest,
) -> Result<pb::SetDeputyResponse, IdentityError> {
    let pb::SetDeputyRequest { department_id, account_id, etag, request_id: _ } = req;
    let wanted = Wanted::parse(Post::Deputy, &department_id, &account_id, &etag)?;
    let answer = |department| pb::SetDeputyResponse { department: Some(department) };
    give(rpc, call, wanted, answer).await
}

struct Wanted {
    post: Post,
    department: DepartmentId,
    account: AccountId,
    etag: Version,
}

impl Wanted {
    fn parse(post: Post, department_id: &str, account_id: &str, etag: &str) -> Result<Self, Refusal> {
        let mut f = Fields::new();
        let (department, account) =
            (f.parse("department_id", department_id), f.parse("account_id", account_id));
        let etag = f.etag(etag);
        let (Some(department), Some(account), Some(etag)) = (department, account, etag) else {
            return Err(f.refuse());
        };
        Ok(Self { post, department, account, etag })
    }
}

async fn give<A: prost::Message>(
    rpc: Rpc,
    call: Call,
    wanted: Wanted,
    answer: impl Fn(pb::Department) -> A,
) -> Result<A, IdentityError> {
    let Wanted { post, department: id, account, etag } = wanted;
    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    // The account before the department, as everywhere: its grants and state change under its lock.
    let holder = accounts::lock(&mut tx, account).await?.ok_or(IdentityError::AccountNotFound(account))?;
    let department = departments::lock(&mut tx, id).await?.ok_or(IdentityError::DepartmentNotFound(id))?;
    if department.version != etag {
        return Err(Refusal::StaleEtag { etag: department.version.to_string() }.into());
    }
    let held = grants::active_of(&mut tx, account).await?;
    // Leading the department is no liaison's work.
    let as_liaison = |grant: &Grant| grant.role == RoleGrant::liaison(id) && !grant.in_charge;
    let qualified = holder.state == AccountState::Active && held.iter().any(as_liaison);

    let mut batch = Batch::new();
    let department = match department.give(post, account, qualified)? {
        Some((department, turnover)) => {
            departments::save(&mut batch, &department);
            tenures::turn_over(&mut batch, &department, &turnover, rpc.ids.uuid(now), now);
            rpc.publish(&mut batch, &call, Happened::liaison_set(&department, &call.caller.principal(), now));
            department
        }
        None => department,
    };
    let response = answer(convert::department(&department));
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
