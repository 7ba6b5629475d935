use std::collections::BTreeSet;

use kernel::AccountId;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields};

use super::{CaseError, directory};
use crate::{
    domain::{
        Issue, NoteField,
        case::{DraftStep, Known, Story, draft, may_be_told},
        local_date,
    },
    error::WorkflowError,
    rpc::{WorkflowRpc, facts},
    store::{
        issues::{self, Found},
        trail::{self as log, NoteText, Step},
    },
};

/// Steps of an issue that a draft is made from, from the first on.
const MAX_STEPS: i64 = 500;

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::GetCaseDraftRequest,
) -> Result<pb::GetCaseDraftResponse, WorkflowError> {
    let pb::GetCaseDraftRequest { issue_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse("issue_id", &issue_id) else { return Err(f.refuse().into()) };
    f.finish()?;
    let mut tx = rpc.db.snapshot().await?;
    let found = issues::find(&mut tx, id, local_date(rpc.clock.now())).await?;
    let Found { issue, link: _, manager, texts } = found.ok_or(WorkflowError::IssueNotFound(id))?;
    rpc.admit(&call, id, &facts(&issue, manager))?;
    may_be_told(&issue).map_err(CaseError::refused(id))?;
    let steps = log::steps(&mut tx, id, 0, MAX_STEPS).await?;
    let notes = log::notes(&mut tx, id, 1, MAX_STEPS).await?;
    tx.commit().await?;

    let firm = directory::enterprise(&rpc, &call, issue.enterprise_id).await?;
    let persons = directory::names(&rpc, &call, &persons(&issue, manager)).await?;
    let known = Known { firm_name: firm.name, address: firm.address, persons };
    let story = Story {
        title: texts.title,
        description: texts.description,
        steps: told(&issue, &steps, notes),
        reply: texts.reply,
    };
    let draft = draft(&story, &known);
    Ok(pb::GetCaseDraftResponse { title: draft.title, text: draft.text })
}

/// Everybody who had to do with the issue.
fn persons(issue: &Issue, manager: Option<AccountId>) -> Vec<AccountId> {
    let mut persons: BTreeSet<AccountId> = issue.acted.keys().copied().collect();
    persons.extend([issue.manager, manager, issue.liaison(), issue.handler()].into_iter().flatten());
    persons.into_iter().collect()
}

/// What was done, in order: contacts, progress, interim measures and plans.
fn told(issue: &Issue, steps: &[Step], notes: Vec<NoteText>) -> Vec<DraftStep> {
    let begun = local_date(issue.submitted_at);
    let done =
        [NoteField::ContactNote, NoteField::ProgressNote, NoteField::InterimMeasure, NoteField::PlanNote];
    notes
        .into_iter()
        .filter(|note| done.iter().any(|field| field.name() == note.field))
        .filter_map(|note| {
            let step = steps.iter().find(|step| step.seq == note.seq)?;
            let day = local_date(step.at).signed_duration_since(begun).num_days();
            Some(DraftStep { day, text: note.body? })
        })
        .collect()
}
