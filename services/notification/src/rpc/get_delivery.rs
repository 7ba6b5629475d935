use proto::notification::v1 as pb;
use rpc::{Call, Fields};

use super::{NotificationRpc, require_all};
use crate::{error::NotificationError, store::deliveries};

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::GetDeliveryRequest,
) -> Result<pb::GetDeliveryResponse, NotificationError> {
    let pb::GetDeliveryRequest { delivery_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("delivery_id", &delivery_id) else { return Err(f.refuse().into()) };
    require_all(&call)?;

    let mut tx = rpc.db.snapshot().await?;
    let delivery = deliveries::find(&mut tx, id).await?.ok_or(NotificationError::DeliveryNotFound(id))?;
    let attempts = deliveries::attempts(&mut tx, id).await?;
    tx.commit().await?;
    Ok(pb::GetDeliveryResponse {
        delivery: Some(delivery.into()),
        attempts: attempts.into_iter().map(Into::into).collect(),
    })
}
