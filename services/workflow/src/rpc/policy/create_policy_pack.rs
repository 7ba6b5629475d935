use std::sync::Arc;

use proto::workflow::v1 as pb;
use rpc::{Call, Fields};
use store::Batch;

use super::{
    convert,
    found::{self, FoundPack},
    person,
    refused::PolicyRefused,
    text as text_field,
};
use crate::{
    domain::Policy,
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::packs::{self, Stored},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::CreatePolicyPackRequest,
) -> Result<pb::CreatePolicyPackResponse, WorkflowError> {
    let pb::CreatePolicyPackRequest { text, request_id: _ } = req;
    let mut f = Fields::new();
    text_field(&mut f, &text);
    f.finish()?;
    let by = person(&call)?;
    let policy = Policy::parse(&text).map_err(|_| PolicyRefused::PackInvalid(Policy::faults(&text)))?;
    let version = policy.version.clone();
    if found::built_in_packs().iter().any(|pack| pack.policy.version.pack == version.pack) {
        return Err(PolicyRefused::PackReserved(version.pack).into());
    }
    let at = rpc.clock.now();
    let stored = Stored { version: version.clone(), text: text.clone(), at, by };
    let found = FoundPack { policy: Arc::new(policy), text, origin: Some((by, at)) };
    let response = pb::CreatePolicyPackResponse { pack: Some(convert::pack(&found, false, true)) };

    let mut tx = rpc.db.begin().await?;
    let mut batch = Batch::new();
    packs::insert_pack(&mut batch, &stored);
    call.remember(&mut batch, &response, at);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some("policy_pack_pkey") => PolicyRefused::PackExists(version).into(),
        _ => WorkflowError::from(error),
    })?;
    tx.commit().await?;
    Ok(response)
}
