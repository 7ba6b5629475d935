use kernel::Page;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{
    AttachmentRpc, convert,
    sight::{self, Hold},
};
use crate::{error::WorkflowError, store::attachments};

pub(super) async fn handle(
    rpc: AttachmentRpc,
    call: Call,
    req: pb::ListAttachmentsRequest,
) -> Result<pb::ListAttachmentsResponse, WorkflowError> {
    let pb::ListAttachmentsRequest { issue_id, draft_id, page_size, page_token } = req;
    let mut f = Fields::new();
    let owner = convert::owner(&mut f, "", &issue_id, &draft_id);
    let (Some(owner), Some(size)) = (owner, f.page_size(page_size)) else { return Err(f.refuse().into()) };
    f.finish()?;
    let page_key = &rpc.workflow.page_key;
    let bound_to = [issue_id.as_str(), draft_id.as_str()];
    let after = call.open_page(page_key, &bound_to, &page_token)?;
    let after = after.map(|cursor| cursor.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let mut tx = rpc.workflow.db.snapshot().await?;
    let sight = sight::owner(&rpc.workflow, &call, &mut tx, owner, Hold::No).await?.sight();
    let found = attachments::list(&mut tx, owner, &sight, after, size.limit()).await?;
    let total_count = attachments::count(&mut tx, owner, &sight).await?;
    tx.commit().await?;
    let page = Page::cut(found, size, |file| file.id.to_string());
    Ok(pb::ListAttachmentsResponse {
        attachments: page.rows.iter().map(convert::attachment).collect(),
        next_page_token: call.seal_page(page_key, &bound_to, page.next.as_deref()),
        total_count,
    })
}
