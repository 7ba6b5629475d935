//! Appointments in the database.

use access::Scope;
use chrono::NaiveDate;
use kernel::{AccountId, AppointmentId, EnterpriseId, PageSize, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::visible;
use crate::domain::appointment::{Appointment, Course, End, EndReason, Place};

const COLUMNS: &str = "appointment_id, enterprise_id, manager_id, from_date, end_date, end_reason, place,
    prior_end_date, created_at, updated_at, version";

#[derive(sqlx::FromRow)]
struct Row {
    appointment_id: Uuid,
    enterprise_id: Uuid,
    manager_id: Uuid,
    from_date: NaiveDate,
    end_date: Option<NaiveDate>,
    end_reason: Option<String>,
    place: Option<i64>,
    prior_end_date: Option<NaiveDate>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
}

impl TryFrom<Row> for Appointment {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let unreadable = || Error::unreadable("appointment", "end_reason", &row.appointment_id);
        let end = match (row.end_date, &row.end_reason) {
            (None, _) => None,
            (Some(date), reason) => {
                let reason = reason.as_deref().and_then(end_reason).ok_or_else(unreadable)?;
                Some(End { date, reason })
            }
        };
        Ok(Self {
            id: AppointmentId::new(row.appointment_id),
            enterprise: EnterpriseId::new(row.enterprise_id),
            manager: AccountId::new(row.manager_id),
            from: row.from_date,
            end,
            place: row.place.map(|number| Place { number, after: row.prior_end_date }),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: Version::new(row.version),
        })
    }
}

pub(crate) async fn find(tx: &mut Tx, id: AppointmentId) -> Result<Option<Appointment>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM appointment WHERE appointment_id = $1");
    store::row!(tx, "get the appointment", Row, sql, id.uuid())?.map(TryInto::try_into).transpose()
}

/// The course of one enterprise. To change it, lock the enterprise first.
pub(crate) async fn course(tx: &mut Tx, enterprise: EnterpriseId) -> Result<Course, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM appointment WHERE enterprise_id = $1 AND place IS NOT NULL ORDER BY place"
    );
    let rows = store::rows!(tx, "get the course of appointments", Row, sql, enterprise.uuid())?;
    rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<_>, _>>().map(Course::new)
}

/// The courses of several enterprises, in the order of the ids given.
pub(crate) async fn courses(
    tx: &mut Tx,
    enterprises: &[EnterpriseId],
) -> Result<Vec<(EnterpriseId, Course)>, Error> {
    let rows = Select::new(format!("SELECT {COLUMNS} FROM appointment"))
        .filter_by(Filter::in_list("enterprise_id", enterprises.iter().map(|id| id.uuid())))
        .rows::<Row>(tx, "get the courses of appointments")
        .await?;
    let all: Vec<Appointment> = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    let of =
        |enterprise| Course::new(all.iter().filter(move |known| known.enterprise == enterprise).cloned());
    Ok(enterprises.iter().map(|enterprise| (*enterprise, of(*enterprise))).collect())
}

/// Which appointments are wanted; `None` lets every one pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub manager: Option<AccountId>,
    pub enterprise: Option<EnterpriseId>,
    /// A day on which they are in force.
    pub on: Option<NaiveDate>,
}

impl Wanted {
    fn filter(&self, scope: &Scope, today: NaiveDate) -> Filter {
        let Self { manager, enterprise, on } = self;
        let conditions = [
            manager.map(|manager| Filter::new("manager_id = ?", binds![manager.uuid()])),
            enterprise.map(|enterprise| Filter::new("enterprise_id = ?", binds![enterprise.uuid()])),
            on.map(|day| in_force("appointment", day)),
            Some(visible(scope, "enterprise_id", today)),
        ];
        Filter::all(conditions.into_iter().flatten())
    }
}

/// Appointments in force on a day.
pub(super) fn in_force(table: &str, day: NaiveDate) -> Filter {
    let sql = format!("{table}.from_date <= ? AND ({table}.end_date IS NULL OR ? < {table}.end_date)");
    Filter::new(sql, binds![day, day])
}

/// One page of those wanted within the scope, in the order of entry.
pub(crate) async fn list(
    tx: &mut Tx,
    wanted: &Wanted,
    scope: &Scope,
    today: NaiveDate,
    after: Option<AppointmentId>,
    size: PageSize,
) -> Result<Vec<Appointment>, Error> {
    let rows = Select::new(format!("SELECT {COLUMNS} FROM appointment"))
        .filter_by(wanted.filter(scope, today))
        .filter_some("appointment_id > ?", after.map(AppointmentId::uuid))
        .raw(" ORDER BY appointment_id")
        .limit(size.limit())
        .rows::<Row>(tx, "list the appointments")
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// How many are wanted within the scope.
pub(crate) async fn count(
    tx: &mut Tx,
    wanted: &Wanted,
    scope: &Scope,
    today: NaiveDate,
) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM appointment")
        .filter_by(wanted.filter(scope, today))
        .scalar(tx, "count the appointments")
        .await
}

/// Fails on `appointment_place_key`, or on the reference to the one before, when the course has changed.
pub(crate) fn insert(batch: &mut Batch, appointment: &Appointment) {
    let Appointment { id, enterprise, manager, from, end, place, created_at, updated_at, version } =
        appointment;
    let (number, prior_number, prior_end) = place_columns(*place);
    batch.add(
        "enter the appointment",
        "INSERT INTO appointment (appointment_id, enterprise_id, manager_id, from_date, end_date, end_reason, place,
            prior_place, prior_end_date, created_at, updated_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        binds![
            id.uuid(),
            enterprise.uuid(),
            manager.uuid(),
            *from,
            end.map(|end| end.date),
            end.map(|end| end_reason_text(end.reason)),
            number,
            prior_number,
            prior_end,
            *created_at,
            *updated_at,
            version.number()
        ],
    );
}

/// Writes the end of an appointment over its version `before`.
pub(crate) fn save(batch: &mut Batch, appointment: &Appointment, before: Version) {
    let (number, prior_number, prior_end) = place_columns(appointment.place);
    batch.add_one(
        "end the appointment",
        "UPDATE appointment
        SET end_date = $3, end_reason = $4, place = $5, prior_place = $6, prior_end_date = $7, updated_at = $8,
            version = $9
        WHERE appointment_id = $1 AND version = $2",
        binds![
            appointment.id.uuid(),
            before.number(),
            appointment.end.map(|end| end.date),
            appointment.end.map(|end| end_reason_text(end.reason)),
            number,
            prior_number,
            prior_end,
            appointment.updated_at,
            appointment.version.number()
        ],
    );
}

fn place_columns(place: Option<Place>) -> (Option<i64>, Option<i64>, Option<NaiveDate>) {
    match place {
        None => (None, None, None),
        Some(Place { number, after }) => (Some(number), after.map(|_| number - 1), after),
    }
}

fn end_reason_text(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Ended => "ended",
        EndReason::HandedOver => "handed_over",
        EndReason::EnterpriseRetired => "enterprise_retired",
    }
}

fn end_reason(text: &str) -> Option<EndReason> {
    [EndReason::Ended, EndReason::HandedOver, EndReason::EnterpriseRetired]
        .into_iter()
        .find(|reason| end_reason_text(*reason) == text)
}
