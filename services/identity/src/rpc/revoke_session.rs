//! Ends a session.

use access::Facts;
use kernel::SessionId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields};
use store::Batch;

use super::{Rpc, actor, convert};
use crate::{domain::SessionEnd, error::IdentityError, store::sessions};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::RevokeSessionRequest,
) -> Result<pb::RevokeSessionResponse, IdentityError> {
    let pb::RevokeSessionRequest { session_id, request_id: _ } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse::<SessionId>("session_id", &session_id) else { return Err(f.refuse().into()) };

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    let session = sessions::lock(&mut tx, id).await?.ok_or(IdentityError::SessionNotFound(id))?;
    let facts = Facts { owner: Some(session.account), ..Facts::default() };
    if !call.allows(&facts) {
        return Err(IdentityError::SessionNotFound(id));
    }
    actor::authorise(&mut tx, &call, &facts).await?;

    let mut batch = Batch::new();
    let by = call.caller.principal();
    let session = rpc.end_session(&mut batch, &call, &session, SessionEnd::Revoked, &by)?;
    let response = pb::RevokeSessionResponse { session: Some(convert::session(session)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
