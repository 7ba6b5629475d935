use kernel::{CaseId, EventId, IssueId};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{CaseError, convert, directory};
use crate::{
    domain::{
        Title,
        case::{Finding, Nomination, create, findings, nominate},
        local_date,
    },
    error::WorkflowError,
    events::case_publish::{self, Told},
    rpc::{WorkflowRpc, facts, texts::NewTexts},
    store::{
        cases,
        issues::{self, Found},
    },
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::NominateCaseRequest,
) -> Result<pb::NominateCaseResponse, WorkflowError> {
    let Asked { issue: id, title, text } = parse(req)?;
    let mut texts = NewTexts::new(&rpc);
    let now = texts.now;
    // Whose issue it is says which firm the text must not name; the registry is asked with no lock in hand.
    let mut tx = rpc.db.snapshot().await?;
    let found = issues::find(&mut tx, id, local_date(now)).await?;
    tx.commit().await?;
    let Found { issue, manager, .. } = found.ok_or(WorkflowError::IssueNotFound(id))?;
    rpc.admit(&call, id, &facts(&issue, manager))?;
    let firm = directory::enterprise(&rpc, &call, issue.enterprise_id).await?;
    let found = [("title", findings(title.as_str(), &firm.name)), ("text", findings(&text, &firm.name))];
    let found: Vec<(&'static str, Finding)> = found
        .into_iter()
        .flat_map(|(field, findings)| findings.into_iter().map(move |finding| (field, finding)))
        .collect();
    if !found.is_empty() {
        return Err(CaseError::NotDeidentified(found).into());
    }

    let mut tx = rpc.db.begin().await?;
    let found = issues::lock(&mut tx, id, local_date(now)).await?;
    let Found { issue, manager, .. } = found.ok_or(WorkflowError::IssueNotFound(id))?;
    // Somebody may have sent the issue elsewhere since.
    let facts = facts(&issue, manager);
    rpc.admit(&call, id, &facts)?;
    let department = issue.department().ok_or(WorkflowError::IssueNotFound(id))?;
    let new = Nomination {
        case_id: CaseId::new(rpc.ids.uuid(now)),
        department,
        title: texts.write(title.to_string()),
        text: texts.write(text),
    };
    let event =
        nominate(new, &issue, now, &rpc.actor(&call, &issue, manager)?).map_err(CaseError::refused(id))?;
    let case = create(&event).map_err(CaseError::from)?;

    let bodies = texts.written().iter().map(|text| (text.note.note_id.uuid(), text.body.clone())).collect();
    let shown = convert::case(&case, &bodies);
    let response = pb::NominateCaseResponse { case: Some(shown) };
    let mut batch = Batch::new();
    let event_id = EventId::new(rpc.ids.uuid(now));
    cases::record(&mut batch, None, (event_id, &event, &case), texts.written(), &call.client);
    let told = Told {
        id: event_id,
        event: &event,
        before: None,
        after: &case,
        issue: &issue,
        traceparent: &call.trace.to_string(),
    };
    case_publish::append(&mut batch, told);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some(cases::ONE_OPEN) => CaseError::Exists(id).into(),
        _ => WorkflowError::from(error),
    })?;
    tx.commit().await?;
    Ok(response)
}

struct Asked {
    issue: IssueId,
    title: Title,
    text: String,
}

fn parse(req: pb::NominateCaseRequest) -> Result<Asked, Refusal> {
    let pb::NominateCaseRequest { issue_id, title, text, deidentified, request_id: _ } = req;
    let mut f = Fields::new();
    let issue = f.parse("issue_id", &issue_id);
    let title = f.parse("title", title.trim());
    let text = f.text("text", &text, 20, 8_000);
    if !deidentified {
        f.reject("deidentified", "must be confirmed");
    }
    let (Some(issue), Some(title), Some(text)) = (issue, title, text) else { return Err(f.refuse()) };
    f.finish()?;
    Ok(Asked { issue, title, text })
}
