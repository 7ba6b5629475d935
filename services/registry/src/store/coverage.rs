//! Which enterprises with a manager were visited in a period.

use access::Scope;
use chrono::NaiveDate;
use kernel::{AccountId, EnterpriseId, PageSize};
use store::{Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{appointments::in_force, visible};

/// Each enterprise with a manager, beside its confirmed visits of the period. Takes the first and the last day.
const FROM: &str = "FROM appointment
    LEFT JOIN (
        SELECT enterprise_id, COUNT(*) AS n_visits, MAX(visit_date) AS last_visit_date
        FROM visit
        WHERE state = 'confirmed' AND visit_date BETWEEN ? AND ?
        GROUP BY enterprise_id
    ) AS visited ON visited.enterprise_id = appointment.enterprise_id";

/// Whose coverage is wanted, and of which period.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The day on which the managers are looked up.
    pub as_of: NaiveDate,
    pub manager: Option<AccountId>,
    /// Whether only those visited, or only those not visited.
    pub covered: Option<bool>,
}

impl Wanted {
    fn select(&self, columns: &str, scope: &Scope, today: NaiveDate) -> Select {
        let Self { from, to, as_of, manager, covered } = self;
        let conditions = [
            Some(in_force("appointment", *as_of)),
            manager.map(|manager| Filter::new("appointment.manager_id = ?", binds![manager.uuid()])),
            covered.map(|covered| {
                let sql = if covered { "visited.n_visits IS NOT NULL" } else { "visited.n_visits IS NULL" };
                Filter::new(sql, [])
            }),
            Some(visible(scope, "appointment.enterprise_id", today)),
        ];
        Select::new(format!("SELECT {columns} {FROM}"))
            .with(binds![*from, *to])
            .filter_by(Filter::all(conditions.into_iter().flatten()))
    }
}

/// One enterprise with its manager and its confirmed visits of the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Covered {
    pub enterprise: EnterpriseId,
    pub manager: AccountId,
    pub n_visits: i64,
    pub last_visit_date: Option<NaiveDate>,
}

#[derive(sqlx::FromRow)]
struct Row {
    enterprise_id: Uuid,
    manager_id: Uuid,
    n_visits: i64,
    last_visit_date: Option<NaiveDate>,
}

/// One page of the enterprises wanted within the scope, in the order of entry.
pub(crate) async fn list(
    tx: &mut Tx,
    wanted: &Wanted,
    scope: &Scope,
    today: NaiveDate,
    after: Option<EnterpriseId>,
    size: PageSize,
) -> Result<Vec<Covered>, Error> {
    let columns =
        "appointment.enterprise_id, appointment.manager_id, COALESCE(visited.n_visits, 0) AS n_visits,
        visited.last_visit_date";
    let rows = wanted
        .select(columns, scope, today)
        .filter_some("appointment.enterprise_id > ?", after.map(EnterpriseId::uuid))
        .raw(" ORDER BY appointment.enterprise_id")
        .limit(size.limit())
        .rows::<Row>(tx, "list the coverage")
        .await?;
    let covered = |Row { enterprise_id, manager_id, n_visits, last_visit_date }| Covered {
        enterprise: EnterpriseId::new(enterprise_id),
        manager: AccountId::new(manager_id),
        n_visits,
        last_visit_date,
    };
    Ok(rows.into_iter().map(covered).collect())
}

/// How many enterprises are wanted within the scope.
pub(crate) async fn count(
    tx: &mut Tx,
    wanted: &Wanted,
    scope: &Scope,
    today: NaiveDate,
) -> Result<i64, Error> {
    wanted.select("COUNT(*)", scope, today).scalar(tx, "count the coverage").await
}
