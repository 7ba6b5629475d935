//! Lists of orders: those that the viewer sees, and among them those that are asked for.

use access::Scope;
use chrono::DateTime;
use kernel::{DepartmentId, EnterpriseId, OfferingId, Timestamp};
use store::{Bind, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{TITLE, read_fold};
use crate::{
    domain::{
        Code, Light,
        order::{Order, State},
    },
    store::issues::Viewer,
};

/// Which orders are meant; what is empty restricts nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderFilter {
    pub states: Vec<State>,
    pub lights: Vec<Light>,
    pub kinds: Vec<Code>,
    pub offering: Option<OfferingId>,
    pub enterprise: Option<EnterpriseId>,
    pub department: Option<DepartmentId>,
    pub open_only: bool,
    pub overdue_only: bool,
}

/// What comes first in a list; ties go by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Newest,
    NextDue,
}

/// The last row of a page: what it is ordered by, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Microseconds since 1970; `None`: no clock runs.
    at: Option<i64>,
    id: Uuid,
}

/// One page of the orders that a viewer sees, each with the title of its offering, without texts.
pub(crate) async fn list(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    filter: &OrderFilter,
    sort: Sort,
    after: Option<&Cursor>,
    limit: i64,
) -> Result<Vec<(Order, String)>, Error> {
    let select = page("SELECT", viewer, filter, sort, after).limit(limit);
    let rows = select.rows::<(Uuid, String, Option<String>)>(tx, "list the orders").await?;
    rows.into_iter()
        .map(|(id, fold, title)| {
            let title = title.ok_or_else(|| Error::unreadable("service_order", "offering_id", &id))?;
            Ok((read_fold(id, &fold)?, title))
        })
        .collect()
}

/// The query of [`list`], without its limit.
pub(super) fn page(
    select: &str,
    viewer: &Viewer<'_>,
    filter: &OrderFilter,
    sort: Sort,
    after: Option<&Cursor>,
) -> Select {
    let columns = format!("order_id, CAST(fold AS TEXT) AS fold, {TITLE} AS offering_title");
    let select = Select::new(format!("{select} {columns} FROM service_order"))
        .filter_by(sees(viewer))
        .filter_by(filter.condition(viewer.now));
    let select = match after {
        Some(cursor) => select.filter_by(sort.beyond(cursor)),
        None => select,
    };
    select.raw(sort.sql())
}

/// How many orders [`list`] lists on all pages.
pub(crate) async fn count(tx: &mut Tx, viewer: &Viewer<'_>, filter: &OrderFilter) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM service_order")
        .filter_by(sees(viewer))
        .filter_by(filter.condition(viewer.now))
        .scalar(tx, "count the orders")
        .await
}

/// The orders in sight: the same as the facts of each single one tell.
fn sees(viewer: &Viewer<'_>) -> Filter {
    let Scope { all, enterprises, managed_by, departments, sections: _, assignee: _, owner: _ } =
        viewer.scope;
    if *all {
        return Filter::all([]);
    }
    let parts = [
        ("enterprise_id", enterprises.iter().map(|id| id.uuid()).collect::<Vec<_>>()),
        ("department_id", departments.iter().map(|id| id.uuid()).collect()),
    ];
    let parts =
        parts.into_iter().filter(|(_, ids)| !ids.is_empty()).map(|(name, ids)| Filter::in_list(name, ids));
    let managed = managed_by.map(|manager| {
        Filter::new(
            "enterprise_id IN (
                SELECT enterprise_id FROM firm_manager
                WHERE manager_id = ? AND from_date <= ? AND (end_date IS NULL OR ? < end_date)
            )",
            binds![manager.uuid(), viewer.today, viewer.today],
        )
    });
    Filter::any(parts.chain(managed))
}

impl OrderFilter {
    fn condition(&self, now: Timestamp) -> Filter {
        let mut parts = Vec::new();
        if !self.states.is_empty() {
            parts.push(Filter::in_list("state", self.states.iter().map(|state| state.name())));
        }
        if !self.kinds.is_empty() {
            parts.push(Filter::in_list("kind", self.kinds.iter().map(Code::as_str)));
        }
        if !self.lights.is_empty() {
            parts.push(Filter::any(self.lights.iter().map(|light| shows(*light, now))));
        }
        let mut value = |sql: &str, value: Option<Bind>| {
            parts.extend(value.map(|value| Filter::new(sql, [value])));
        };
        value("offering_id = ?", self.offering.map(|id| id.uuid().into()));
        value("enterprise_id = ?", self.enterprise.map(|id| id.uuid().into()));
        value("department_id = ?", self.department.map(|id| id.uuid().into()));
        value("due_at < ?", self.overdue_only.then_some(now).map(Bind::from));
        if self.open_only {
            parts.push(Filter::new("closed_at IS NULL", []));
        }
        Filter::all(parts)
    }
}

/// As `order::Lights` tells a light, in SQL.
fn shows(light: Light, now: Timestamp) -> Filter {
    match light {
        Light::Off => Filter::new("closed_at IS NOT NULL", []),
        Light::Red => Filter::new("closed_at IS NULL AND red_at < ?", binds![now]),
        Light::Yellow => Filter::new(
            "closed_at IS NULL AND yellow_at <= ? AND (red_at IS NULL OR red_at >= ?)",
            binds![now, now],
        ),
        Light::Green => Filter::new(
            "closed_at IS NULL AND (yellow_at IS NULL OR yellow_at > ?) AND (red_at IS NULL OR red_at >= ?)",
            binds![now, now],
        ),
    }
}

impl Sort {
    const fn sql(self) -> &'static str {
        match self {
            Self::Newest => " ORDER BY placed_at DESC, order_id DESC",
            Self::NextDue => " ORDER BY due_at NULLS LAST, order_id",
        }
    }

    /// `due_at` is when the clock that runs is due.
    pub(crate) fn cursor(self, order: &Order, due_at: Option<Timestamp>) -> Cursor {
        let at = match self {
            Self::Newest => Some(order.placed_at),
            Self::NextDue => due_at,
        };
        Cursor { at: at.map(|at| at.timestamp_micros()), id: order.id.uuid() }
    }

    /// The rows that follow the cursor.
    fn beyond(self, cursor: &Cursor) -> Filter {
        match (self, cursor.at.and_then(DateTime::from_timestamp_micros)) {
            (Self::Newest, Some(at)) => Filter::new("(placed_at, order_id) < (?, ?)", binds![at, cursor.id]),
            (Self::NextDue, Some(at)) => Filter::any([
                Filter::new("(due_at, order_id) > (?, ?)", binds![at, cursor.id]),
                Filter::new("due_at IS NULL", []),
            ]),
            (_, None) => Filter::new("due_at IS NULL AND order_id > ?", binds![cursor.id]),
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            Some(at) => write!(f, "{at}/{}", self.id),
            None => write!(f, "-/{}", self.id),
        }
    }
}

impl std::str::FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (at, id) = text.split_once('/').ok_or(InvalidCursor)?;
        let at = if at == "-" { None } else { Some(at.parse().map_err(|_| InvalidCursor)?) };
        Ok(Self { at, id: id.parse().map_err(|_| InvalidCursor)? })
    }
}

/// Text that is no cursor of a list of orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no cursor of a list of orders")]
pub(crate) struct InvalidCursor;
