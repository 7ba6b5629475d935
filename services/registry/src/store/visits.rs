//! Visits in the database.

use access::Scope;
use chrono::NaiveDate;
use kernel::{AccountId, AppointmentId, EnterpriseId, IssueId, PageSize, Timestamp, Version, VisitId};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::visible;
use crate::domain::{
    text::DisputeReason,
    visit::{Answer, Officials, Report, Visit, VisitKind, VisitState},
};

const COLUMNS: &str =
    "visit_id, enterprise_id, manager_id, appointment_id, visit_date, kind, officials, findings,
    issue_ids, state, dispute_reason, answered_by, answered_at, created_at, updated_at, version";

#[derive(sqlx::FromRow)]
struct Row {
    visit_id: Uuid,
    enterprise_id: Uuid,
    manager_id: Uuid,
    appointment_id: Uuid,
    visit_date: NaiveDate,
    kind: String,
    officials: i64,
    findings: String,
    issue_ids: sqlx::types::Json<Vec<IssueId>>,
    state: String,
    dispute_reason: Option<String>,
    answered_by: Option<Uuid>,
    answered_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
}

impl TryFrom<Row> for Visit {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let unreadable = |column| Error::unreadable("visit", column, &row.visit_id);
        Ok(Self {
            id: VisitId::new(row.visit_id),
            enterprise: EnterpriseId::new(row.enterprise_id),
            manager: AccountId::new(row.manager_id),
            appointment: AppointmentId::new(row.appointment_id),
            report: Report {
                date: row.visit_date,
                kind: kind(&row.kind).ok_or_else(|| unreadable("kind"))?,
                officials: Officials::try_new(row.officials).ok_or_else(|| unreadable("officials"))?,
                findings: row.findings.parse().map_err(|_| unreadable("findings"))?,
                issues: row.issue_ids.0,
            },
            state: state(&row.state).ok_or_else(|| unreadable("state"))?,
            dispute: row
                .dispute_reason
                .map(|reason| reason.parse())
                .transpose()
                .map_err(|_| unreadable("dispute_reason"))?,
            answer: row
                .answered_by
                .zip(row.answered_at)
                .map(|(by, at)| Answer { by: AccountId::new(by), at }),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: Version::new(row.version),
        })
    }
}

/// The visit, if it exists and lies within the scope.
pub(crate) async fn find(
    tx: &mut Tx,
    id: VisitId,
    scope: &Scope,
    today: NaiveDate,
) -> Result<Option<Visit>, Error> {
    Select::new(format!("SELECT {COLUMNS} FROM visit"))
        .filter("visit_id = ?", id.uuid())
        .filter_by(visible(scope, "enterprise_id", today))
        .row::<Row>(tx, "get the visit")
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// Which visits are wanted; `None` lets every one pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub enterprise: Option<EnterpriseId>,
    pub manager: Option<AccountId>,
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
    pub states: Option<Vec<VisitState>>,
}

impl Wanted {
    fn filter(&self, scope: &Scope, today: NaiveDate) -> Filter {
        let Self { enterprise, manager, from, to, states } = self;
        let conditions = [
            enterprise.map(|enterprise| Filter::new("enterprise_id = ?", binds![enterprise.uuid()])),
            manager.map(|manager| Filter::new("manager_id = ?", binds![manager.uuid()])),
            from.map(|day| Filter::new("visit_date >= ?", binds![day])),
            to.map(|day| Filter::new("visit_date <= ?", binds![day])),
            states
                .as_ref()
                .map(|states| Filter::in_list("state", states.iter().map(|state| state_text(*state)))),
            Some(visible(scope, "enterprise_id", today)),
        ];
        Filter::all(conditions.into_iter().flatten())
    }
}

/// Where a page of visits ends: the day and the id of its last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub date: NaiveDate,
    pub id: VisitId,
}

/// One page of those wanted within the scope, the latest first.
pub(crate) async fn list(
    tx: &mut Tx,
    wanted: &Wanted,
    scope: &Scope,
    today: NaiveDate,
    after: Option<Cursor>,
    size: PageSize,
) -> Result<Vec<Visit>, Error> {
    let earlier = |Cursor { date, id }| {
        Filter::new("visit_date < ? OR visit_date = ? AND visit_id < ?", binds![date, date, id.uuid()])
    };
    let rows = Select::new(format!("SELECT {COLUMNS} FROM visit"))
        .filter_by(wanted.filter(scope, today))
        .filter_by(after.map_or_else(|| Filter::all([]), earlier))
        .raw(" ORDER BY visit_date DESC, visit_id DESC")
        .limit(size.limit())
        .rows::<Row>(tx, "list the visits")
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
    Select::new("SELECT COUNT(*) FROM visit")
        .filter_by(wanted.filter(scope, today))
        .scalar(tx, "count the visits")
        .await
}

/// Sums over the visits wanted within the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Sums {
    /// Recorded or confirmed.
    pub visits: i64,
    /// Officials who took part in those.
    pub person_times: i64,
    pub confirmed: i64,
    pub disputed: i64,
    pub cancelled: i64,
}

pub(crate) async fn sums(
    tx: &mut Tx,
    wanted: &Wanted,
    scope: &Scope,
    today: NaiveDate,
) -> Result<Sums, Error> {
    let counted = VisitState::ALL.into_iter().filter(|state| state.counts());
    let counted = counted.map(|state| format!("'{}'", state_text(state))).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT
            COUNT(*) FILTER (WHERE state IN ({counted})) AS visits,
            CAST(COALESCE(SUM(officials) FILTER (WHERE state IN ({counted})), 0) AS BIGINT) AS person_times,
            COUNT(*) FILTER (WHERE state = 'confirmed') AS confirmed,
            COUNT(*) FILTER (WHERE state = 'disputed') AS disputed,
            COUNT(*) FILTER (WHERE state = 'cancelled') AS cancelled
        FROM visit"
    );
    let sums = Select::new(sql).filter_by(wanted.filter(scope, today)).row(tx, "sum the visits up").await?;
    Ok(sums.unwrap_or(Sums { visits: 0, person_times: 0, confirmed: 0, disputed: 0, cancelled: 0 }))
}

pub(crate) fn insert(batch: &mut Batch, visit: &Visit) {
    let Visit {
        id,
        enterprise,
        manager,
        appointment,
        report,
        state,
        dispute,
        answer,
        created_at,
        updated_at,
        version,
    } = visit;
    let Report { date, kind, officials, findings, issues } = report;
    let issue_ids = issues.iter().map(ToString::to_string).collect::<Vec<_>>();
    batch.add(
        "record the visit",
        "INSERT INTO visit (visit_id, enterprise_id, manager_id, appointment_id, visit_date, kind, officials,
            findings, issue_ids, state, dispute_reason, answered_by, answered_at, created_at, updated_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        binds![
            id.uuid(),
            enterprise.uuid(),
            manager.uuid(),
            appointment.uuid(),
            *date,
            kind_text(*kind),
            i64::from(officials.get()),
            findings.as_str(),
            serde_json::Value::from(issue_ids),
            state_text(*state),
            dispute.as_ref().map(DisputeReason::as_str),
            answer.map(|answer| answer.by.uuid()),
            answer.map(|answer| answer.at),
            *created_at,
            *updated_at,
            version.number()
        ],
    );
}

/// Writes a step over the visit's version `before`.
pub(crate) fn save(batch: &mut Batch, visit: &Visit, before: Version) {
    batch.add_one(
        "change the visit",
        "UPDATE visit
        SET state = $3, dispute_reason = $4, answered_by = $5, answered_at = $6, updated_at = $7, version = $8
        WHERE visit_id = $1 AND version = $2",
        binds![
            visit.id.uuid(),
            before.number(),
            state_text(visit.state),
            visit.dispute.as_ref().map(DisputeReason::as_str),
            visit.answer.map(|answer| answer.by.uuid()),
            visit.answer.map(|answer| answer.at),
            visit.updated_at,
            visit.version.number()
        ],
    );
}

fn kind_text(kind: VisitKind) -> &'static str {
    match kind {
        VisitKind::OnSite => "on_site",
        VisitKind::Remote => "remote",
        VisitKind::Meeting => "meeting",
    }
}

fn kind(text: &str) -> Option<VisitKind> {
    [VisitKind::OnSite, VisitKind::Remote, VisitKind::Meeting]
        .into_iter()
        .find(|kind| kind_text(*kind) == text)
}

fn state_text(state: VisitState) -> &'static str {
    match state {
        VisitState::Recorded => "recorded",
        VisitState::Confirmed => "confirmed",
        VisitState::Disputed => "disputed",
        VisitState::Cancelled => "cancelled",
    }
}

fn state(text: &str) -> Option<VisitState> {
    VisitState::ALL.into_iter().find(|state| state_text(*state) == text)
}
