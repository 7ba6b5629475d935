//! Enterprises in the database.

use access::Scope;
use chrono::NaiveDate;
use kernel::{AccountId, EnterpriseId, PageSize, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{literal, visible};
use crate::domain::{
    codes::{DivisionPrefix, IndustryPrefix},
    enterprise::{Details, Enterprise},
    scale::{Indicators, Scale},
    text::NamePart,
    uscc::Uscc,
};

/// The constraint that a second enterprise with the same credit code fails on.
pub(crate) const USCC_KEY: &str = "enterprise_uscc_key";

const COLUMNS: &str =
    "enterprise_id, uscc, name, industry_code, division_code, address, employees, revenue_yuan,
    assets_yuan, created_at, updated_at, retired_at, version";

#[derive(sqlx::FromRow)]
struct Row {
    enterprise_id: Uuid,
    uscc: String,
    name: String,
    industry_code: String,
    division_code: String,
    address: String,
    employees: Option<i64>,
    revenue_yuan: Option<i64>,
    assets_yuan: Option<i64>,
    created_at: Timestamp,
    updated_at: Timestamp,
    retired_at: Option<Timestamp>,
    version: i64,
}

impl TryFrom<Row> for Enterprise {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let unreadable = |column| Error::unreadable("enterprise", column, &row.enterprise_id);
        Ok(Self {
            id: EnterpriseId::new(row.enterprise_id),
            uscc: row.uscc.parse().map_err(|_| unreadable("uscc"))?,
            details: Details {
                name: row.name.parse().map_err(|_| unreadable("name"))?,
                industry: row.industry_code.parse().map_err(|_| unreadable("industry_code"))?,
                division: row.division_code.parse().map_err(|_| unreadable("division_code"))?,
                address: row.address.parse().map_err(|_| unreadable("address"))?,
                indicators: Indicators {
                    employees: row.employees,
                    revenue_yuan: row.revenue_yuan,
                    assets_yuan: row.assets_yuan,
                },
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
            retired_at: row.retired_at,
            version: Version::new(row.version),
        })
    }
}

/// Locks the enterprise until the transaction ends, and with it the list of its members and the course of its
/// appointments: whoever changes those locks it first. `None`: no such enterprise.
pub(crate) async fn lock(tx: &mut Tx, id: EnterpriseId) -> Result<Option<Enterprise>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM enterprise WHERE enterprise_id = $1{}", tx.for_update());
    store::row!(tx, "lock the enterprise", Row, sql, id.uuid())?.map(TryInto::try_into).transpose()
}

/// Locks the enterprises to which the manager is appointed on `day` or later, in the order of their ids.
pub(crate) async fn lock_managed(
    tx: &mut Tx,
    manager: AccountId,
    day: NaiveDate,
) -> Result<Vec<EnterpriseId>, Error> {
    let sql = format!(
        "SELECT enterprise_id FROM enterprise
        WHERE enterprise_id IN (
            SELECT enterprise_id FROM appointment
            WHERE manager_id = $1 AND place IS NOT NULL AND (end_date IS NULL OR $2 < end_date)
        )
        ORDER BY enterprise_id{}",
        tx.for_update()
    );
    let ids = store::rows!(tx, "lock the manager's enterprises", (Uuid,), sql, manager.uuid(), day)?;
    Ok(ids.into_iter().map(|(id,)| EnterpriseId::new(id)).collect())
}

/// The enterprise, if it exists and lies within the scope.
pub(crate) async fn find(
    tx: &mut Tx,
    id: EnterpriseId,
    scope: &Scope,
    today: NaiveDate,
) -> Result<Option<Enterprise>, Error> {
    Select::new(format!("SELECT {COLUMNS} FROM enterprise"))
        .filter("enterprise_id = ?", id.uuid())
        .filter_by(visible(scope, "enterprise_id", today))
        .row::<Row>(tx, "get the enterprise")
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// Which enterprises are wanted; `None` lets every one pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub ids: Option<Vec<EnterpriseId>>,
    pub name: Option<NamePart>,
    pub uscc: Option<Uscc>,
    pub division: Option<DivisionPrefix>,
    pub industry: Option<IndustryPrefix>,
    pub scale: Option<ScaleWanted>,
    pub served: Option<bool>,
    /// Manager on the day of the call.
    pub manager: Option<AccountId>,
}

/// A size to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScaleWanted {
    Is(Scale),
    Unknown,
}

impl Wanted {
    fn filter(&self, scope: &Scope, today: NaiveDate) -> Filter {
        let Self { ids, name, uscc, division, industry, scale, served, manager } = self;
        let like =
            |column, pattern: String| Filter::new(format!("{column} LIKE ? ESCAPE '\\'"), binds![pattern]);
        let managed = Scope { managed_by: *manager, ..Scope::default() };
        let conditions = [
            ids.as_ref().map(|ids| Filter::in_list("enterprise_id", ids.iter().map(|id| id.uuid()))),
            name.as_ref()
                .map(|name| like("name_key", format!("%{}%", literal(&name.as_str().to_lowercase())))),
            uscc.as_ref().map(|uscc| Filter::new("uscc = ?", binds![uscc.as_str()])),
            division.as_ref().map(|prefix| like("division_code", format!("{}%", prefix.as_str()))),
            industry.as_ref().map(|prefix| like("industry_code", format!("{}%", prefix.as_str()))),
            scale.map(|scale| {
                let scale = if let ScaleWanted::Is(scale) = scale { Some(scale) } else { None };
                Filter::new("scale = ?", binds![scale_text(scale)])
            }),
            served.map(|served| {
                Filter::new(if served { "retired_at IS NULL" } else { "retired_at IS NOT NULL" }, [])
            }),
            manager.map(|_| visible(&managed, "enterprise_id", today)),
            Some(visible(scope, "enterprise_id", today)),
        ];
        Filter::all(conditions.into_iter().flatten())
    }
}

/// One page of those wanted within the scope, in the order of entry.
pub(crate) async fn list(
    tx: &mut Tx,
    wanted: &Wanted,
    scope: &Scope,
    today: NaiveDate,
    after: Option<EnterpriseId>,
    size: PageSize,
) -> Result<Vec<Enterprise>, Error> {
    let rows = Select::new(format!("SELECT {COLUMNS} FROM enterprise"))
        .filter_by(wanted.filter(scope, today))
        .filter_some("enterprise_id > ?", after.map(EnterpriseId::uuid))
        .raw(" ORDER BY enterprise_id")
        .limit(size.limit())
        .rows::<Row>(tx, "list the enterprises")
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
    Select::new("SELECT COUNT(*) FROM enterprise")
        .filter_by(wanted.filter(scope, today))
        .scalar(tx, "count the enterprises")
        .await
}

/// Fails on [`USCC_KEY`] when the credit code is taken.
pub(crate) fn insert(batch: &mut Batch, enterprise: &Enterprise) {
    let Enterprise { id, uscc, details, created_at, updated_at, retired_at, version } = enterprise;
    let Details { name, industry, division, address, indicators } = details;
    batch.add(
        "enter the enterprise",
        "INSERT INTO enterprise (enterprise_id, uscc, name, name_key, industry_code, division_code, address,
            employees, revenue_yuan, assets_yuan, scale, created_at, updated_at, retired_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        binds![
            id.uuid(),
            uscc.as_str(),
            name.as_str(),
            name.as_str().to_lowercase(),
            industry.as_str(),
            division.as_str(),
            address.as_str(),
            indicators.employees,
            indicators.revenue_yuan,
            indicators.assets_yuan,
            scale_text(enterprise.scale()),
            *created_at,
            *updated_at,
            *retired_at,
            version.number()
        ],
    );
}

/// Writes the enterprise over its version `before`.
pub(crate) fn save(batch: &mut Batch, enterprise: &Enterprise, before: Version) {
    let Enterprise { id, uscc: _, details, created_at: _, updated_at, retired_at, version } = enterprise;
    let Details { name, industry, division, address, indicators } = details;
    batch.add_one(
        "change the enterprise",
        "UPDATE enterprise
        SET name = $3, name_key = $4, industry_code = $5, division_code = $6, address = $7, employees = $8,
            revenue_yuan = $9, assets_yuan = $10, scale = $11, updated_at = $12, retired_at = $13, version = $14
        WHERE enterprise_id = $1 AND version = $2",
        binds![
            id.uuid(),
            before.number(),
            name.as_str(),
            name.as_str().to_lowercase(),
            industry.as_str(),
            division.as_str(),
            address.as_str(),
            indicators.employees,
            indicators.revenue_yuan,
            indicators.assets_yuan,
            scale_text(enterprise.scale()),
            *updated_at,
            *retired_at,
            version.number()
        ],
    );
}

fn scale_text(scale: Option<Scale>) -> &'static str {
    match scale {
        Some(Scale::Large) => "large",
        Some(Scale::Medium) => "medium",
        Some(Scale::Small) => "small",
        Some(Scale::Micro) => "micro",
        None => "unknown",
    }
}
