//! Gives one department, by id or by code.

use proto::identity::v1 as pb;
use rpc::{Call, Fields};

use super::{Rpc, convert};
use crate::{error::IdentityError, store::departments};

pub(super) async fn handle(
    rpc: Rpc,
    _call: Call,
    req: pb::GetDepartmentRequest,
) -> Result<pb::GetDepartmentResponse, IdentityError> {
    let pb::GetDepartmentRequest { department_id, code } = req;
    let mut f = Fields::new();
    let (id, code) = (f.parse_optional("department_id", &department_id), f.parse_optional("code", &code));
    if id.is_some() && code.is_some() {
        f.reject("code", "must be empty when department_id is given");
    }
    f.finish()?;

    let mut tx = rpc.db.snapshot().await?;
    let department = match (id, code) {
        (Some(id), _) => {
            departments::find(&mut tx, id).await?.ok_or(IdentityError::DepartmentNotFound(id))?
        }
        (None, Some(code)) => match departments::by_code(&mut tx, &code).await? {
            Some(department) => department,
            None => return Err(IdentityError::DepartmentCodeNotFound(code)),
        },
        (None, None) => {
            let mut f = Fields::new();
            f.reject("department_id", "is required when no code is given");
            return Err(f.refuse().into());
        }
    };
    tx.commit().await?;
    Ok(pb::GetDepartmentResponse { department: Some(convert::department(&department)) })
}
