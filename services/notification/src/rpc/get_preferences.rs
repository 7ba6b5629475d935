use proto::notification::v1 as pb;
use rpc::Call;

use super::{NotificationRpc, owner};
use crate::{error::NotificationError, store::preferences};

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::GetPreferencesRequest,
) -> Result<pb::GetPreferencesResponse, NotificationError> {
    let pb::GetPreferencesRequest {} = req;
    let owner = owner(&call)?;

    let mut tx = rpc.db.snapshot().await?;
    let preferences = preferences::get(&mut tx, owner).await?;
    tx.commit().await?;
    Ok(pb::GetPreferencesResponse { preferences: Some(preferences.into()) })
}
