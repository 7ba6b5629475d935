use access::Facts;
use kernel::{EventId, OfferingId, Version};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{OrderError, convert, create_offering::people, person};
use crate::{
    domain::order::OfferingChange,
    error::WorkflowError,
    events::order_publish::{self, OfferingCause},
    rpc::WorkflowRpc,
    store::offerings,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::UpdateOfferingRequest,
) -> Result<pb::UpdateOfferingResponse, WorkflowError> {
    let (id, etag, change) = parse(req)?;
    let now = rpc.clock.now();
    let book = rpc.books.of_today(now).await?;
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
    if let Some(kind) = &change.kind
        && book.in_force(now).policy.orders.kind(kind).is_none()
    {
        return Err(OrderError::KindUnknown(kind.clone()).into());
    }
    let (after, fields) = before.changed(change, now);
    let response = pb::UpdateOfferingResponse { offering: Some(convert::offering(&after)) };
    let mut batch = Batch::new();
    if !fields.is_empty() {
        offerings::save(&mut batch, &after, before.version);
        let traceparent = call.trace.to_string();
        let event_id = EventId::new(rpc.ids.uuid(now));
        let cause = OfferingCause { event_id, at: after.updated_at, actor, traceparent: &traceparent };
        order_publish::offering_updated(&mut batch, &after, &fields, cause);
    }
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::UpdateOfferingRequest) -> Result<(OfferingId, Version, OfferingChange), Refusal> {
    let pb::UpdateOfferingRequest {
        offering_id,
        kind,
        title,
        audience,
        description,
        capacity,
        etag,
        request_id: _,
    } = req;
    let mut f = Fields::new();
    let id = f.parse("offering_id", &offering_id);
    let etag = f.etag(&etag);
    let change = OfferingChange {
        kind: f.parse_optional("kind", &kind),
        title: f.parse_optional("title", title.trim()),
        audience: if audience.is_empty() { None } else { f.text("audience", &audience, 1, 200) },
        description: if description.is_empty() {
            None
        } else {
            f.text("description", &description, 1, 4_000)
        },
        capacity: if capacity == 0 { None } else { people(&mut f, "capacity", capacity) },
    };
    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse()) };
    f.finish()?;
    Ok((id, etag, change))
}
