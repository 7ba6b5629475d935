//! The end of an appointment was set: the firm's issues are out of the manager's sight from that day on.

use events::{ConsumeError, Received};
use proto::registry::v1::AppointmentEnded;
use store::Batch;

use super::day;
use crate::store::firm_managers::{self, FirmManager};

pub(super) fn handle(
    batch: &mut Batch,
    event: &Received,
    payload: AppointmentEnded,
) -> Result<(), ConsumeError> {
    let AppointmentEnded { appointment_id, enterprise_id, manager_id, from_date, end_date, reason: _ } =
        payload;
    let appointment = FirmManager {
        appointment: appointment_id.parse()?,
        enterprise: enterprise_id.parse()?,
        manager: manager_id.parse()?,
        from: day("from_date", from_date)?,
        end: Some(day("end_date", end_date)?),
        version: event.subject_version,
    };
    firm_managers::keep(batch, &appointment);
    Ok(())
}
