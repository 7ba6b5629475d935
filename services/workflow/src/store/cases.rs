//! Excellent cases: each row is the fold of its events.

use std::collections::HashMap;

use access::Scope;
use kernel::{CaseId, EventId, Origin, Timestamp};
use sqlx::FromRow;
use store::{Batch, Error, Filter, Select, Tx, binds};
use trail::Link;
use uuid::Uuid;

use super::chained::{CASES, NewEvent, NewText};
use crate::domain::{
    Who,
    case::{Case, Event, Level, State},
};

/// The constraint that lets an issue have one case at a time.
pub(crate) const ONE_OPEN: &str = "excellent_case_open_key";

/// A case, and the last link of its chain.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub case: Case,
    pub link: Link,
}

#[derive(FromRow)]
struct Row {
    case_id: Uuid,
    fold: String,
    link: Vec<u8>,
}

const COLUMNS: &str = "SELECT case_id, CAST(fold AS TEXT) AS fold, link FROM excellent_case";

/// Which cases are meant; what is empty restricts nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct CaseFilter {
    pub states: Vec<State>,
    pub levels: Vec<Level>,
}

/// Locks the case until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: CaseId) -> Result<Option<Found>, Error> {
    let sql = format!("{COLUMNS} WHERE case_id = $1{}", tx.for_update());
    store::row!(tx, "lock the case", Row, sql, id.uuid())?.map(Row::read).transpose()
}

pub(crate) async fn find(tx: &mut Tx, id: CaseId) -> Result<Option<Found>, Error> {
    let sql = format!("{COLUMNS} WHERE case_id = $1");
    store::row!(tx, "get the case", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// A page of the cases in the scope, the last changed first, beyond the time and id of `after`.
pub(crate) async fn list(
    tx: &mut Tx,
    scope: &Scope,
    filter: &CaseFilter,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Case>, Error> {
    let mut select = Select::new(COLUMNS).filter_by(sees(scope)).filter_by(filter.condition());
    if let Some((at, id)) = after {
        select = select.filter_by(Filter::new("(updated_at, case_id) < (?, ?)", binds![at, id]));
    }
    let select = select.raw(" ORDER BY updated_at DESC, case_id DESC").limit(limit);
    let rows = select.rows::<Row>(tx, "list the cases").await?;
    rows.into_iter().map(|row| row.read().map(|found| found.case)).collect()
}

/// How many cases [`list`] lists on all pages.
pub(crate) async fn count(tx: &mut Tx, scope: &Scope, filter: &CaseFilter) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM excellent_case")
        .filter_by(sees(scope))
        .filter_by(filter.condition())
        .scalar(tx, "count the cases")
        .await
}

/// A page of published cases, the last published first, beyond the time and id of `after`; `filter` names their state.
pub(crate) async fn published(
    tx: &mut Tx,
    filter: &CaseFilter,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Case>, Error> {
    let mut select = Select::new(COLUMNS).filter_by(filter.condition());
    if let Some((at, id)) = after {
        select = select.filter_by(Filter::new("(published_at, case_id) < (?, ?)", binds![at, id]));
    }
    let select = select.raw(" ORDER BY published_at DESC, case_id DESC").limit(limit);
    let rows = select.rows::<Row>(tx, "list the published cases").await?;
    rows.into_iter().map(|row| row.read().map(|found| found.case)).collect()
}

/// How many cases [`published`] lists on all pages.
pub(crate) async fn count_published(tx: &mut Tx, filter: &CaseFilter) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM excellent_case")
        .filter_by(filter.condition())
        .scalar(tx, "count the published cases")
        .await
}

/// The texts that are shown with cases, by the id of the note.
pub(crate) async fn texts<'a>(
    tx: &mut Tx,
    cases: impl IntoIterator<Item = &'a Case>,
) -> Result<HashMap<Uuid, String>, Error> {
    let notes = cases.into_iter().flat_map(Case::texts).map(|(_, note)| note);
    CASES.bodies(tx, notes).await
}

/// Puts a step into a unit of work; `before` is the case before it with the last link of its chain.
pub(crate) fn record(
    batch: &mut Batch,
    before: Option<&Found>,
    (id, event, after): (EventId, &Event, &Case),
    written: &[NewText],
    client: &Origin,
) {
    let actor = match event.by.who {
        Who::Account(id) => format!("account:{id}"),
        Who::Client(id) => format!("client:{id}"),
        Who::System => "service:workflow".to_owned(),
    };
    let events = vec![NewEvent {
        event_id: id,
        seq: event.version.number(),
        kind: event.fact.kind(),
        at: event.at,
        actor,
        on_behalf_of: None,
        payload: serde_json::to_value(event).expect("an event has a JSON form"),
        state: after.state().name(),
        texts: event.fact.texts().into_iter().map(|(field, note)| (field.name(), note)).collect(),
    }];
    let links = CASES.link(after.id.uuid(), before.map(|before| before.link), &events, client);
    let last = links.last().map_or(Link::ZERO, |(_, link)| *link);
    save(batch, before.map(|before| &before.case), after, last);
    CASES.append(batch, after.id.uuid(), events, &links, written, client);
}

fn save(batch: &mut Batch, before: Option<&Case>, case: &Case, link: Link) {
    let mut values = binds![
        case.id.uuid(),
        case.state().name(),
        case.level().map(|level| level.name().to_owned()),
        case.updated_at,
        case.published_at(),
        case.version.number(),
        link.as_bytes().as_slice(),
        serde_json::to_value(case).expect("a case has a JSON form")
    ];
    match before {
        None => {
            values.extend(binds![case.issue_id.uuid(), case.department.uuid(), case.nominated_at]);
            batch.add(
                "insert the case",
                "INSERT INTO excellent_case (case_id, state, level, updated_at, published_at, version, link, fold,
                    issue_id, department_id, nominated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                values,
            );
        }
        Some(before) => {
            values.push(before.version.number().into());
            batch.add_one(
                "save the case",
                "UPDATE excellent_case
                SET state = $2, level = $3, updated_at = $4, published_at = $5, version = $6, link = $7, fold = $8
                WHERE case_id = $1 AND version = $9",
                values,
            );
        }
    }
}

/// The cases in sight: the same as the facts of each single one tell.
fn sees(scope: &Scope) -> Filter {
    let Scope { all, departments, enterprises: _, managed_by: _, sections: _, assignee: _, owner: _ } = scope;
    if *all {
        Filter::all([])
    } else {
        Filter::in_list("department_id", departments.iter().map(|id| id.uuid()))
    }
}

impl CaseFilter {
    fn condition(&self) -> Filter {
        let mut parts = Vec::new();
        if !self.states.is_empty() {
            parts.push(Filter::in_list("state", self.states.iter().map(|state| state.name())));
        }
        if !self.levels.is_empty() {
            parts.push(Filter::in_list("level", self.levels.iter().map(|level| level.name())));
        }
        Filter::all(parts)
    }
}

impl Row {
    fn read(self) -> Result<Found, Error> {
        let unreadable = |column| Error::unreadable("excellent_case", column, &self.case_id);
        Ok(Found {
            case: serde_json::from_str(&self.fold).map_err(|_| unreadable("fold"))?,
            link: Link::try_from(self.link.as_slice()).map_err(|_| unreadable("link"))?,
        })
    }
}
