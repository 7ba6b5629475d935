//! Enters a department.

use access::Facts;
use kernel::DepartmentId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields};
use store::Batch;

use super::{Rpc, actor, convert};
use crate::{
    domain::{Department, DepartmentCode, DivisionCode, Event, Happened},
    error::IdentityError,
    store::departments,
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::CreateDepartmentRequest,
) -> Result<pb::CreateDepartmentResponse, IdentityError> {
    let pb::CreateDepartmentRequest { code, name, division_code, request_id: _ } = req;
    let mut f = Fields::new();
    let (code, name) = (f.parse::<DepartmentCode>("code", &code), f.parse("name", &name));
    let division = f.parse::<DivisionCode>("division_code", &division_code);
    let (Some(code), Some(name), Some(division)) = (code, name, division) else {
        return Err(f.refuse().into());
    };

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let id = rpc.new_id(now, DepartmentId::new);
    let department = Department::create(id, code.clone(), name, division.clone(), now);

    let mut batch = Batch::new();
    departments::insert(&mut batch, &department);
    let created = Event::DepartmentCreated { department: id, code: code.clone(), division };
    rpc.publish(&mut batch, &call, Happened::department(&department, created, &call.caller.principal(), now));
    let response = pb::CreateDepartmentResponse { department: Some(convert::department(&department)) };
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some("department_code_key") => IdentityError::DepartmentCodeTaken(code),
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(response)
}
