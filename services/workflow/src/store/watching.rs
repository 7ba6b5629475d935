//! What those who watch issues are told of.

use std::collections::BTreeSet;

use kernel::{AccountId, EnterpriseId, IssueId};
use store::{Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{
    filter::{Viewer, is_open},
    issues::{self, read_fold},
};
use crate::domain::Issue;

/// The firms that somebody manages on the viewer's day.
pub(crate) async fn firms(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    manager: AccountId,
) -> Result<BTreeSet<EnterpriseId>, Error> {
    let rows = store::rows!(
        tx,
        "find the firms of a manager",
        (Uuid,),
        "SELECT DISTINCT enterprise_id FROM firm_manager
        WHERE manager_id = $1 AND from_date <= $2 AND (end_date IS NULL OR $2 < end_date)",
        manager.uuid(),
        viewer.today
    )?;
    Ok(rows.into_iter().map(|(id,)| EnterpriseId::new(id)).collect())
}

/// The next issues in sight after `after`, by id: the open ones, or `only`, open or not.
pub(crate) async fn in_sight(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    only: Option<IssueId>,
    after: Option<IssueId>,
    limit: i64,
) -> Result<Vec<Issue>, Error> {
    let which = match only {
        Some(id) => Filter::new("issue_id = ?", binds![id.uuid()]),
        None => is_open(),
    };
    page(tx, Filter::all([viewer.sees(), which]), after, limit).await
}

/// The next issues of a firm after `after`, by id, and whether each is in sight. `only` leaves out the others.
pub(crate) async fn of_firm(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    firm: EnterpriseId,
    only: Option<IssueId>,
    after: Option<IssueId>,
    limit: i64,
) -> Result<Vec<(Issue, bool)>, Error> {
    let which = only.map(|id| Filter::new("issue_id = ?", binds![id.uuid()]));
    let of_firm = Filter::new("enterprise_id = ?", binds![firm.uuid()]);
    let found = page(tx, Filter::all([of_firm].into_iter().chain(which)), after, limit).await?;
    let ids: Vec<_> = found.iter().map(|issue| issue.id).collect();
    let seen: BTreeSet<_> = issues::visible(tx, viewer, &ids).await?.iter().map(|issue| issue.id).collect();
    Ok(found
        .into_iter()
        .map(|issue| (seen.contains(&issue.id), issue))
        .map(|(seen, issue)| (issue, seen))
        .collect())
}

async fn page(tx: &mut Tx, which: Filter, after: Option<IssueId>, limit: i64) -> Result<Vec<Issue>, Error> {
    let rows = Select::new("SELECT issue_id, CAST(fold AS TEXT) AS fold FROM issue")
        .filter_by(which)
        .filter_some("issue_id > ?", after.map(IssueId::uuid))
        .raw(" ORDER BY issue_id")
        .limit(limit)
        .rows::<(Uuid, String)>(tx, "read the issues in sight")
        .await?;
    rows.iter().map(|(id, fold)| read_fold(*id, fold)).collect()
}
