use access::{Caller, Facts, Role};
use kernel::{DraftId, EnterpriseId, Timestamp, Version};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{DraftRpc, admit, shown};
use crate::{
    domain::{Draft, DraftText},
    error::WorkflowError,
    rpc::directory,
    store::drafts::{self, FoundDraft},
};

pub(super) async fn handle(
    rpc: DraftRpc,
    call: Call,
    req: pb::SaveDraftRequest,
) -> Result<pb::SaveDraftResponse, WorkflowError> {
    let Asked { draft, enterprise, text } = parse(req)?;
    let now = rpc.workflow.clock.now();
    // The registry is asked before the transaction opens: nobody waits for it with a lock in hand.
    let manager = directory::manager(&rpc.workflow, &call, enterprise).await?;
    let facts = Facts { enterprise: Some(enterprise), manager, ..Facts::default() };
    if !call.allows(&facts) {
        return Err(WorkflowError::EnterpriseNotFound(enterprise));
    }
    if draft.is_none() {
        directory::require_enterprise(&rpc.workflow, &call, enterprise).await?;
    }
    let mut tx = rpc.workflow.db.begin().await?;
    let mut batch = Batch::new();
    let found = match draft {
        None => {
            let draft = begin(&rpc, &call, (enterprise, &facts), text, now)?;
            let max = rpc.limits.max_per_author;
            if max <= drafts::count_of_author(&mut tx, draft.author, now).await? {
                return Err(WorkflowError::DraftsTooMany { max });
            }
            drafts::insert(&mut batch, &draft);
            FoundDraft { draft, n_files: 0 }
        }
        Some((id, etag)) => {
            let found = drafts::lock(&mut tx, id).await?.ok_or(WorkflowError::DraftNotFound(id))?;
            admit(&rpc.workflow, &call, &found.draft)?;
            let FoundDraft { draft: before, n_files } = found;
            if before.enterprise != enterprise {
                return Err(WorkflowError::DraftNotFound(id));
            }
            if before.version != etag {
                return Err(Refusal::StaleEtag { etag: before.version.to_string() }.into());
            }
            let version = before.version.next();
            let after = Draft { text, updated_at: now, touched_at: now, version, ..before };
            drafts::save(&mut batch, etag, &after);
            FoundDraft { draft: after, n_files }
        }
    };
    let response = pb::SaveDraftResponse { draft: Some(shown(&found, rpc.limits)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

/// Somebody who acts for the firm writes for it, even when they are its manager too.
fn begin(
    rpc: &DraftRpc,
    call: &Call,
    (enterprise, facts): (EnterpriseId, &Facts),
    text: DraftText,
    now: Timestamp,
) -> Result<Draft, WorkflowError> {
    let Caller::Person(person) = &call.caller else { return Err(call.not_permitted().into()) };
    let roles = access::roles_allowed(&call.caller, &call.rule, facts);
    Ok(Draft {
        id: DraftId::new(rpc.workflow.ids.uuid(now)),
        enterprise,
        author: person.account_id,
        on_behalf: !roles.contains(&Role::Enterprise),
        text,
        created_at: now,
        updated_at: now,
        touched_at: now,
        version: Version::FIRST,
    })
}

struct Asked {
    /// The draft as it was read; `None` to begin one.
    draft: Option<(DraftId, Version)>,
    enterprise: EnterpriseId,
    text: DraftText,
}

fn parse(req: pb::SaveDraftRequest) -> Result<Asked, WorkflowError> {
    let pb::SaveDraftRequest {
        draft_id,
        enterprise_id,
        category,
        title,
        description,
        division_code,
        etag,
        request_id: _,
    } = req;
    let mut f = Fields::new();
    let draft = if draft_id.is_empty() {
        if !etag.is_empty() {
            f.reject("etag", "belongs to a draft_id");
        }
        Some(None)
    } else {
        f.parse("draft_id", &draft_id).zip(f.etag(&etag)).map(Some)
    };
    let enterprise = f.parse("enterprise_id", &enterprise_id);
    let text = DraftText {
        category: f.text("category", &category, 0, 40).unwrap_or_default(),
        title: f.text("title", &title, 0, 120).unwrap_or_default(),
        description: f.text("description", &description, 0, 4_000).unwrap_or_default(),
        division_code: f.text("division_code", &division_code, 0, 12).unwrap_or_default(),
    };
    let (Some(draft), Some(enterprise)) = (draft, enterprise) else { return Err(f.refuse().into()) };
    f.finish()?;
    Ok(Asked { draft, enterprise, text })
}
