//! What was not reckoned with yet: steps taken since, and what fell due since.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::{EnterpriseId, IssueId, Timestamp};
use sqlx::FromRow;
use store::{Error, Filter, Select, Tx};
use uuid::Uuid;

use crate::{
    domain::figure::{Mark, Marks, Subject},
    store::{figures::uncounted::History, filter::Viewer},
};

/// How far the sums have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The moment whose marks were added up.
    pub reckoned_at: Timestamp,
    pub published_at: Option<Timestamp>,
    /// Version of the limits that the public figures were last reckoned by.
    pub published_limits: Option<u32>,
}

const PROGRESS: &str =
    "SELECT reckoned_at, published_at, published_limits FROM figure_progress WHERE only_row = 1";

pub(crate) async fn progress(tx: &mut Tx) -> Result<Progress, Error> {
    read_progress(tx, PROGRESS.to_owned()).await
}

/// Locks the sums until the transaction ends: of all replicas one reckons at a time.
pub(crate) async fn lock(tx: &mut Tx) -> Result<Progress, Error> {
    let sql = format!("{PROGRESS}{}", tx.for_update());
    read_progress(tx, sql).await
}

async fn read_progress(tx: &mut Tx, sql: String) -> Result<Progress, Error> {
    type Row = (Timestamp, Option<Timestamp>, Option<i64>);
    let unreadable = |column| Error::unreadable("figure_progress", column, &1);
    let row = store::row!(tx, "read how far the sums have come", Row, sql)?;
    let (reckoned_at, published_at, limits) = row.ok_or_else(|| unreadable("only_row"))?;
    let published_limits =
        limits.map(u32::try_from).transpose().map_err(|_| unreadable("published_limits"))?;
    Ok(Progress { reckoned_at, published_at, published_limits })
}

/// Issues with steps that were not reckoned with, at most so many.
pub(crate) async fn due(tx: &mut Tx, limit: i64) -> Result<Vec<IssueId>, Error> {
    let rows = store::rows!(
        tx,
        "find the issues that have changed",
        (Uuid,),
        "SELECT DISTINCT issue_id FROM figure_due ORDER BY issue_id LIMIT $1",
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| IssueId::new(id)).collect())
}

/// Issues that became overdue after one moment and at the latest at another.
pub(crate) async fn turning(tx: &mut Tx, after: Timestamp, until: Timestamp) -> Result<Vec<IssueId>, Error> {
    let rows = store::rows!(
        tx,
        "find the issues that fell due",
        (Uuid,),
        "SELECT DISTINCT issue_id FROM figure_mark WHERE timed AND $1 < from_at AND from_at <= $2",
        after,
        until
    )?;
    Ok(rows.into_iter().map(|(id,)| IssueId::new(id)).collect())
}

/// The issues among these that a viewer sees.
pub(crate) async fn visible(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    ids: &[IssueId],
) -> Result<Vec<IssueId>, Error> {
    if viewer.scope.all || ids.is_empty() {
        return Ok(ids.to_vec());
    }
    let rows = Select::new("SELECT issue_id FROM issue")
        .filter_by(Filter::in_list("issue_id", ids.iter().map(|id| id.uuid())))
        .filter_by(viewer.sees())
        .raw(" ORDER BY issue_id")
        .rows::<(Uuid,)>(tx, "find the issues in sight")
        .await?;
    Ok(rows.into_iter().map(|(id,)| IssueId::new(id)).collect())
}

/// The whole history of each issue. One that cannot be read says so, and keeps nobody from reading the others.
pub(crate) async fn histories(tx: &mut Tx, ids: &[IssueId]) -> Result<BTreeMap<IssueId, History>, Error> {
    let mut histories: BTreeMap<IssueId, History> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(histories);
    }
    let rows = Select::new("SELECT issue_id, CAST(payload AS TEXT) AS payload FROM issue_event")
        .filter_by(Filter::in_list("issue_id", ids.iter().map(|id| id.uuid())))
        .raw(" ORDER BY issue_id, seq")
        .rows::<(Uuid, String)>(tx, "read histories")
        .await?;
    for (id, payload) in rows {
        let history = histories.entry(IssueId::new(id)).or_insert_with(|| Ok(Vec::new()));
        match (serde_json::from_str(&payload), history) {
            (Ok(event), Ok(events)) => events.push(event),
            (Err(_), history) => *history = Err(Error::unreadable("issue_event", "payload", &id)),
            (Ok(_), Err(_)) => {}
        }
    }
    Ok(histories)
}

#[derive(FromRow)]
struct MarkRow {
    issue_id: Uuid,
    kind: String,
    from_at: Timestamp,
    until_at: Option<Timestamp>,
    day: NaiveDate,
    flags: i64,
    took: Option<i64>,
    timed: bool,
}

#[derive(FromRow)]
struct SubjectRow {
    issue_id: Uuid,
    from_at: Timestamp,
    until_at: Option<Timestamp>,
    firm: Uuid,
    by_category: String,
    by_department: String,
    by_section: String,
    by_town: String,
    by_manager: String,
}

/// The marks of each issue as they were reckoned; those that never were have none.
pub(crate) async fn marks_of(tx: &mut Tx, ids: &[IssueId]) -> Result<BTreeMap<IssueId, Marks>, Error> {
    let mut found: BTreeMap<IssueId, Marks> = ids.iter().map(|id| (*id, Marks::default())).collect();
    if ids.is_empty() {
        return Ok(found);
    }
    let among = || Filter::in_list("issue_id", ids.iter().map(|id| id.uuid()));
    let marks =
        Select::new("SELECT issue_id, kind, from_at, until_at, day, flags, took, timed FROM figure_mark")
            .filter_by(among())
            .rows::<MarkRow>(tx, "read marks")
            .await?;
    for row in marks {
        let MarkRow { issue_id, kind, from_at, until_at, day, flags, took, timed } = row;
        let kind = kind.parse().map_err(|_| Error::unreadable("figure_mark", "kind", &issue_id))?;
        let mark = Mark { kind, from: from_at, until: until_at, day, flags, took, timed };
        found.entry(IssueId::new(issue_id)).or_default().marks.push(mark);
    }
    let subjects = Select::new(
        "SELECT issue_id, from_at, until_at, firm, by_category, by_department, by_section, by_town, by_manager
        FROM figure_subject",
    )
    .filter_by(among())
    .rows::<SubjectRow>(tx, "read what issues are grouped by")
    .await?;
    for row in subjects {
        let id = IssueId::new(row.issue_id);
        found.entry(id).or_default().subjects.push(row.read());
    }
    for marks in found.values_mut() {
        marks.marks.sort_by_key(|mark| (mark.kind, mark.from));
        marks.subjects.sort_by_key(|subject| subject.from);
    }
    Ok(found)
}

impl SubjectRow {
    fn read(self) -> Subject {
        Subject {
            from: self.from_at,
            until: self.until_at,
            firm: EnterpriseId::new(self.firm),
            category: self.by_category,
            department: self.by_department,
            section: self.by_section,
            town: self.by_town,
            manager: self.by_manager,
        }
    }
}
