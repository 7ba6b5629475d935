//! Policy packs and working calendars that operators have stored. Rows are never changed.

use kernel::{AccountId, Timestamp};
use sqlx::FromRow;
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use crate::domain::PolicyVersion;

/// A text that somebody stored under a version.
#[derive(Debug, Clone)]
pub(crate) struct Stored<V> {
    pub version: V,
    pub text: String,
    pub at: Timestamp,
    pub by: AccountId,
}

#[derive(FromRow)]
struct PackRow {
    name: String,
    version: i64,
    body: String,
    created_at: Timestamp,
    created_by: Uuid,
}

#[derive(FromRow)]
struct CalendarRow {
    version: String,
    body: String,
    created_at: Timestamp,
    created_by: Uuid,
}

/// Fails with `policy_pack_pkey` if there is that version.
pub(crate) fn insert_pack(batch: &mut Batch, pack: &Stored<PolicyVersion>) {
    let Stored { version, text, at, by } = pack;
    batch.add(
        "store the policy pack",
        "INSERT INTO policy_pack (name, version, body, created_at, created_by) VALUES ($1, $2, $3, $4, $5)",
        binds![version.pack.as_str(), i64::from(version.number), text.as_str(), *at, by.uuid()],
    );
}

/// Fails with `working_calendar_pkey` if there is that version.
pub(crate) fn insert_calendar(batch: &mut Batch, calendar: &Stored<String>) {
    let Stored { version, text, at, by } = calendar;
    batch.add(
        "store the calendar",
        "INSERT INTO working_calendar (version, body, created_at, created_by) VALUES ($1, $2, $3, $4)",
        binds![version.as_str(), text.as_str(), *at, by.uuid()],
    );
}

pub(crate) async fn find_pack(
    tx: &mut Tx,
    version: &PolicyVersion,
) -> Result<Option<Stored<PolicyVersion>>, Error> {
    let sql = "SELECT name, version, body, created_at, created_by FROM policy_pack WHERE name = $1 AND version = $2";
    let (name, number) = (version.pack.as_str(), i64::from(version.number));
    store::row!(tx, "get the policy pack", PackRow, sql, name, number)?.map(PackRow::read).transpose()
}

pub(crate) async fn find_calendar(tx: &mut Tx, version: &str) -> Result<Option<Stored<String>>, Error> {
    let sql = "SELECT version, body, created_at, created_by FROM working_calendar WHERE version = $1";
    Ok(store::row!(tx, "get the calendar", CalendarRow, sql, version)?.map(CalendarRow::read))
}

/// A page of the packs by name and number, after a version.
pub(crate) async fn list_packs(
    tx: &mut Tx,
    after: Option<&PolicyVersion>,
    limit: i64,
) -> Result<Vec<Stored<PolicyVersion>>, Error> {
    let select = Select::new("SELECT name, version, body, created_at, created_by FROM policy_pack");
    let select = match after {
        Some(after) => select.filter_by(Filter::new(
            "(name, version) > (?, ?)",
            binds![after.pack.as_str(), i64::from(after.number)],
        )),
        None => select,
    };
    let rows = select
        .raw(" ORDER BY name, version")
        .limit(limit)
        .rows::<PackRow>(tx, "list the policy packs")
        .await?;
    rows.into_iter().map(PackRow::read).collect()
}

/// A page of the calendars by version, after one.
pub(crate) async fn list_calendars(
    tx: &mut Tx,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Stored<String>>, Error> {
    let rows = Select::new("SELECT version, body, created_at, created_by FROM working_calendar")
        .filter_some("version > ?", after)
        .raw(" ORDER BY version")
        .limit(limit)
        .rows::<CalendarRow>(tx, "list the calendars")
        .await?;
    Ok(rows.into_iter().map(CalendarRow::read).collect())
}

impl PackRow {
    fn read(self) -> Result<Stored<PolicyVersion>, Error> {
        let Self { name, version, body, created_at, created_by } = self;
        let text = format!("{name}/{version}");
        let version = text.parse().map_err(|_| Error::unreadable("policy_pack", "name", &text))?;
        Ok(Stored { version, text: body, at: created_at, by: AccountId::new(created_by) })
    }
}

impl CalendarRow {
    fn read(self) -> Stored<String> {
        let Self { version, body, created_at, created_by } = self;
        Stored { version, text: body, at: created_at, by: AccountId::new(created_by) }
    }
}
