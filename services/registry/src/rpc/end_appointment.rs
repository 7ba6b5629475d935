use access::Facts;
use chrono::NaiveDate;
use kernel::{AppointmentId, Version};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{RegistryRpc, convert, now_and_today, parse::day_optional};
use crate::{
    domain::appointment::EndReason,
    error::RegistryError,
    store::{appointments, enterprises},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::EndAppointmentRequest,
) -> Result<pb::EndAppointmentResponse, RegistryError> {
    let (id, end_date, etag) = parse(req)?;
    let (now, today) = now_and_today(&*rpc.clock);
    let mut tx = rpc.db.begin().await?;
    let appointment = appointments::find(&mut tx, id).await?.ok_or(RegistryError::AppointmentNotFound(id))?;
    call.require(&Facts { enterprise: Some(appointment.enterprise), ..Facts::default() })?;
    // What was read before the lock is old news if somebody else held it; the version tells.
    enterprises::lock(&mut tx, appointment.enterprise).await?;
    RegistryError::unless_current(appointment.version, etag)?;
    let course = appointments::course(&mut tx, appointment.enterprise).await?;
    let ended = course.end(id, end_date.unwrap_or(today), EndReason::Ended, today, now)?;

    let response = pb::EndAppointmentResponse { appointment: Some(convert::appointment(&ended)) };
    let mut batch = Batch::new();
    appointments::save(&mut batch, &ended, appointment.version);
    rpc.cause(&call, now).appointment_ended(&mut batch, &ended);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::EndAppointmentRequest) -> Result<(AppointmentId, Option<NaiveDate>, Version), Refusal> {
    let pb::EndAppointmentRequest { appointment_id, end_date, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let id = f.parse("appointment_id", &appointment_id);
    let end_date = day_optional(&mut f, "end_date", end_date);
    let etag = f.etag(&etag);
    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse()) };
    f.finish()?;
    Ok((id, end_date, etag))
}
