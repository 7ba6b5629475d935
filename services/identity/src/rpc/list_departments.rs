//! Lists departments by code.

use kernel::Page;
use proto::identity::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, convert};
use crate::{error::IdentityError, store::departments};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::ListDepartmentsRequest,
) -> Result<pb::ListDepartmentsResponse, IdentityError> {
    let pb::ListDepartmentsRequest { division_code, page_size, page_token } = req;
    let mut f = Fields::new();
    let division = f.parse_optional("division_code", &division_code);
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let filter = [division_code.as_str()];
    let after = call.open_page(&rpc.page_key, &filter, &page_token)?;

    let mut tx = rpc.db.snapshot().await?;
    let (rows, total_count) = departments::list(&mut tx, division.as_ref(), after.as_deref(), size).await?;
    tx.commit().await?;
    let page = Page::cut(rows, size, |department| department.code.as_str().to_owned());
    Ok(pb::ListDepartmentsResponse {
        departments: page.rows.iter().map(convert::department).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &filter, page.next.as_deref()),
        total_count,
    })
}
