//! Issues whose history cannot be counted. They are set aside with the cause, so that they do not keep the others from
//! being counted, and tried again now and then.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{IssueId, Timestamp};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use crate::domain::{Event, Rulebook, figure::Marks};

/// The events of an issue, or why they cannot be read.
pub(crate) type History = Result<Vec<Event>, Error>;

/// The marks of an issue, or why it cannot be counted, for the operators of the server.
pub(crate) fn marks(history: &History, book: &Rulebook) -> Result<Marks, String> {
    let events = history.as_ref().map_err(|error| told(error))?;
    Marks::of(events, book).map_err(|error| told(&error))
}

/// The error with what caused it.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// All that are set aside.
pub(crate) async fn uncounted(tx: &mut Tx) -> Result<BTreeSet<IssueId>, Error> {
    let sql = "SELECT issue_id FROM figure_uncounted";
    let rows = store::rows!(tx, "find the issues that cannot be counted", (Uuid,), sql)?;
    Ok(rows.into_iter().map(|(id,)| IssueId::new(id)).collect())
}

/// Those that are to be tried again.
pub(crate) async fn to_try_again(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<IssueId>, Error> {
    let rows = store::rows!(
        tx,
        "find the issues to try again",
        (Uuid,),
        "SELECT issue_id FROM figure_uncounted WHERE next_try_at <= $1 ORDER BY next_try_at LIMIT $2",
        now,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| IssueId::new(id)).collect())
}

/// Why those of these issues that are set aside are.
pub(crate) async fn causes(tx: &mut Tx, ids: &[IssueId]) -> Result<BTreeMap<IssueId, String>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = Select::new("SELECT issue_id, cause FROM figure_uncounted")
        .filter_by(Filter::in_list("issue_id", ids.iter().map(|id| id.uuid())))
        .rows::<(Uuid, String)>(tx, "see why issues were not counted")
        .await?;
    Ok(rows.into_iter().map(|(id, cause)| (IssueId::new(id), cause)).collect())
}

/// Sets an issue aside until it has another step or its next try has come.
pub(crate) fn set_aside(
    batch: &mut Batch,
    issue: IssueId,
    cause: &str,
    now: Timestamp,
    next_try_at: Timestamp,
) {
    batch.add(
        "set an issue aside that cannot be counted",
        "INSERT INTO figure_uncounted (issue_id, cause, since, next_try_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (issue_id) DO UPDATE SET cause = excluded.cause, next_try_at = excluded.next_try_at",
        binds![issue.uuid(), cause, now, next_try_at],
    );
}

/// The issue is counted again.
pub(crate) fn take_back(batch: &mut Batch, issue: IssueId) {
    batch.add(
        "count an issue again",
        "DELETE FROM figure_uncounted WHERE issue_id = $1",
        binds![issue.uuid()],
    );
}
