use std::collections::BTreeSet;

use kernel::MessageId;
use proto::notification::v1 as pb;
use rpc::{Call, Fields};
use store::Batch;

use super::{NotificationRpc, owner};
use crate::{error::NotificationError, store::messages};

/// Ids in one call, at most.
const MAX_IDS: usize = 500;

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::MarkReadRequest,
) -> Result<pb::MarkReadResponse, NotificationError> {
    let pb::MarkReadRequest { message_ids, request_id: _ } = req;
    let mut f = Fields::new();
    if message_ids.is_empty() || MAX_IDS < message_ids.len() {
        f.reject("message_ids", format!("must have 1 to {MAX_IDS} ids"));
        return Err(f.refuse().into());
    }
    let parsed =
        (0..).zip(&message_ids).filter_map(|(at, id): (usize, _)| f.parse(&format!("message_ids[{at}]"), id));
    let ids: BTreeSet<MessageId> = parsed.collect();
    f.finish()?;
    let owner = owner(&call)?;
    let ids: Vec<_> = ids.into_iter().collect();

    let mut tx = rpc.db.begin().await?;
    let found = messages::lock(&mut tx, owner, &ids).await?;
    if let Some(missing) = ids.iter().find(|id| !found.iter().any(|(found, _)| found == *id)) {
        return Err(NotificationError::MessageNotFound(*missing));
    }
    let unread: Vec<_> =
        found.into_iter().filter(|(_, read_at)| read_at.is_none()).map(|(id, _)| id).collect();
    let before = messages::count(&mut tx, owner, true).await?;
    let now_read = i64::try_from(unread.len()).unwrap_or(i64::MAX);
    let response = pb::MarkReadResponse { unread_count: (before - now_read).max(0) };

    let now = rpc.clock.now();
    let mut batch = Batch::new();
    messages::mark_read(&mut batch, &unread, now);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
