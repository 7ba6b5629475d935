use kernel::{Page, Timestamp};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use uuid::Uuid;

use super::convert;
use crate::{
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::offerings::{self, OfferingFilter},
};

/// Kinds in one filter.
const MAX_KINDS: usize = 50;

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::ListOfferingsRequest,
) -> Result<pb::ListOfferingsResponse, WorkflowError> {
    let pb::ListOfferingsRequest { department_id, kinds, include_retired, page_size, page_token } = req;
    let mut f = Fields::new();
    if MAX_KINDS < kinds.len() {
        f.reject("kinds", format!("has more than {MAX_KINDS} values"));
    }
    let filter = OfferingFilter {
        department: f.parse_optional("department_id", &department_id),
        kinds: kinds.iter().filter_map(|kind| f.parse("kinds", kind)).collect(),
        include_retired,
    };
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let bound_to = [format!("{filter:?}")];
    let bound_to = [bound_to[0].as_str()];
    let after = call.open_page(&rpc.page_key, &bound_to, &page_token)?;
    let after = after.map(|cursor| after_from(&cursor).ok_or(Refusal::PageToken)).transpose()?;
    let mut tx = rpc.db.snapshot().await?;
    let rows = offerings::list(&mut tx, &filter, after, size.limit()).await?;
    let total_count = offerings::count(&mut tx, &filter).await?;
    tx.commit().await?;
    let page = Page::cut(rows, size, |row| format!("{}/{}", row.created_at.timestamp_micros(), row.id));
    Ok(pb::ListOfferingsResponse {
        offerings: page.rows.iter().map(convert::offering).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &bound_to, page.next.as_deref()),
        total_count,
    })
}

/// Time and id of the last row of a page.
pub(in crate::rpc) fn after_from(cursor: &str) -> Option<(Timestamp, Uuid)> {
    let (micros, id) = cursor.split_once('/')?;
    Some((Timestamp::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
}
