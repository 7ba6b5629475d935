//! A step with an order that exists: the same story for every one of them.

use kernel::{EventId, OrderId, Timestamp, Version};
use prost::Message;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{OrderError, convert, facts};
use crate::{
    domain::{
        NoteRef, local_date,
        order::{Command, Plan, decide, evolve},
    },
    error::WorkflowError,
    events::order_publish::{self, Cause},
    rpc::{WorkflowRpc, rules, texts::NewTexts},
    store::orders::{self, Found, Happened, Record},
};

/// Which order a step is for, as the caller read it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub order: OrderId,
    pub etag: Version,
}

pub(super) fn target(f: &mut Fields, order_id: &str, etag: &str) -> Option<Target> {
    let (order, etag) = (f.parse("order_id", order_id), f.etag(etag));
    Some(Target { order: order?, etag: etag? })
}

/// When, where and by whom, as a request says it.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub start_time: Option<prost_types::Timestamp>,
    pub place: &'a str,
    pub responsible_id: &'a str,
    pub note: &'a str,
}

pub(super) fn plan(f: &mut Fields, texts: &mut NewTexts<'_>, asked: &Asked<'_>) -> Option<Plan> {
    let start: Option<Timestamp> = f.timestamp("start_time", asked.start_time);
    let place: Option<NoteRef> = texts.take(f, "place", asked.place, 200);
    let responsible = f.parse("responsible_id", asked.responsible_id);
    let note = texts.take_optional(f, "note", asked.note, 1_000);
    Some(Plan { start: start?, responsible: responsible?, place: place?, note })
}

/// Takes the step and answers with the order after it. `texts` holds the texts that the command refers to.
pub(super) async fn take<R: Message>(
    call: &Call,
    target: Target,
    command: Command,
    texts: NewTexts<'_>,
    rpc: &WorkflowRpc,
    answer: impl FnOnce(Option<pb::Order>) -> R,
) -> Result<R, WorkflowError> {
    let now = texts.now;
    let mut tx = rpc.db.begin().await?;
    let found = orders::lock(&mut tx, target.order, local_date(now)).await?;
    let Found { order, link, manager, offering_title } = found.ok_or(OrderError::NotFound(target.order))?;
    let facts = facts(&order, manager);
    rpc.admit_to_order(call, target.order, &facts)?;
    if order.etag != target.etag {
        return Err(Refusal::StaleEtag { etag: order.etag.to_string() }.into());
    }
    let book = rpc.books.covering(&mut tx, [&order]).await?;
    let rules = rules(&book, &order)?;
    let by = rpc.order_actor(call, &facts)?;
    let event =
        decide(&order, command, rules, now, &by).map_err(OrderError::refused(&order.calendar_version))?;
    let after = evolve(order.clone(), &event).map_err(OrderError::from)?;

    let mut bodies = orders::texts(&mut tx, &after).await?;
    bodies.extend(texts.written().iter().map(|text| (text.note.note_id.uuid(), text.body.clone())));
    let beyond = WorkflowError::beyond(&order.calendar_version);
    let shown = convert::whole(&after, offering_title, &bodies, rules, now).map_err(&beyond)?;
    let response = answer(Some(shown));

    let mut batch = Batch::new();
    let happened = Happened { id: EventId::new(rpc.ids.uuid(event.at)), event, after };
    let record = Record {
        before: Some((&order, link)),
        happened: std::slice::from_ref(&happened),
        written: texts.written(),
        rules,
        client: &call.client,
    };
    orders::record(&mut batch, record).map_err(&beyond)?;
    let traceparent = call.trace.to_string();
    let cause = Cause { rules, manager, from: Some(&order), traceparent: &traceparent };
    order_publish::append(&mut batch, &happened, cause).map_err(&beyond)?;
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
