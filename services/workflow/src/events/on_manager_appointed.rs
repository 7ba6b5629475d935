//! A manager was appointed to a firm: its issues are in their sight from that day on.

use events::{ConsumeError, Received};
use proto::registry::v1::ManagerAppointed;
use store::Batch;

use super::day;
use crate::store::firm_managers::{self, FirmManager};

pub(super) fn handle(
    batch: &mut Batch,
    event: &Received,
    payload: ManagerAppointed,
) -> Result<(), ConsumeError> {
    let ManagerAppointed { appointment_id, enterprise_id, manager_id, from_date, end_date } = payload;
    let end = if end_date.is_some() { Some(day("end_date", end_date)?) } else { None };
    let appointment = FirmManager {
        appointment: appointment_id.parse()?,
        enterprise: enterprise_id.parse()?,
        manager: manager_id.parse()?,
        from: day("from_date", from_date)?,
        end,
        version: event.subject_version,
    };
    firm_managers::keep(batch, &appointment);
    Ok(())
}
