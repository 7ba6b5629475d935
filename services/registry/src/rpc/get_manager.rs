use proto::registry::v1 as pb;
use rpc::{Call, Fields};

use super::{RegistryRpc, convert, parse::day_optional};
use crate::{
    domain::day,
    error::RegistryError,
    store::{appointments, enterprises},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::GetManagerRequest,
) -> Result<pb::GetManagerResponse, RegistryError> {
    let pb::GetManagerRequest { enterprise_id, as_of_date } = req;
    let mut f = Fields::new();
    let id = f.parse("enterprise_id", &enterprise_id);
    let as_of = day_optional(&mut f, "as_of_date", as_of_date);
    let Some(id) = id else { return Err(f.refuse().into()) };
    f.finish()?;
    let today = day::of(rpc.clock.now());
    let mut tx = rpc.db.snapshot().await?;
    enterprises::find(&mut tx, id, &call.scope(), today)
        .await?
        .ok_or(RegistryError::EnterpriseNotFound(id))?;
    let course = appointments::course(&mut tx, id).await?;
    tx.commit().await?;
    let appointment = course.on(as_of.unwrap_or(today)).map(convert::appointment);
    Ok(pb::GetManagerResponse { appointment })
}
