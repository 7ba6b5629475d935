use access::Facts;
use kernel::EventId;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{OrderError, convert, person};
use crate::{
    error::WorkflowError,
    events::order_publish::{self, OfferingCause},
    rpc::WorkflowRpc,
    store::offerings,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::RetireOfferingRequest,
) -> Result<pb::RetireOfferingResponse, WorkflowError> {
    let pb::RetireOfferingRequest { offering_id, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let (id, etag) = (f.parse("offering_id", &offering_id), f.etag(&etag));
    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse().into()) };
    f.finish()?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    let before = offerings::lock(&mut tx, id).await?.ok_or(OrderError::OfferingNotFound(id))?;
    call.require(&Facts { department: vec![before.department], ..Facts::default() })?;
    let actor = person(&call)?;
    if before.version != etag {
        return Err(Refusal::StaleEtag { etag: before.version.to_string() }.into());
    }
    if before.retired_at.is_some() {
        return Err(OrderError::OfferingRetired(id).into());
    }
    let after = before.retired(now);
    let response = pb::RetireOfferingResponse { offering: Some(convert::offering(&after)) };
    let mut batch = Batch::new();
    offerings::save(&mut batch, &after, before.version);
    let traceparent = call.trace.to_string();
    let event_id = EventId::new(rpc.ids.uuid(now));
    let cause = OfferingCause { event_id, at: after.updated_at, actor, traceparent: &traceparent };
    order_publish::offering_retired(&mut batch, &after, cause);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
