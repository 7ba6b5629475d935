//! Lists sections in the order in which they were entered.

use proto::identity::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, convert};
use crate::{error::IdentityError, store::sections};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::ListSectionsRequest,
) -> Result<pb::ListSectionsResponse, IdentityError> {
    let pb::ListSectionsRequest { department_id, page_size, page_token } = req;
    let mut f = Fields::new();
    let department = f.parse_optional("department_id", &department_id);
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let filter = [department_id.as_str()];
    let page = rpc.page(&call, &filter, &page_token, size)?;

    let mut tx = rpc.db.snapshot().await?;
    let (rows, total_count) = sections::list(&mut tx, department, page).await?;
    tx.commit().await?;
    let (rows, next_page_token) = rpc.cut(&call, &filter, rows, size, |section| section.id.uuid());
    let sections = rows.iter().map(convert::section).collect();
    Ok(pb::ListSectionsResponse { sections, next_page_token, total_count })
}
