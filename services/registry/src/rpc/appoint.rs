use access::Facts;
use chrono::NaiveDate;
use kernel::{AccountId, AppointmentId, EnterpriseId};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{RegistryRpc, accounts, convert, now_and_today, parse::day_optional};
use crate::{
    domain::refused::Refused,
    error::RegistryError,
    store::{appointments, enterprises, members},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::AppointRequest,
) -> Result<pb::AppointResponse, RegistryError> {
    let (enterprise, manager, from) = parse(req)?;
    call.require(&Facts { enterprise: Some(enterprise), ..Facts::default() })?;
    accounts::require_manager(&rpc, &call, manager).await?;
    let (now, today) = now_and_today(&*rpc.clock);
    let mut tx = rpc.db.begin().await?;
    let locked = enterprises::lock(&mut tx, enterprise).await?;
    locked.ok_or(RegistryError::EnterpriseNotFound(enterprise))?.expect_active()?;
    if members::enterprises_of(&mut tx, manager).await?.contains(&enterprise) {
        return Err(Refused::ManagerIsMember { enterprise, account: manager }.into());
    }
    let course = appointments::course(&mut tx, enterprise).await?;
    let id = AppointmentId::new(rpc.ids.uuid(now));
    let appointment = course.appoint(id, enterprise, manager, from.unwrap_or(today), None, now)?;

    let response = pb::AppointResponse { appointment: Some(convert::appointment(&appointment)) };
    let mut batch = Batch::new();
    appointments::insert(&mut batch, &appointment);
    rpc.cause(&call, now).manager_appointed(&mut batch, &appointment);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::AppointRequest) -> Result<(EnterpriseId, AccountId, Option<NaiveDate>), Refusal> {
    let pb::AppointRequest { enterprise_id, manager_id, from_date, request_id: _ } = req;
    let mut f = Fields::new();
    let enterprise = f.parse("enterprise_id", &enterprise_id);
    let manager = f.parse("manager_id", &manager_id);
    let from = day_optional(&mut f, "from_date", from_date);
    let (Some(enterprise), Some(manager)) = (enterprise, manager) else { return Err(f.refuse()) };
    f.finish()?;
    Ok((enterprise, manager, from))
}
