use access::Facts;
use chrono::NaiveDate;
use kernel::{EnterpriseId, EventId, OfferingId, OrderId};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields};
use store::Batch;

use super::{OrderError, convert, create_offering::people};
use crate::{
    domain::{
        NoteRef,
        order::{PlaceOrder, create, place},
    },
    error::WorkflowError,
    events::order_publish::{self, Cause},
    rpc::{WorkflowRpc, directory, submitter, texts::NewTexts},
    store::{
        offerings,
        orders::{self, Happened, Record},
    },
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::PlaceOrderRequest,
) -> Result<pb::PlaceOrderResponse, WorkflowError> {
    let mut texts = NewTexts::new(&rpc);
    let now = texts.now;
    let Asked { enterprise, offering, attendees, preferred, wish } = parse(req, &mut texts)?;
    let book = rpc.books.of_today(now).await?;
    let rules = book.in_force(now);
    let calendar_version = rules.calendar.version();

    // The registry is asked before the transaction opens: nobody waits for it with a lock in hand.
    let manager = directory::manager(&rpc, &call, enterprise).await?;
    let facts = Facts { enterprise: Some(enterprise), manager, ..Facts::default() };
    if !call.allows(&facts) {
        return Err(WorkflowError::EnterpriseNotFound(enterprise));
    }
    directory::require_enterprise(&rpc, &call, enterprise).await?;
    let by = submitter(&call, &facts)?;

    let mut tx = rpc.db.begin().await?;
    let offering = offerings::find(&mut tx, offering).await?.ok_or(OrderError::OfferingNotFound(offering))?;
    let command = PlaceOrder {
        order_id: OrderId::new(rpc.ids.uuid(now)),
        enterprise_id: enterprise,
        offered: offering.offered(),
        attendees,
        preferred,
        wish,
        manager,
    };
    let event = place(command, rules, now, &by).map_err(OrderError::refused(calendar_version))?;
    let order = create(&event).map_err(OrderError::from)?;
    let happened = Happened { id: EventId::new(rpc.ids.uuid(now)), event, after: order };

    let bodies = texts.written().iter().map(|text| (text.note.note_id.uuid(), text.body.clone())).collect();
    let beyond = WorkflowError::beyond(calendar_version);
    let shown =
        convert::whole(&happened.after, offering.title.to_string(), &bodies, rules, now).map_err(&beyond)?;
    let response = pb::PlaceOrderResponse { order: Some(shown) };
    let mut batch = Batch::new();
    let record = Record {
        before: None,
        happened: std::slice::from_ref(&happened),
        written: texts.written(),
        rules,
        client: &call.client,
    };
    orders::record(&mut batch, record).map_err(&beyond)?;
    let traceparent = call.trace.to_string();
    let cause = Cause { rules, manager, from: None, traceparent: &traceparent };
    order_publish::append(&mut batch, &happened, cause).map_err(&beyond)?;
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

struct Asked {
    enterprise: EnterpriseId,
    offering: OfferingId,
    attendees: u32,
    preferred: Option<NaiveDate>,
    wish: NoteRef,
}

fn parse(req: pb::PlaceOrderRequest, texts: &mut NewTexts<'_>) -> Result<Asked, WorkflowError> {
    let pb::PlaceOrderRequest { enterprise_id, offering_id, attendees, preferred_date, wish, request_id: _ } =
        req;
    let mut f = Fields::new();
    let enterprise = f.parse("enterprise_id", &enterprise_id);
    let offering = f.parse("offering_id", &offering_id);
    let attendees = people(&mut f, "attendees", attendees);
    let preferred = f.date_optional("preferred_date", preferred_date);
    let wish = texts.take(&mut f, "wish", &wish, 1_000);
    let (Some(enterprise), Some(offering), Some(attendees), Some(wish)) =
        (enterprise, offering, attendees, wish)
    else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    Ok(Asked { enterprise, offering, attendees, preferred, wish })
}
