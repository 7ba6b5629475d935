//! Changes the name of a department.

use access::Facts;
use kernel::DepartmentId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{Rpc, actor, convert};
use crate::{
    domain::{Event, Happened, OrganizationName},
    error::IdentityError,
    store::departments,
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::RenameDepartmentRequest,
) -> Result<pb::RenameDepartmentResponse, IdentityError> {
    let pb::RenameDepartmentRequest { department_id, name, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let id = f.parse::<DepartmentId>("department_id", &department_id);
    let (name, etag) = (f.parse::<OrganizationName>("name", &name), f.etag(&etag));
    let (Some(id), Some(name), Some(etag)) = (id, name, etag) else { return Err(f.refuse().into()) };

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let department = departments::lock(&mut tx, id).await?.ok_or(IdentityError::DepartmentNotFound(id))?;
    if department.version != etag {
        return Err(Refusal::StaleEtag { etag: department.version.to_string() }.into());
    }

    let mut batch = Batch::new();
    let department = match department.rename(name.clone()) {
        Some(department) => {
            departments::save(&mut batch, &department);
            let by = call.caller.principal();
            let renamed = Event::DepartmentRenamed(id, name);
            rpc.publish(&mut batch, &call, Happened::department(&department, renamed, &by, now));
            department
        }
        None => department,
    };
    let response = pb::RenameDepartmentResponse { department: Some(convert::department(&department)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}
