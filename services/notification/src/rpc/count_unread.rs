use proto::notification::v1 as pb;
use rpc::Call;

use super::{NotificationRpc, owner};
use crate::{error::NotificationError, store::messages};

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::CountUnreadRequest,
) -> Result<pb::CountUnreadResponse, NotificationError> {
    let pb::CountUnreadRequest {} = req;
    let owner = owner(&call)?;

    let mut tx = rpc.db.snapshot().await?;
    let unread_count = messages::count(&mut tx, owner, true).await?;
    tx.commit().await?;
    Ok(pb::CountUnreadResponse { unread_count })
}
