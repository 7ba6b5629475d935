use access::Facts;
use chrono::Datelike as _;
use kernel::{DepartmentId, DraftId, EnterpriseId, IssueId};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields};
use store::{Batch, Tx};

use super::{WorkflowRpc, convert, directory, draft, notes::Notes, submitter};
use crate::{
    domain::{Code, DivisionCode, Draft, NoteField, NoteRef, SubmitIssue, Title, local_date, submit},
    error::WorkflowError,
    events::publish::{self, Cause},
    store::{
        drafts,
        history::{self, Record},
        issues::{self, Texts},
    },
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::SubmitIssueRequest,
) -> Result<pb::SubmitIssueResponse, WorkflowError> {
    let mut notes = Notes::new(&rpc);
    let now = notes.now;
    let Asked { enterprise, category, title, description, division, about, confidential, draft } =
        parse(req, &mut notes)?;
    let book = rpc.books.of_today(now).await?;
    let rules = book.in_force(now);
    let calendar_version = rules.calendar.version();

    // The registry and identity are asked before the transaction opens: nobody waits for them with a lock in hand.
    let manager = directory::manager(&rpc, &call, enterprise).await?;
    let facts = Facts { enterprise: Some(enterprise), manager, ..Facts::default() };
    if !call.allows(&facts) {
        return Err(WorkflowError::EnterpriseNotFound(enterprise));
    }
    directory::require_enterprise(&rpc, &call, enterprise).await?;
    if let Some(about) = about {
        directory::require_department(&rpc, &call, about).await?;
    }
    let desk = match rules.policy.route(&category, &division) {
        Some(code) => directory::desk_by_code(&rpc, &call, code).await?,
        None => None,
    };
    let by = submitter(&call, &facts)?;

    let mut tx = rpc.db.begin().await?;
    let draft = match draft {
        Some(id) => Some(draft_of(&rpc, &call, &mut tx, id, enterprise).await?),
        None => None,
    };
    let number = issues::next_number(&mut tx, local_date(now).year()).await?;
    let issue_id = IssueId::new(rpc.ids.uuid(now));
    let command = SubmitIssue {
        issue_id,
        number,
        enterprise_id: enterprise,
        category,
        title,
        description,
        division,
        manager,
        desk,
        about,
        confidential,
    };
    let events =
        submit(command, rules, now, &by).map_err(WorkflowError::refused(issue_id, calendar_version))?;

    let happened = history::happened(None, events, &*rpc.ids)?;
    let beyond = WorkflowError::beyond(calendar_version);
    let mut batch = Batch::new();
    let record =
        Record { before: None, happened: &happened, written: notes.written(), rules, client: &call.client };
    history::record(&mut batch, record).map_err(&beyond)?;
    if let Some(draft) = &draft {
        drafts::consume(&mut batch, draft, issue_id);
    }
    let traceparent = call.trace.to_string();
    let mut response = pb::SubmitIssueResponse { issue: None };
    for happened in &happened {
        let cause = Cause { rules, manager, traceparent: &traceparent };
        publish::append(&mut batch, happened, cause).map_err(&beyond)?;
        let texts = notes.texts(&happened.after, Texts::default());
        let audience = rpc.audience(&call.caller, &facts);
        response.issue = Some(convert::whole(&happened.after, texts, rules, now, audience).map_err(&beyond)?);
    }
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

struct Asked {
    enterprise: EnterpriseId,
    category: Code,
    title: NoteRef,
    description: NoteRef,
    division: DivisionCode,
    about: Option<DepartmentId>,
    confidential: bool,
    draft: Option<DraftId>,
}

/// The firm's draft, which nobody else submits or discards before the transaction ends.
async fn draft_of(
    rpc: &WorkflowRpc,
    call: &Call,
    tx: &mut Tx,
    id: DraftId,
    enterprise: EnterpriseId,
) -> Result<Draft, WorkflowError> {
    let missing = WorkflowError::DraftNotFound(id);
    let Some(found) = drafts::lock(tx, id).await? else { return Err(missing) };
    draft::admit(rpc, call, &found.draft)?;
    if found.draft.enterprise == enterprise { Ok(found.draft) } else { Err(missing) }
}

fn parse(req: pb::SubmitIssueRequest, notes: &mut Notes<'_>) -> Result<Asked, WorkflowError> {
    let pb::SubmitIssueRequest {
        enterprise_id,
        category,
        title,
        description,
        division_code,
        request_id: _,
        about_department_id,
        confidential,
        draft_id,
    } = req;
    let mut f = Fields::new();
    let enterprise = f.parse("enterprise_id", &enterprise_id);
    let category = f.parse("category", &category);
    let title = f.parse::<Title>("title", title.trim());
    let title = title.map(|title| notes.keep(NoteField::Title, title.into()));
    let description = notes.take(&mut f, ("description", NoteField::Description), &description, 4_000);
    let division = f.parse("division_code", &division_code);
    let about = f.parse_optional("about_department_id", &about_department_id);
    let draft = f.parse_optional("draft_id", &draft_id);
    let (Some(enterprise), Some(category), Some(title), Some(description), Some(division)) =
        (enterprise, category, title, description, division)
    else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    Ok(Asked { enterprise, category, title, description, division, about, confidential, draft })
}
