//! Issues with running clocks, batch by batch in the order of their ids: for what has to look at them all. They are the
//! open ones, and merged ones whose firm has a vote.

use chrono::NaiveDate;
use kernel::IssueId;
use store::{Error, Tx};
use uuid::Uuid;

use super::{
    issues,
    rungs::{Due, DueRow},
};
use crate::{domain::Issue, store::firm_managers::MANAGER_ON_DAY};

/// The next issues with running clocks after one.
pub(crate) async fn after(tx: &mut Tx, after: IssueId, limit: i64) -> Result<Vec<Issue>, Error> {
    let rows = store::rows!(
        tx,
        "look at the issues with running clocks",
        (Uuid, String),
        "SELECT issue_id, CAST(fold AS TEXT) AS fold
        FROM issue
        WHERE (holder <> 'NOBODY' OR wake_at IS NOT NULL) AND issue_id > $1
        ORDER BY issue_id
        LIMIT $2",
        after.uuid(),
        limit
    )?;
    rows.iter().map(|(id, fold)| issues::read_fold(*id, fold)).collect()
}

/// Claims the next issues with running clocks after one that go by another calendar than this version. What another replica has
/// claimed is passed over.
pub(crate) async fn claim_with_other_calendar(
    tx: &mut Tx,
    version: &str,
    after: IssueId,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Due>, Error> {
    let sql = other_calendar_sql(tx.for_update_skip_locked());
    let rows = store::rows!(
        tx,
        "claim the issues with another calendar",
        DueRow,
        sql,
        version,
        today,
        after.uuid(),
        limit
    )?;
    Ok(rows.into_iter().map(Due::read).collect())
}

pub(super) fn other_calendar_sql(locking: &str) -> String {
    format!(
        "SELECT issue_id, CAST(fold AS TEXT) AS fold, link, {MANAGER_ON_DAY} AS manager_id
        FROM issue
        WHERE (holder <> 'NOBODY' OR wake_at IS NOT NULL) AND issue_id > $3
            AND (fold ->> 'calendar_version' < $1 OR fold ->> 'calendar_version' > $1)
        ORDER BY issue_id
        LIMIT $4{locking}"
    )
}

#[cfg(test)]
mod tests;
