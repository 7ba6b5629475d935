use std::collections::HashMap;

use access::Role;
use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal, parse::timestamp};
use trail::Value;

use super::{OrderError, convert, facts};
use crate::{
    domain::{
        Who, local_date,
        order::{Event, State},
    },
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::{
        addresses,
        chained::{ORDERS, Step, StepText},
        orders::{self, Found},
    },
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::GetOrderTrailRequest,
) -> Result<pb::GetOrderTrailResponse, WorkflowError> {
    let pb::GetOrderTrailRequest { order_id, page_size, page_token } = req;
    let mut f = Fields::new();
    let (id, size) = (f.parse("order_id", &order_id), f.page_size(page_size));
    let (Some(id), Some(size)) = (id, size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let after = call.open_page(&rpc.page_key, &[&order_id], &page_token)?;
    let after: i64 = after.map_or(Ok(0), |cursor| cursor.parse()).map_err(|_| Refusal::PageToken)?;

    let mut tx = rpc.db.snapshot().await?;
    let found = orders::find(&mut tx, id, local_date(rpc.clock.now())).await?;
    let Found { order, link, manager, offering_title: _ } = found.ok_or(OrderError::NotFound(id))?;
    let facts = facts(&order, manager);
    rpc.admit_to_order(&call, id, &facts)?;
    // The whole chain is read and checked each time: it is as long as the few steps of one order.
    let steps = ORDERS.steps(&mut tx, id.uuid()).await?;
    let texts = ORDERS.texts(&mut tx, id.uuid(), after, i64::MAX).await?;
    tx.commit().await?;

    let broken_at_sequence = ORDERS.broken_at(id.uuid(), &steps, link).unwrap_or(0);
    if broken_at_sequence != 0 {
        tracing::error!(order.id = %id, sequence = broken_at_sequence, "the chain of an order is broken");
    }
    let total_count = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let rows = steps.into_iter().filter(|step| after < step.seq).take(size.get() + 1).collect();
    let page = Page::cut(rows, size, |step: &Step| step.seq.to_string());
    let roles = access::roles_allowed(&call.caller, &call.rule, &facts);
    let audits = roles.iter().any(|role| matches!(role, Role::Auditor | Role::AuditAdmin));
    let mut texts_of: HashMap<i64, Vec<StepText>> = HashMap::new();
    for text in texts {
        texts_of.entry(text.seq).or_default().push(text);
    }
    let mut entries = Vec::with_capacity(page.rows.len());
    for step in page.rows {
        let texts = texts_of.remove(&step.seq).unwrap_or_default();
        entries.push(entry(step, texts, audits)?);
    }
    Ok(pb::GetOrderTrailResponse {
        entries,
        next_page_token: call.seal_page(&rpc.page_key, &[&order_id], page.next.as_deref()),
        total_count,
        broken_at_sequence,
    })
}

fn entry(step: Step, texts: Vec<StepText>, audits: bool) -> Result<pb::OrderTrailEntry, WorkflowError> {
    let unreadable = |column| store::Error::unreadable("order_event", column, &step.event_id);
    let payload: serde_json::Value =
        serde_json::from_str(&step.payload).map_err(|_| unreadable("payload"))?;
    let event: Event = serde_json::from_value(payload.clone()).map_err(|_| unreadable("payload"))?;
    let hashed = Value::try_from(payload).map_err(|_| unreadable("payload"))?;
    let state: State = step.state.parse().map_err(|_| unreadable("state"))?;
    let actor_id = match event.by.who {
        Who::Account(id) => id.to_string(),
        Who::Client(id) => id.to_string(),
        Who::System => String::new(),
    };
    let note = |text: StepText| pb::OrderTrailNote {
        note_id: text.note_id.to_string(),
        field: text.field.to_lowercase(),
        erased: text.body.is_none(),
        text: text.body.unwrap_or_default(),
    };
    Ok(pb::OrderTrailEntry {
        sequence: step.seq,
        event_id: step.event_id.to_string(),
        time: Some(timestamp(step.at)),
        action: convert::action(event.fact.action()).into(),
        state: convert::state(state).into(),
        actor_id,
        actor_party: convert::party(event.by.party).into(),
        client: if audits { addresses::shown(step.client, step.address) } else { String::new() },
        notes: texts.into_iter().map(note).collect(),
        payload_json: hashed.to_json(),
        kind: step.kind,
        previous_hash: step.prev.into(),
        hash: step.link.into(),
    })
}
