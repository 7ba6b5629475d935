//! Who manages which firm, as the registry tells.

use chrono::NaiveDate;
use kernel::{AccountId, AppointmentId, EnterpriseId, Version};
use store::{Batch, binds};

/// The manager of the firm of `issue` on the day `$2`, for queries of issues: a value, or NULL.
pub(super) const MANAGER_ON_DAY: &str = "(
    SELECT manager_id FROM firm_manager
    WHERE firm_manager.enterprise_id = issue.enterprise_id
        AND from_date <= $2 AND (end_date IS NULL OR $2 < end_date)
    ORDER BY from_date DESC
    LIMIT 1
)";

/// An appointment, as the registry last told of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FirmManager {
    pub appointment: AppointmentId,
    pub enterprise: EnterpriseId,
    pub manager: AccountId,
    pub from: NaiveDate,
    /// First day as manager no longer.
    pub end: Option<NaiveDate>,
    pub version: Version,
}

/// Keeps the appointment; an older word on it changes nothing.
pub(crate) fn keep(batch: &mut Batch, appointment: &FirmManager) {
    let FirmManager { appointment, enterprise, manager, from, end, version } = *appointment;
    batch.add(
        "keep the appointment",
        "INSERT INTO firm_manager (appointment_id, enterprise_id, manager_id, from_date, end_date, version)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (appointment_id) DO UPDATE
        SET from_date = excluded.from_date, end_date = excluded.end_date, version = excluded.version
        WHERE firm_manager.version < excluded.version",
        binds![appointment.uuid(), enterprise.uuid(), manager.uuid(), from, end, version.number()],
    );
}
