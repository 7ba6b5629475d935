//! Lists who was on duty.

use proto::identity::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, convert};
use crate::{
    error::IdentityError,
    store::tenures::{self, Wanted},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::ListLiaisonsRequest,
) -> Result<pb::ListLiaisonsResponse, IdentityError> {
    let pb::ListLiaisonsRequest { department_id, as_of_time, history, page_size, page_token } = req;
    let mut f = Fields::new();
    let department = f.parse_optional("department_id", &department_id);
    let as_of = f.timestamp_optional("as_of_time", as_of_time);
    if history && as_of.is_some() {
        f.reject("as_of_time", "must be absent when the history is asked for");
    }
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let at = (!history).then(|| as_of.unwrap_or_else(|| rpc.clock.now()));
    let instant = as_of.map(|at| at.timestamp_micros().to_string()).unwrap_or_default();
    let filter = [department_id.as_str(), &instant, if history { "history" } else { "" }];
    let page = rpc.page(&call, &filter, &page_token, size)?;

    let mut tx = rpc.db.snapshot().await?;
    let (rows, total_count) = tenures::list(&mut tx, Wanted { department, at }, page).await?;
    tx.commit().await?;
    let (rows, next_page_token) = rpc.cut(&call, &filter, rows, size, |tenure| tenure.id);
    let tenures = rows.into_iter().map(convert::tenure).collect();
    Ok(pb::ListLiaisonsResponse { tenures, next_page_token, total_count })
}
