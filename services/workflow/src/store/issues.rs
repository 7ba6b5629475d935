//! Issues: each row is the fold of its events.

use chrono::NaiveDate;
use kernel::{AccountId, IssueId, NoteId, Timestamp};
use sqlx::FromRow;
use store::{Batch, Bind, Error, Select, Tx, binds};
use trail::Link;
use uuid::Uuid;
use worktime::OutOfCalendar;

use super::firm_managers::MANAGER_ON_DAY;
use crate::domain::{
    Clock, Confirmation, Issue, IssueNumber, Light, Rules, State, clocks, lights, next_wake,
};

pub(crate) use super::filter::{Cursor, IssueFilter, Order, Viewer};

/// An issue, and what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub issue: Issue,
    /// The last link of its chain.
    pub link: Link,
    /// Manager of the firm on the day asked about.
    pub manager: Option<AccountId>,
    pub texts: Texts,
}

/// The texts that are shown with an issue; empty where there is none, or it was erased.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    pub title: String,
    pub description: String,
    pub reply: String,
    pub legal_basis: String,
}

#[derive(FromRow)]
struct Row {
    issue_id: Uuid,
    fold: String,
    link: Vec<u8>,
    manager_id: Option<Uuid>,
    title: String,
    description: Option<String>,
    reply: Option<String>,
    legal_basis: Option<String>,
}

/// The next number of a year, as `QQ-2026-000123`. Nobody else gets one before the transaction ends, so none is
/// left out.
pub(crate) async fn next_number(tx: &mut Tx, year: i32) -> Result<IssueNumber, Error> {
    let last = store::scalar!(
        tx,
        "give out a number",
        i64,
        "INSERT INTO issue_counter (year, last)
        VALUES ($1, 1)
        ON CONFLICT (year) DO UPDATE
        SET last = issue_counter.last + 1
        RETURNING last",
        i64::from(year)
    )?;
    let number = format!("QQ-{year}-{last:06}");
    number.parse().map_err(|_| Error::unreadable("issue_counter", "last", &year))
}

/// Locks the issue until the transaction ends. `today` decides who manages the firm.
pub(crate) async fn lock(tx: &mut Tx, id: IssueId, today: NaiveDate) -> Result<Option<Found>, Error> {
    let sql = by_id(tx.for_update());
    store::row!(tx, "lock the issue", Row, sql, id.uuid(), today)?.map(Row::read).transpose()
}

/// The issue as it is now.
pub(crate) async fn find(tx: &mut Tx, id: IssueId, today: NaiveDate) -> Result<Option<Found>, Error> {
    store::row!(tx, "get the issue", Row, by_id(""), id.uuid(), today)?.map(Row::read).transpose()
}

fn by_id(for_update: &str) -> String {
    format!(
        "SELECT issue_id, CAST(fold AS TEXT) AS fold, link, {MANAGER_ON_DAY} AS manager_id, title,
            (SELECT body FROM note WHERE note_id = issue.description_id) AS description,
            (SELECT body FROM note WHERE note_id = issue.reply_text_id) AS reply,
            (SELECT body FROM note WHERE note_id = issue.legal_basis_id) AS legal_basis
        FROM issue
        WHERE issue_id = $1{for_update}"
    )
}

impl Row {
    fn read(self) -> Result<Found, Error> {
        let Self { issue_id, fold, link, manager_id, title, description, reply, legal_basis } = self;
        Ok(Found {
            issue: read_fold(issue_id, &fold)?,
            link: Link::try_from(link.as_slice())
                .map_err(|_| Error::unreadable("issue", "link", &issue_id))?,
            manager: manager_id.map(AccountId::new),
            texts: Texts {
                title,
                description: description.unwrap_or_default(),
                reply: reply.unwrap_or_default(),
                legal_basis: legal_basis.unwrap_or_default(),
            },
        })
    }
}

pub(super) fn read_fold(id: Uuid, fold: &str) -> Result<Issue, Error> {
    serde_json::from_str(fold).map_err(|_| Error::unreadable("issue", "fold", &id))
}

/// One page of the issues that a viewer sees, each with its title and without longer texts.
pub(crate) async fn list(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    filter: &IssueFilter,
    order: Order,
    after: Option<&Cursor>,
    limit: i64,
) -> Result<Vec<(Issue, String)>, Error> {
    let select = page("SELECT", viewer, filter, order, after, limit);
    let rows = select.rows::<(Uuid, String, String)>(tx, "list the issues").await?;
    rows.into_iter().map(|(id, fold, title)| Ok((read_fold(id, &fold)?, title))).collect()
}

/// The query of [`list`]: the first rows of each part of what is in sight, and of these the first.
pub(super) fn page(
    select: &str,
    viewer: &Viewer<'_>,
    filter: &IssueFilter,
    order: Order,
    after: Option<&Cursor>,
    limit: i64,
) -> Select {
    let columns = format!("{select} issue_id, CAST(fold AS TEXT) AS fold, title FROM");
    let part = |begin: &str, sees: store::Filter| {
        let select = Select::new(begin).filter_by(sees).filter_by(filter.condition(viewer.now));
        let select = match after {
            Some(cursor) => select.filter_by(order.beyond(cursor)),
            None => select,
        };
        select.raw(order.sql()).limit(limit)
    };
    let mut parts = viewer.parts();
    if parts.len() == 1 {
        return part(&format!("{columns} issue"), parts.remove(0));
    }
    let parts = parts.into_iter().map(|sees| part("SELECT * FROM issue", sees));
    Select::of_all(&columns, parts, "in_sight").raw(order.sql()).limit(limit)
}

/// How many issues of the same list are in each state and show each light.
pub(crate) async fn count(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    filter: &IssueFilter,
) -> Result<Vec<(State, Light, i64)>, Error> {
    let now = viewer.now;
    let rows = Select::new(
        "SELECT state, light, COUNT(*)
        FROM (
            SELECT issue.*, CASE
                WHEN holder = 'NOBODY' THEN 'OFF'
                WHEN red_at < ? THEN 'RED'
                WHEN yellow_at <= ? THEN 'YELLOW'
                ELSE 'GREEN' END AS light
            FROM issue
        ) AS issue",
    )
    .with([Bind::from(now), Bind::from(now)])
    .filter_by(viewer.sees())
    .filter_by(filter.condition(now))
    .raw(" GROUP BY state, light")
    .rows::<(String, String, i64)>(tx, "count the issues")
    .await?;
    rows.into_iter()
        .map(|(state, light, count)| {
            let unreadable = |column| move |_| Error::unreadable("issue", column, &"a group");
            Ok((
                state.parse().map_err(unreadable("state"))?,
                light.parse().map_err(unreadable("light"))?,
                count,
            ))
        })
        .collect()
}

/// The issues among these that a viewer sees.
pub(crate) async fn visible(tx: &mut Tx, viewer: &Viewer<'_>, ids: &[IssueId]) -> Result<Vec<Issue>, Error> {
    let rows = Select::new("SELECT issue_id, CAST(fold AS TEXT) AS fold FROM issue")
        .filter_by(store::Filter::in_list("issue_id", ids.iter().map(|id| id.uuid())))
        .filter_by(viewer.sees())
        .rows::<(Uuid, String)>(tx, "look at the issues")
        .await?;
    rows.iter().map(|(id, fold)| read_fold(*id, fold)).collect()
}

/// Writes the row over the version before the step; `before` is `None` for a new issue.
pub(super) fn save(
    batch: &mut Batch,
    before: Option<&Issue>,
    issue: &Issue,
    (link, title): (Link, &str),
    rules: Rules<'_>,
) -> Result<(), OutOfCalendar> {
    let mut values = columns(issue, link, rules)?;
    match before {
        None => batch.add(
            "insert the issue",
            "INSERT INTO issue (issue_id, state, holder, department_id, section_id, handler_id, unconfirmed,
                updated_at, closed_at, due_at, yellow_at, red_at, wake_at, reply_text_id, legal_basis_id, version,
                link, fold, supervision, committed_on, merged_into, unconfirmed_at, number, enterprise_id, category,
                title, division_code, submitted_at, description_id, confidential, raised_by_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)",
            {
                values.extend(binds![
                    issue.number.as_str(),
                    issue.enterprise_id.uuid(),
                    issue.category.as_str(),
                    title,
                    issue.division.as_str(),
                    issue.submitted_at,
                    issue.description.note_id.uuid(),
                    issue.confidential,
                    issue.raised_by.account().map(AccountId::uuid)
                ]);
                values
            },
        ),
        Some(before) => batch.add_one(
            "save the issue",
            "UPDATE issue
            SET state = $2, holder = $3, department_id = $4, section_id = $5, handler_id = $6, unconfirmed = $7,
                updated_at = $8, closed_at = $9, due_at = $10, yellow_at = $11, red_at = $12, wake_at = $13,
                reply_text_id = $14, legal_basis_id = $15, version = $16, link = $17, fold = $18, supervision = $19,
                committed_on = $20, merged_into = $21, unconfirmed_at = $22
            WHERE issue_id = $1 AND version = $23",
            {
                values.push(before.version.number().into());
                values
            },
        ),
    }
    Ok(())
}

/// `$1` to `$22`: the columns that a step may change.
fn columns(issue: &Issue, link: Link, rules: Rules<'_>) -> Result<Vec<Bind>, OutOfCalendar> {
    let lights = lights(issue, rules)?;
    let reply = issue.reply();
    let unconfirmed_at = match issue.confirmation(rules, issue.updated_at)? {
        Confirmation::Awaited { until: at } | Confirmation::Unconfirmed { since: at } => Some(at),
        Confirmation::NotNeeded | Confirmation::Confirmed { .. } => None,
    };
    Ok(binds![
        issue.id.uuid(),
        issue.state().name(),
        issue.holder().name(),
        issue.department().map(kernel::DepartmentId::uuid),
        issue.section().map(kernel::SectionId::uuid),
        issue.handler().map(AccountId::uuid),
        unconfirmed_at.is_some(),
        issue.updated_at,
        issue.closed_at(),
        next_due(issue, rules)?,
        lights.yellow_at,
        lights.red_at,
        next_wake(issue, rules)?,
        reply.map(|reply| reply.text.note_id.uuid()),
        reply.and_then(|reply| reply.legal_basis).map(|note| NoteId::uuid(note.note_id)),
        issue.version.number(),
        link.as_bytes().as_slice(),
        serde_json::to_value(issue).expect("an issue has a JSON form"),
        i64::from(issue.supervision.get()),
        issue.plan().map(|plan| plan.committed),
        issue.merged_into().map(IssueId::uuid),
        unconfirmed_at
    ])
}

/// When the next of the running clocks is due.
pub(crate) fn next_due(issue: &Issue, rules: Rules<'_>) -> Result<Option<Timestamp>, OutOfCalendar> {
    let clocks = clocks(issue, rules, issue.updated_at)?;
    Ok(clocks.iter().filter(|clock| clock.counts_down()).map(|clock: &Clock| clock.due_at).min())
}
