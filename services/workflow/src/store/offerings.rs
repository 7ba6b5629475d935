//! What departments offer.

use kernel::{DepartmentId, OfferingId, Timestamp, Version};
use sqlx::FromRow;
use store::{Batch, Bind, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use crate::domain::{Code, order::Offering};

#[derive(FromRow)]
struct Row {
    offering_id: Uuid,
    department_id: Uuid,
    kind: String,
    title: String,
    audience: String,
    description: String,
    capacity: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    retired_at: Option<Timestamp>,
    version: i64,
}

const COLUMNS: &str =
    "SELECT offering_id, department_id, kind, title, audience, description, capacity, created_at,
        updated_at, retired_at, version
    FROM service_offering";

/// Which offerings are meant; what is empty restricts nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfferingFilter {
    pub department: Option<DepartmentId>,
    pub kinds: Vec<Code>,
    pub include_retired: bool,
}

/// Locks the offering until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: OfferingId) -> Result<Option<Offering>, Error> {
    let sql = format!("{COLUMNS} WHERE offering_id = $1{}", tx.for_update());
    store::row!(tx, "lock the offering", Row, sql, id.uuid())?.map(Row::read).transpose()
}

pub(crate) async fn find(tx: &mut Tx, id: OfferingId) -> Result<Option<Offering>, Error> {
    let sql = format!("{COLUMNS} WHERE offering_id = $1");
    store::row!(tx, "get the offering", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// A page of offerings, the newest first, beyond the time and id of `after`.
pub(crate) async fn list(
    tx: &mut Tx,
    filter: &OfferingFilter,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Offering>, Error> {
    let mut select = Select::new(COLUMNS).filter_by(filter.condition());
    if let Some((at, id)) = after {
        select = select.filter_by(Filter::new("(created_at, offering_id) < (?, ?)", binds![at, id]));
    }
    let select = select.raw(" ORDER BY created_at DESC, offering_id DESC").limit(limit);
    let rows = select.rows::<Row>(tx, "list the offerings").await?;
    rows.into_iter().map(Row::read).collect()
}

/// How many offerings [`list`] lists on all pages.
pub(crate) async fn count(tx: &mut Tx, filter: &OfferingFilter) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM service_offering")
        .filter_by(filter.condition())
        .scalar(tx, "count the offerings")
        .await
}

pub(crate) fn insert(batch: &mut Batch, offering: &Offering) {
    let mut values = columns(offering);
    values.push(offering.created_at.into());
    batch.add(
        "insert the offering",
        "INSERT INTO service_offering (offering_id, department_id, kind, title, audience, description, capacity,
            updated_at, retired_at, version, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        values,
    );
}

/// Writes the offering over the version `before`.
pub(crate) fn save(batch: &mut Batch, offering: &Offering, before: Version) {
    let mut values = columns(offering);
    values.push(before.number().into());
    batch.add_one(
        "save the offering",
        "UPDATE service_offering
        SET department_id = $2, kind = $3, title = $4, audience = $5, description = $6, capacity = $7,
            updated_at = $8, retired_at = $9, version = $10
        WHERE offering_id = $1 AND version = $11",
        values,
    );
}

fn columns(offering: &Offering) -> Vec<Bind> {
    binds![
        offering.id.uuid(),
        offering.department.uuid(),
        offering.kind.as_str(),
        offering.title.as_str(),
        offering.audience.as_str(),
        offering.description.as_str(),
        i64::from(offering.capacity),
        offering.updated_at,
        offering.retired_at,
        offering.version.number()
    ]
}

impl OfferingFilter {
    fn condition(&self) -> Filter {
        let Self { department, kinds, include_retired } = self;
        let mut parts = Vec::new();
        parts.extend(department.map(|id| Filter::new("department_id = ?", binds![id.uuid()])));
        if !kinds.is_empty() {
            parts.push(Filter::in_list("kind", kinds.iter().map(Code::as_str)));
        }
        if !include_retired {
            parts.push(Filter::new("retired_at IS NULL", []));
        }
        Filter::all(parts)
    }
}

impl Row {
    fn read(self) -> Result<Offering, Error> {
        let unreadable = |column| Error::unreadable("service_offering", column, &self.offering_id);
        Ok(Offering {
            id: OfferingId::new(self.offering_id),
            department: DepartmentId::new(self.department_id),
            kind: self.kind.parse().map_err(|_| unreadable("kind"))?,
            title: self.title.parse().map_err(|_| unreadable("title"))?,
            capacity: u32::try_from(self.capacity).map_err(|_| unreadable("capacity"))?,
            audience: self.audience,
            description: self.description,
            created_at: self.created_at,
            updated_at: self.updated_at,
            retired_at: self.retired_at,
            version: Version::new(self.version),
        })
    }
}
