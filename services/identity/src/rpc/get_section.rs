//! Gives one section.

use kernel::SectionId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, convert};
use crate::{error::IdentityError, store::sections};

pub(super) async fn handle(
    rpc: Rpc,
    _call: Call,
    req: pb::GetSectionRequest,
) -> Result<pb::GetSectionResponse, IdentityError> {
    let pb::GetSectionRequest { section_id } = req;
    let mut f = Fields::new();
    let Some(id) = f.parse::<SectionId>("section_id", &section_id) else { return Err(f.refuse().into()) };

    let mut tx = rpc.db.snapshot().await?;
    let section = sections::find(&mut tx, id).await?.ok_or(IdentityError::SectionNotFound(id))?;
    tx.commit().await?;
    Ok(pb::GetSectionResponse { section: Some(convert::section(&section)) })
}
