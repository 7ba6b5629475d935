//! Running clocks, next due first.

use kernel::Timestamp;
use store::{Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{
    filter::Viewer,
    issues::{self, IssueFilter},
};
use crate::domain::{ClockId, ClockKey, Issue};

/// Which running clocks are meant, among those of the issues that the viewer sees.
#[derive(Debug, Clone, Default)]
pub(crate) struct DueFilter {
    /// Due before then.
    pub before: Option<Timestamp>,
    /// Of these kinds; empty for all.
    pub clocks: Vec<ClockId>,
    pub issues: IssueFilter,
}

/// A running clock.
#[derive(Debug, Clone)]
pub(crate) struct DueClock {
    pub issue: Issue,
    pub title: String,
    pub clock: ClockKey,
    pub due_at: Timestamp,
}

/// The last row of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DueCursor {
    due_micros: i64,
    issue: Uuid,
    clock: ClockKey,
}

/// A page of the clocks, next due first.
pub(crate) async fn due(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    filter: &DueFilter,
    after: Option<&DueCursor>,
    limit: i64,
) -> Result<Vec<DueClock>, Error> {
    let rows = page("SELECT", viewer, filter, after)
        .limit(limit)
        .rows::<(Uuid, String, Timestamp, String, String)>(tx, "list what is due")
        .await?;
    rows.into_iter()
        .map(|(issue_id, clock, due_at, title, fold)| {
            let clock = clock.parse().map_err(|_| Error::unreadable("deadline", "clock", &issue_id))?;
            Ok(DueClock { issue: issues::read_fold(issue_id, &fold)?, title, clock, due_at })
        })
        .collect()
}

/// How far [`count_due`] counts. Who has more clocks than that works from the first page, and what a page costs must
/// not grow with what is open.
pub(crate) const MAX_COUNTED: i64 = 1_000;

/// How many clocks [`due`] lists on all pages; one more than [`MAX_COUNTED`] stands for all beyond it.
pub(crate) async fn count_due(tx: &mut Tx, viewer: &Viewer<'_>, filter: &DueFilter) -> Result<i64, Error> {
    // A thousand looks at issues take longer the more of them there are: whoever sees them all is counted for without.
    let any_issue = viewer.sees().keeps_all() && filter.issues.condition(viewer.now).keeps_all();
    let from = if any_issue { format!("FROM deadline WHERE {RUNNING}") } else { from() };
    let counted = conditions(Select::new(format!("SELECT 1 {from}")), viewer, filter).limit(MAX_COUNTED + 1);
    Select::of_all("SELECT COUNT(*) FROM", [counted], "counted").scalar(tx, "count what is due").await
}

const RUNNING: &str = "deadline.stopped_at IS NULL AND deadline.paused_at IS NULL";

fn from() -> String {
    format!("FROM deadline JOIN issue ON issue.issue_id = deadline.issue_id WHERE {RUNNING}")
}

fn page(select: &str, viewer: &Viewer<'_>, filter: &DueFilter, after: Option<&DueCursor>) -> Select {
    let columns =
        "deadline.issue_id, deadline.clock, deadline.due_at, issue.title, CAST(issue.fold AS TEXT) AS fold";
    let select = conditions(Select::new(format!("{select} {columns} {}", from())), viewer, filter);
    let select = match after {
        Some(DueCursor { due_micros, issue, clock }) => select.filter_by(Filter::new(
            "(deadline.due_at, deadline.issue_id, deadline.clock) > (?, ?, ?)",
            binds![
                Timestamp::from_timestamp_micros(*due_micros).unwrap_or_default(),
                *issue,
                clock.to_string()
            ],
        )),
        None => select,
    };
    select.raw(" ORDER BY deadline.due_at, deadline.issue_id, deadline.clock")
}

fn conditions(select: Select, viewer: &Viewer<'_>, filter: &DueFilter) -> Select {
    let of_kind = |clock: &ClockId| {
        Filter::new(
            "deadline.clock = ? OR deadline.clock LIKE ?",
            binds![clock.name(), format!("{}.%", clock.name())],
        )
    };
    let select = select
        .filter_some("deadline.due_at < ?", filter.before)
        .filter_by(viewer.sees())
        .filter_by(filter.issues.condition(viewer.now));
    if filter.clocks.is_empty() {
        select
    } else {
        select.filter_by(Filter::any(filter.clocks.iter().map(of_kind)))
    }
}

impl DueClock {
    pub(crate) fn cursor(&self) -> DueCursor {
        let due_micros = self.due_at.timestamp_micros();
        DueCursor { due_micros, issue: self.issue.id.uuid(), clock: self.clock }
    }
}

impl std::fmt::Display for DueCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.due_micros, self.issue, self.clock)
    }
}

impl std::str::FromStr for DueCursor {
    type Err = InvalidDueCursor;

    fn from_str(text: &str) -> Result<Self, InvalidDueCursor> {
        let mut parts = text.split('/');
        let (Some(due), Some(issue), Some(clock), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidDueCursor);
        };
        Ok(Self {
            due_micros: due.parse().map_err(|_| InvalidDueCursor)?,
            issue: issue.parse().map_err(|_| InvalidDueCursor)?,
            clock: clock.parse().map_err(|_| InvalidDueCursor)?,
        })
    }
}

/// Text that is no cursor of a list of clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no cursor of a list of clocks")]
pub(crate) struct InvalidDueCursor;

#[cfg(test)]
mod tests;
