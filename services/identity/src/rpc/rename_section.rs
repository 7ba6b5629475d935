//! Changes the name of a section.

use access::Facts;
use kernel::SectionId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{Rpc, actor, convert};
use crate::{
    domain::{Event, Happened, OrganizationName},
    error::IdentityError,
    store::sections,
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::RenameSectionRequest,
) -> Result<pb::RenameSectionResponse, IdentityError> {
    let pb::RenameSectionRequest { section_id, name, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let id = f.parse::<SectionId>("section_id", &section_id);
    let (name, etag) = (f.parse::<OrganizationName>("name", &name), f.etag(&etag));
    let (Some(id), Some(name), Some(etag)) = (id, name, etag) else { return Err(f.refuse().into()) };

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let section = sections::find(&mut tx, id).await?.ok_or(IdentityError::SectionNotFound(id))?;
    if section.version != etag {
        return Err(Refusal::StaleEtag { etag: section.version.to_string() }.into());
    }
    let department = section.department;

    let mut batch = Batch::new();
    let section = match section.rename(name.clone()) {
        Some(section) => {
            sections::save(&mut batch, &section);
            let by = call.caller.principal();
            let renamed = Event::SectionRenamed(id, department, name);
            rpc.publish(&mut batch, &call, Happened::section(&section, renamed, &by, now));
            section
        }
        None => section,
    };
    let response = pb::RenameSectionResponse { section: Some(convert::section(&section)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some("section_name_key") => IdentityError::SectionNameTaken(department),
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(response)
}
