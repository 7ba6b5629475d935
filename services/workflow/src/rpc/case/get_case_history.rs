use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal, parse::timestamp};
use trail::Value;

use super::{CaseError, case_facts, convert};
use crate::{
    domain::{
        Who,
        case::{Event, State},
    },
    error::WorkflowError,
    rpc::{WorkflowRpc, convert::party},
    store::{
        cases,
        chained::{CASES, Step},
    },
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::GetCaseHistoryRequest,
) -> Result<pb::GetCaseHistoryResponse, WorkflowError> {
    let pb::GetCaseHistoryRequest { case_id, page_size, page_token } = req;
    let mut f = Fields::new();
    let (id, size) = (f.parse("case_id", &case_id), f.page_size(page_size));
    let (Some(id), Some(size)) = (id, size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let after = call.open_page(&rpc.page_key, &[&case_id], &page_token)?;
    let after: i64 = after.map_or(Ok(0), |cursor| cursor.parse()).map_err(|_| Refusal::PageToken)?;

    let mut tx = rpc.db.snapshot().await?;
    let found = cases::find(&mut tx, id).await?.ok_or(CaseError::NotFound(id))?;
    if !call.allows(&case_facts(found.case.department)) {
        return Err(CaseError::NotFound(id).into());
    }
    let steps = CASES.steps(&mut tx, id.uuid()).await?;
    tx.commit().await?;

    let broken_at_sequence = CASES.broken_at(id.uuid(), &steps, found.link).unwrap_or(0);
    if broken_at_sequence != 0 {
        tracing::error!(case.id = %id, sequence = broken_at_sequence, "the chain of a case is broken");
    }
    let total_count = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let rows = steps.into_iter().filter(|step| after < step.seq).take(size.get() + 1).collect();
    let page = Page::cut(rows, size, |step: &Step| step.seq.to_string());
    Ok(pb::GetCaseHistoryResponse {
        entries: page.rows.into_iter().map(entry).collect::<Result<_, _>>()?,
        next_page_token: call.seal_page(&rpc.page_key, &[&case_id], page.next.as_deref()),
        total_count,
        broken_at_sequence,
    })
}

fn entry(step: Step) -> Result<pb::CaseHistoryEntry, WorkflowError> {
    let unreadable = |column| store::Error::unreadable("case_event", column, &step.event_id);
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
    Ok(pb::CaseHistoryEntry {
        sequence: step.seq,
        event_id: step.event_id.to_string(),
        time: Some(timestamp(step.at)),
        action: convert::action(event.fact.action()).into(),
        state: convert::state(state).into(),
        actor_id,
        actor_party: party(event.by.party).into(),
        payload_json: hashed.to_json(),
        kind: step.kind,
        previous_hash: step.prev.into(),
        hash: step.link.into(),
    })
}
