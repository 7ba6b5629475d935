use access::Facts;
use kernel::{DepartmentId, EventId, OfferingId, Version};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{OrderError, convert, person};
use crate::{
    domain::{Code, Title, order::Offering},
    error::WorkflowError,
    events::order_publish::{self, OfferingCause},
    rpc::{WorkflowRpc, directory},
    store::offerings,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::CreateOfferingRequest,
) -> Result<pb::CreateOfferingResponse, WorkflowError> {
    let Asked { department, kind, title, audience, description, capacity } = parse(req)?;
    call.require(&Facts { department: vec![department], ..Facts::default() })?;
    let actor = person(&call)?;
    let now = rpc.clock.now();
    if rpc.books.of_today(now).await?.in_force(now).policy.orders.kind(&kind).is_none() {
        return Err(OrderError::KindUnknown(kind).into());
    }
    // Identity is asked before the transaction opens. Where nobody could accept, nothing is offered.
    directory::desk(&rpc, &call, department).await?;

    let offering = Offering {
        id: OfferingId::new(rpc.ids.uuid(now)),
        department,
        kind,
        title,
        audience,
        description,
        capacity,
        created_at: now,
        updated_at: now,
        retired_at: None,
        version: Version::FIRST,
    };
    let response = pb::CreateOfferingResponse { offering: Some(convert::offering(&offering)) };
    let mut tx = rpc.db.begin().await?;
    let mut batch = Batch::new();
    offerings::insert(&mut batch, &offering);
    let traceparent = call.trace.to_string();
    let event_id = EventId::new(rpc.ids.uuid(now));
    let cause = OfferingCause { event_id, at: now, actor, traceparent: &traceparent };
    order_publish::offering_created(&mut batch, &offering, cause);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

struct Asked {
    department: DepartmentId,
    kind: Code,
    title: Title,
    audience: String,
    description: String,
    capacity: u32,
}

fn parse(req: pb::CreateOfferingRequest) -> Result<Asked, Refusal> {
    let pb::CreateOfferingRequest {
        department_id,
        kind,
        title,
        audience,
        description,
        capacity,
        request_id: _,
    } = req;
    let mut f = Fields::new();
    let department = f.parse("department_id", &department_id);
    let kind = f.parse("kind", &kind);
    let title = f.parse("title", title.trim());
    let audience = f.text("audience", &audience, 1, 200);
    let description = f.text("description", &description, 1, 4_000);
    let capacity = people(&mut f, "capacity", capacity);
    let (Some(department), Some(kind), Some(title), Some(audience), Some(description), Some(capacity)) =
        (department, kind, title, audience, description, capacity)
    else {
        return Err(f.refuse());
    };
    f.finish()?;
    Ok(Asked { department, kind, title, audience, description, capacity })
}

/// A number of people, 1 to 10,000.
pub(super) fn people(f: &mut Fields, field: &str, number: i32) -> Option<u32> {
    let people = u32::try_from(number).ok().filter(|people| (1..=10_000).contains(people));
    f.take(field, people.ok_or("must be 1 to 10,000"))
}
