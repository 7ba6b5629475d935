use kernel::Page;
use proto::notification::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{
    NotificationRpc,
    convert::{channel_of, state_of},
    require_all,
};
use crate::{
    error::NotificationError,
    store::deliveries::{self, Wanted},
};

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::ListDeliveriesRequest,
) -> Result<pb::ListDeliveriesResponse, NotificationError> {
    let pb::ListDeliveriesRequest { state, channel, account_id, message_id, page_size, page_token } = req;
    let filter = [&state.to_string(), &channel.to_string(), account_id.as_str(), message_id.as_str()];
    let mut f = Fields::new();
    let wanted = Wanted {
        state: f.enumeration_optional("state", state).and_then(state_of),
        channel: f.enumeration_optional("channel", channel).and_then(channel_of),
        account: f.parse_optional("account_id", &account_id),
        message: f.parse_optional("message_id", &message_id),
    };
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    require_all(&call)?;
    let cursor = call.open_page(&rpc.page_key, &filter, &page_token)?;
    let before = cursor.map(|id| id.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let mut tx = rpc.db.snapshot().await?;
    let total_count = deliveries::count(&mut tx, &wanted).await?;
    let rows = deliveries::list(&mut tx, &wanted, before, size).await?;
    tx.commit().await?;

    let page = Page::cut(rows, size, |delivery| delivery.id.to_string());
    Ok(pb::ListDeliveriesResponse {
        next_page_token: call.seal_page(&rpc.page_key, &filter, page.next.as_deref()),
        deliveries: page.rows.into_iter().map(Into::into).collect(),
        total_count,
    })
}
