//! Work that falls due by itself: claimed, and written back, set by set.

use chrono::NaiveDate;
use kernel::{AccountId, IssueId, Origin, Timestamp};
use store::{Batch, Bind, Error, Tx, binds};
use trail::{Link, Sha256Ed25519};
use uuid::Uuid;

use super::{
    deadlines,
    firm_managers::MANAGER_ON_DAY,
    history::{self, Happened},
    issues,
};
use crate::domain::Issue;

/// An issue that the system has to look at.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub id: IssueId,
    /// `None`: the row cannot be read.
    pub issue: Option<Issue>,
    /// The last link of its chain.
    pub link: Link,
    /// Manager of the firm now.
    pub manager: Option<AccountId>,
}

/// Rungs that an issue reached, which leave everything of its row but these columns as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Climb<'a> {
    pub due: &'a Due,
    pub before: &'a Issue,
    /// In order.
    pub happened: &'a [Happened],
    pub wake_at: Option<Timestamp>,
}

/// Claims the issues that were to be looked at before `now`, the longest waiting first. What another replica has
/// claimed is passed over.
pub(crate) async fn claim(
    tx: &mut Tx,
    now: Timestamp,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Due>, Error> {
    let sql = claim_sql(tx.for_update_skip_locked());
    let rows = store::rows!(tx, "claim the issues that are due", DueRow, sql, now, today, limit)?;
    Ok(rows.into_iter().map(Due::read).collect())
}

/// Id, fold, link and manager of an issue.
pub(super) type DueRow = (Uuid, String, Vec<u8>, Option<Uuid>);

impl Due {
    pub(super) fn read((id, fold, link, manager): DueRow) -> Self {
        let link = Link::try_from(link.as_slice()).ok();
        Self {
            id: IssueId::new(id),
            issue: issues::read_fold(id, &fold).ok().filter(|_| link.is_some()),
            link: link.unwrap_or(Link::ZERO),
            manager: manager.map(AccountId::new),
        }
    }
}

pub(super) fn claim_sql(locking: &str) -> String {
    format!(
        "SELECT issue_id, CAST(fold AS TEXT) AS fold, link, {MANAGER_ON_DAY} AS manager_id
        FROM issue
        WHERE wake_at < $1
        ORDER BY wake_at
        LIMIT $3{locking}"
    )
}

/// Puts rungs that were reached into a unit of work, kind of row by kind of row, so that each kind is written at once.
/// The caller holds the issues locked since [`claim`].
pub(crate) fn record(batch: &mut Batch, climbs: &[Climb<'_>], client: &Origin) {
    let mut links = Vec::new();
    for climb in climbs {
        let mut link = climb.due.link;
        for happened in climb.happened {
            let prev = link;
            link = trail::chain::append(&Sha256Ed25519, prev, &history::entry(happened, client));
            links.push((prev, link));
        }
    }
    let mut ends = Vec::with_capacity(climbs.len());
    let mut n_links = 0;
    for climb in climbs {
        n_links += climb.happened.len();
        ends.push(
            n_links.checked_sub(1).and_then(|last| links.get(last)).map_or(climb.due.link, |pair| pair.1),
        );
    }
    save(batch, climbs, &ends);
    let happened = || climbs.iter().flat_map(|climb| climb.happened);
    for (happened, (prev, link)) in happened().zip(links) {
        history::insert(batch, happened, client, prev, link);
    }
    for happened in happened() {
        deadlines::insert_rung(batch, happened.after.id, &happened.event);
    }
}

fn save(batch: &mut Batch, climbs: &[Climb<'_>], links: &[Link]) {
    let mut tuples = Vec::with_capacity(climbs.len());
    let mut values: Vec<Bind> = Vec::with_capacity(climbs.len() * COLUMNS);
    for (Climb { due: _, before, happened, wake_at }, link) in climbs.iter().zip(links) {
        let after = happened.last().map_or(*before, |happened| &happened.after);
        let n = values.len();
        let params: Vec<String> = (1..=COLUMNS).map(|column| format!("${}", n + column)).collect();
        tuples.push(format!("({})", params.join(", ")));
        values.extend(binds![
            after.id.uuid(),
            before.version.number(),
            after.version.number(),
            after.updated_at,
            *wake_at,
            link.as_bytes().as_slice(),
            serde_json::to_value(after).expect("an issue has a JSON form")
        ]);
    }
    if tuples.is_empty() {
        return;
    }
    let sql = format!(
        "WITH moved (issue_id, expected, version, updated_at, wake_at, link, fold) AS (VALUES {})
        UPDATE issue
        SET version = moved.version, updated_at = moved.updated_at, wake_at = moved.wake_at, link = moved.link,
            fold = moved.fold
        FROM moved
        WHERE issue.issue_id = moved.issue_id AND issue.version = moved.expected",
        tuples.join(", ")
    );
    batch.add("save the issues", sql, values);
}

/// Values of a tuple in [`save`].
const COLUMNS: usize = 7;

/// Has issues looked at later: what cannot be dealt with now must not keep the others waiting.
pub(crate) fn put_off(batch: &mut Batch, issues: &[IssueId], until: Timestamp) {
    if issues.is_empty() {
        return;
    }
    let params: Vec<String> = (2..issues.len() + 2).map(|n| format!("${n}")).collect();
    let sql = format!("UPDATE issue SET wake_at = $1 WHERE issue_id IN ({})", params.join(", "));
    let mut values: Vec<Bind> = binds![until];
    values.extend(issues.iter().map(|id| Bind::from(id.uuid())));
    batch.add("put issues off", sql, values);
}
