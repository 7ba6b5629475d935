//! A step with a case that exists: the same story for every one of them.

use kernel::{CaseId, EventId, Version};
use prost::Message;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{CaseError, case_facts, convert};
use crate::{
    domain::{
        case::{Step, decide, evolve},
        local_date,
    },
    error::WorkflowError,
    events::case_publish::{self, Told},
    rpc::{WorkflowRpc, submitter, texts::NewTexts},
    store::{cases, issues},
};

/// Which case a step is for, as the caller read it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub case: CaseId,
    pub etag: Version,
}

pub(super) fn target(f: &mut Fields, case_id: &str, etag: &str) -> Option<Target> {
    let (case, etag) = (f.parse("case_id", case_id), f.etag(etag));
    Some(Target { case: case?, etag: etag? })
}

/// Takes the step and answers with the case after it. `texts` holds the texts that the step refers to.
pub(super) async fn take<R: Message>(
    call: &Call,
    target: Target,
    step: Step,
    texts: NewTexts<'_>,
    rpc: &WorkflowRpc,
    answer: impl FnOnce(Option<pb::Case>) -> R,
) -> Result<R, WorkflowError> {
    let now = texts.now;
    let mut tx = rpc.db.begin().await?;
    let before = cases::lock(&mut tx, target.case).await?.ok_or(CaseError::NotFound(target.case))?;
    let case = &before.case;
    call.require(&case_facts(case.department))?;
    if case.version != target.etag {
        return Err(Refusal::StaleEtag { etag: case.version.to_string() }.into());
    }
    // Held until the end: what is an example now is not reopened meanwhile.
    let found = issues::lock(&mut tx, case.issue_id, local_date(now)).await?;
    let found = found.ok_or(CaseError::IssueMissing(case.issue_id))?;
    // The manager of the firm now, whatever role let them in, is told apart here.
    let facts = access::Facts { manager: found.manager, ..case_facts(case.department) };
    let by = submitter(call, &facts)?.standing_as(rpc.stands_as(call, &found.issue));
    let event = decide(case, step, &found.issue, now, &by).map_err(CaseError::refused(case.issue_id))?;
    let after = evolve(case.clone(), &event).map_err(CaseError::from)?;

    let mut bodies = cases::texts(&mut tx, [&after]).await?;
    bodies.extend(texts.written().iter().map(|text| (text.note.note_id.uuid(), text.body.clone())));
    let response = answer(Some(convert::case(&after, &bodies)));
    let mut batch = Batch::new();
    let id = EventId::new(rpc.ids.uuid(event.at));
    cases::record(&mut batch, Some(&before), (id, &event, &after), texts.written(), &call.client);
    let told = Told {
        id,
        event: &event,
        before: Some(case),
        after: &after,
        issue: &found.issue,
        traceparent: &call.trace.to_string(),
    };
    case_publish::append(&mut batch, told);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
