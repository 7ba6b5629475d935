use proto::notification::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{NotificationRpc, require_all};
use crate::{error::NotificationError, store::deliveries};

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::RetryDeliveryRequest,
) -> Result<pb::RetryDeliveryResponse, NotificationError> {
    let pb::RetryDeliveryRequest { delivery_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let (Some(id), Some(seen)) = (f.parse("delivery_id", &delivery_id), f.etag(&etag)) else {
        return Err(f.refuse().into());
    };
    require_all(&call)?;

    let mut tx = rpc.db.begin().await?;
    let delivery = deliveries::lock(&mut tx, id).await?.ok_or(NotificationError::DeliveryNotFound(id))?;
    if delivery.version != seen {
        return Err(Refusal::StaleEtag { etag: delivery.version.to_string() }.into());
    }
    let now = rpc.clock.now();
    let state = delivery.state;
    let retried = delivery.retried(now).ok_or(NotificationError::DeliveryNotFailed { id, state })?;
    let response = pb::RetryDeliveryResponse { delivery: Some(retried.clone().into()) };

    let mut batch = Batch::new();
    deliveries::save(&mut batch, &retried, seen);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
