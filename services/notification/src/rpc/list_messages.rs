use kernel::Page;
use proto::notification::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{NotificationRpc, owner};
use crate::{error::NotificationError, store::messages};

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::ListMessagesRequest,
) -> Result<pb::ListMessagesResponse, NotificationError> {
    let pb::ListMessagesRequest { unread_only, page_size, page_token } = req;
    let mut f = Fields::new();
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    let owner = owner(&call)?;
    let filter = [if unread_only { "unread" } else { "all" }];
    let cursor = call.open_page(&rpc.page_key, &filter, &page_token)?;
    let before = cursor.map(|number| number.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let mut tx = rpc.db.snapshot().await?;
    let end = messages::end(&mut tx, owner).await?;
    let total_count = messages::count(&mut tx, owner, unread_only).await?;
    let rows = messages::list(&mut tx, owner, unread_only, before, size).await?;
    tx.commit().await?;

    let page = Page::cut(rows, size, |message| message.number.to_string());
    Ok(pb::ListMessagesResponse {
        next_page_token: call.seal_page(&rpc.page_key, &filter, page.next.as_deref()),
        messages: page.rows.into_iter().map(Into::into).collect(),
        total_count,
        end_position: end.to_string(),
    })
}
