//! What no hash shows: rows that should be joined to others and are not.

use std::collections::HashMap;

use kernel::IssueId;
use store::{Error, Select, Tx, outbox, outbox::Position};
use trail::Record;
use uuid::Uuid;

use super::trail::{RECORDS, RecordRow};

/// Rows looked at in one statement.
const PAGE: i64 = 1_000;

/// A place in a chain where something is wrong.
pub(crate) type Place = (IssueId, i64);

/// Events that are not in the log although its place in the outbox has passed them, or that the outbox never had.
pub(crate) async fn unlogged(
    tx: &mut Tx,
    issue: Option<IssueId>,
    looked_at: &Position,
) -> Result<Vec<Place>, Error> {
    let mut found = Vec::new();
    let mut after: Option<(Uuid, i64)> = None;
    loop {
        let mut select = Select::new(
            "SELECT issue_event.issue_id, issue_event.seq, event_id FROM issue_event
            LEFT JOIN trail_log
                ON trail_log.issue_id = issue_event.issue_id AND trail_log.seq = issue_event.seq",
        )
        .filter_by(store::Filter::new("trail_log.log_index IS NULL", []))
        .filter_some("issue_event.issue_id = ?", issue.map(IssueId::uuid));
        if let Some((issue_id, seq)) = after {
            let beyond = "(issue_event.issue_id, issue_event.seq) > (?, ?)";
            select = select.filter_by(store::Filter::new(beyond, [issue_id.into(), seq.into()]));
        }
        let rows = select
            .raw(" ORDER BY issue_event.issue_id, issue_event.seq")
            .limit(PAGE)
            .rows::<(Uuid, i64, Uuid)>(tx, "look for events that are not in the log")
            .await?;
        let Some((issue_id, seq, _)) = rows.last() else { return Ok(found) };
        after = Some((*issue_id, *seq));
        let ids: Vec<Uuid> = rows.iter().map(|(_, _, event_id)| *event_id).collect();
        let waiting: HashMap<Uuid, Position> = outbox::positions_of(tx, &ids).await?;
        let lost = rows.iter().filter(|(_, _, id)| waiting.get(id).is_none_or(|at| at <= looked_at));
        found.extend(lost.map(|(issue_id, seq, _)| (IssueId::new(*issue_id), *seq)));
    }
}

/// Entries that the log names and that are not there, with their places in the log.
pub(crate) async fn vanished(tx: &mut Tx, issue: Option<IssueId>) -> Result<Vec<(Place, i64)>, Error> {
    let rows = Select::new(
        "SELECT trail_log.issue_id, trail_log.seq, log_index FROM trail_log
        LEFT JOIN issue_event
            ON issue_event.issue_id = trail_log.issue_id AND issue_event.seq = trail_log.seq",
    )
    .filter_by(store::Filter::new("issue_event.event_id IS NULL", []))
    .filter_some("trail_log.issue_id = ?", issue.map(IssueId::uuid))
    .raw(" ORDER BY log_index")
    .limit(PAGE)
    .rows::<(Uuid, i64, i64)>(tx, "look for entries that are gone")
    .await?;
    Ok(rows.into_iter().map(|(issue, seq, index)| ((IssueId::new(issue), seq), index)).collect())
}

/// Issues that are not as the last event of their chain left them.
pub(crate) async fn cut(tx: &mut Tx, issue: Option<IssueId>) -> Result<Vec<Place>, Error> {
    let rows = Select::new(
        "SELECT issue.issue_id, issue.version FROM issue
        LEFT JOIN issue_event ON issue_event.issue_id = issue.issue_id AND issue_event.seq = issue.version",
    )
    .filter_by(store::Filter::new("(issue_event.link IS NULL OR issue_event.link <> issue.link)", []))
    .filter_some("issue.issue_id = ?", issue.map(IssueId::uuid))
    .raw(" ORDER BY issue.issue_id")
    .limit(PAGE)
    .rows::<(Uuid, i64)>(tx, "look for chains that were cut")
    .await?;
    Ok(rows.into_iter().map(|(issue, seq)| (IssueId::new(issue), seq)).collect())
}

/// Events behind the last one that their issue knows of.
pub(crate) async fn beyond(tx: &mut Tx, issue: Option<IssueId>) -> Result<Vec<Place>, Error> {
    let rows = Select::new(
        "SELECT issue_event.issue_id, issue_event.seq FROM issue_event
        LEFT JOIN issue ON issue.issue_id = issue_event.issue_id",
    )
    .filter_by(store::Filter::new("(issue.version IS NULL OR issue.version < issue_event.seq)", []))
    .filter_some("issue_event.issue_id = ?", issue.map(IssueId::uuid))
    .raw(" ORDER BY issue_event.issue_id, issue_event.seq")
    .limit(PAGE)
    .rows::<(Uuid, i64)>(tx, "look for events behind the end of a chain")
    .await?;
    Ok(rows.into_iter().map(|(issue, seq)| (IssueId::new(issue), seq)).collect())
}

/// Entries of an issue's chain that stand in the log at `from` or later, in order.
pub(crate) async fn uncovered(tx: &mut Tx, issue: IssueId, from: u64) -> Result<Vec<Record>, Error> {
    let sql = format!("{RECORDS} WHERE trail_log.issue_id = $1 AND log_index >= $2 ORDER BY trail_log.seq");
    let doing = "read the end of an issue's chain";
    let rows = store::rows!(tx, doing, RecordRow, sql, issue.uuid(), from.cast_signed())?;
    Ok(rows.into_iter().map(RecordRow::read).collect())
}
