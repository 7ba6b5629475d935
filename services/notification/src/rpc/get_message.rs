use proto::notification::v1 as pb;
use rpc::{Call, Fields};

use super::{NotificationRpc, owner};
use crate::{error::NotificationError, store::messages};

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::GetMessageRequest,
) -> Result<pb::GetMessageResponse, NotificationError> {
    let pb::GetMessageRequest { message_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("message_id", &message_id) else { return Err(f.refuse().into()) };
    let owner = owner(&call)?;

    let mut tx = rpc.db.snapshot().await?;
    let message = messages::find(&mut tx, owner, id).await?.ok_or(NotificationError::MessageNotFound(id))?;
    tx.commit().await?;
    Ok(pb::GetMessageResponse { message: Some(message.into()) })
}
