use access::Facts;
use kernel::{AccountId, EnterpriseId, MemberId};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{RegistryRpc, accounts, convert};
use crate::{
    domain::{member::Member, text::MemberTitle},
    error::RegistryError,
    store::{appointments, enterprises, members},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::AddMemberRequest,
) -> Result<pb::AddMemberResponse, RegistryError> {
    let (enterprise, account, title) = parse(req)?;
    call.require(&Facts { enterprise: Some(enterprise), ..Facts::default() })?;
    accounts::require_in_use(&rpc, &call, account).await?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    let before =
        enterprises::lock(&mut tx, enterprise).await?.ok_or(RegistryError::EnterpriseNotFound(enterprise))?;
    let course = appointments::course(&mut tx, enterprise).await?;
    let member = Member::add(MemberId::new(rpc.ids.uuid(now)), &before, account, title, &course, now)?;
    let after = before.touch(now);

    let response = pb::AddMemberResponse { member: Some(convert::member(&member)) };
    let mut batch = Batch::new();
    members::insert(&mut batch, &member);
    enterprises::save(&mut batch, &after, before.version);
    rpc.cause(&call, now).member_added(&mut batch, &after, &member);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some(members::CURRENT_KEY) => RegistryError::MemberExists { enterprise, account },
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::AddMemberRequest) -> Result<(EnterpriseId, AccountId, MemberTitle), Refusal> {
    let pb::AddMemberRequest { enterprise_id, account_id, title, request_id: _ } = req;
    let mut f = Fields::new();
    let enterprise = f.parse("enterprise_id", &enterprise_id);
    let account = f.parse("account_id", &account_id);
    let title = f.parse("title", &title);
    let (Some(enterprise), Some(account), Some(title)) = (enterprise, account, title) else {
        return Err(f.refuse());
    };
    Ok((enterprise, account, title))
}
