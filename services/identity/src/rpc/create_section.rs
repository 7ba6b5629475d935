//! Enters a section of a department.

use access::Facts;
use kernel::{DepartmentId, SectionId};
use proto::identity::v1 as pb;
use rpc::{Call, Fields};
use store::Batch;

use super::{Rpc, actor, convert};
use crate::{
    domain::{Event, Happened, Section},
    error::IdentityError,
    store::{departments, sections},
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::CreateSectionRequest,
) -> Result<pb::CreateSectionResponse, IdentityError> {
    let pb::CreateSectionRequest { department_id, name, request_id: _ } = req;
    let mut f = Fields::new();
    let (department, name) =
        (f.parse::<DepartmentId>("department_id", &department_id), f.parse("name", &name));
    let (Some(department), Some(name)) = (department, name) else { return Err(f.refuse().into()) };

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    departments::find(&mut tx, department).await?.ok_or(IdentityError::DepartmentNotFound(department))?;
    let section = Section::create(rpc.new_id(now, SectionId::new), department, name, now);

    let mut batch = Batch::new();
    sections::insert(&mut batch, &section);
    let created = Event::SectionCreated(section.id, department);
    rpc.publish(&mut batch, &call, Happened::section(&section, created, &call.caller.principal(), now));
    let response = pb::CreateSectionResponse { section: Some(convert::section(&section)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some("section_name_key") => IdentityError::SectionNameTaken(department),
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(response)
}
