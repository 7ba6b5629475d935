//! Figures in SQL: marks that hold are added up, and listed.
//!
//! `reckon` keeps marks and their sums; what it has not come to yet, `pending` tells. A figure is the sums that are
//! kept ([`cells`]) or the marks in sight ([`sums`]), each without the issues that are pending, which the caller adds.

mod cells;
mod pending;
mod published;
mod reckon;
mod uncounted;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::IssueId;
use store::{Batch, Bind, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::filter::Viewer;
use crate::domain::{
    Issue,
    figure::{FigureId, Grouping, Kind, Measure, Part, Question, Span, Sum},
};

pub(crate) use cells::{cells, is_kept};
pub(crate) use pending::{Progress, due, histories, lock, marks_of, progress, turning, visible};
pub(crate) use published::{Published, clear, keep, published};
pub(crate) use reckon::{Delta, Due, next_due, next_turn, write};
pub(crate) use uncounted::{causes, marks, set_aside, take_back, to_try_again, uncounted};

/// Sums by group; without grouping there is one group, with an empty key.
pub(crate) type Tally = BTreeMap<String, Vec<Sum>>;

/// What is asked of the marks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub question: &'a Question,
    pub grouping: Option<Grouping>,
    /// Issues that are left out, as the caller knows better about them.
    pub pending: &'a [IssueId],
}

/// Issues of a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub figure: FigureId,
    pub part: Part,
    /// Of this group alone.
    pub group: Option<&'a str>,
}

/// Says that the history of an issue has changed.
pub(super) fn save(batch: &mut Batch, after: &Issue) {
    batch.add(
        "have figures reckoned anew",
        "INSERT INTO figure_due (issue_id, version) VALUES ($1, $2)",
        binds![after.id.uuid(), after.version.number()],
    );
}

/// What the figures need of the marks of the issues that a viewer sees.
pub(crate) async fn sums(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    figures: &[FigureId],
    asked: Asked<'_>,
) -> Result<Tally, Error> {
    let mut tally = Tally::new();
    add_sums(tx, viewer, figures, asked, false, &mut tally).await?;
    if figures.iter().any(|figure| figure.has_spread()) {
        add_sums(tx, viewer, figures, asked, true, &mut tally).await?;
    }
    if figures.iter().any(|figure| figure.is_clearance()) {
        add_clearance(tx, viewer, asked, &mut tally).await?;
    }
    Ok(tally)
}

async fn add_sums(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    figures: &[FigureId],
    asked: Asked<'_>,
    timed: bool,
    tally: &mut Tally,
) -> Result<(), Error> {
    let figures = figures.iter().filter(|figure| !timed || figure.has_spread());
    let kinds = kinds(figures);
    let took = if timed { "mark.took" } else { "-1" };
    let sql = format!(
        "SELECT {} AS key, mark.kind, mark.flags, CAST({took} AS BIGINT) AS took,
            CASE WHEN mark.day < ? THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS before, COUNT(*)
        FROM {}",
        key(asked.grouping),
        from(viewer, asked.grouping)
    );
    let rows = Select::new(sql)
        .with(binds![asked.question.first_day()])
        .filter_by(Filter::in_list("mark.kind", kinds.iter().map(|kind| kind.name())))
        .filter("mark.day < ?", asked.question.end_day())
        .filter_by(hold(viewer, asked))
        .raw(" GROUP BY 1, 2, 3, 4, 5")
        .rows::<(String, String, i64, i64, i64, i64)>(tx, "add up the marks")
        .await?;
    for (key, kind, flags, took, before, n) in rows {
        let kind: Kind = kind.parse().map_err(|_| Error::unreadable("figure_mark", "kind", &kind))?;
        let took = timed.then_some(took);
        let sum = Sum { measure: Measure::Of(kind), flags, took, before: before == 1, n };
        tally.entry(key).or_default().push(sum);
    }
    Ok(())
}

/// What was closed when the period began, and of that what was closed again in it.
async fn add_clearance(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    asked: Asked<'_>,
    tally: &mut Tally,
) -> Result<(), Error> {
    let Question { as_of, .. } = *asked.question;
    let start = asked.question.before_start();
    let sql = format!(
        "SELECT {} AS key, COUNT(*), COUNT(again.issue_id)
        FROM {}
        JOIN figure_mark AS past ON past.issue_id = mark.issue_id AND past.kind = 'closed' AND past.from_at <= ?
            AND (past.until_at IS NULL OR ? < past.until_at)
        LEFT JOIN figure_mark AS again ON again.issue_id = mark.issue_id AND again.kind = 'closed'
            AND again.from_at <= ? AND (again.until_at IS NULL OR ? < again.until_at)
            AND ? <= again.day AND again.day < ?",
        key(asked.grouping),
        from(viewer, asked.grouping)
    );
    let rows = Select::new(sql)
        .with(binds![start, start, as_of, as_of, asked.question.first_day(), asked.question.end_day()])
        .filter("mark.kind = ?", Kind::Accepted.name())
        .filter_by(hold(viewer, asked))
        .raw(" GROUP BY 1")
        .rows::<(String, i64, i64)>(tx, "add up what was closed")
        .await?;
    for (key, then, again) in rows {
        let sum = |measure, before, n| Sum { measure, flags: 0, took: None, before, n };
        let sums = tally.entry(key).or_default();
        sums.push(sum(Measure::ClosedThen, true, then));
        sums.push(sum(Measure::ClosedAgain, false, again));
    }
    Ok(())
}

fn kinds<'a>(figures: impl Iterator<Item = &'a FigureId>) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = figures
        .flat_map(|figure| figure.measures())
        .filter_map(|measure| if let Measure::Of(kind) = measure { Some(kind) } else { None })
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Issues that a part of a figure counts, by id.
pub(crate) async fn list(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    wanted: Wanted<'_>,
    asked: Asked<'_>,
    after: Option<IssueId>,
    limit: i64,
) -> Result<Vec<IssueId>, Error> {
    let rows = behind("SELECT mark.issue_id", viewer, wanted, asked)
        .filter_some("mark.issue_id > ?", after.map(IssueId::uuid))
        .raw(" ORDER BY mark.issue_id")
        .limit(limit)
        .rows::<(Uuid,)>(tx, "list the issues behind a figure")
        .await?;
    Ok(rows.into_iter().map(|(id,)| IssueId::new(id)).collect())
}

/// How many issues [`list`] lists on all pages.
pub(crate) async fn count(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    wanted: Wanted<'_>,
    asked: Asked<'_>,
) -> Result<i64, Error> {
    behind("SELECT COUNT(*)", viewer, wanted, asked).scalar(tx, "count the issues behind a figure").await
}

/// A group of a figure: issues, and firms that they are of.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Group {
    pub key: String,
    pub above: i64,
    pub below: i64,
    pub firms_above: i64,
    pub firms_below: i64,
}

/// The groups of a figure, with their firms.
pub(crate) async fn groups(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    figure: FigureId,
    asked: Asked<'_>,
) -> Result<Vec<Group>, Error> {
    let of = |part| self::part(Wanted { figure, part, group: None }, asked.question);
    let (above, below) = (of(Part::Numerator), of(Part::Denominator));
    let tables = format!("{}{SUBJECT}", from(viewer, None));
    let sql = format!(
        "SELECT {} AS key, COUNT(*) FILTER (WHERE {above}) AS above, COUNT(*) FILTER (WHERE {below}) AS below,
            COUNT(DISTINCT subject.firm) FILTER (WHERE {above}) AS firms_above,
            COUNT(DISTINCT subject.firm) FILTER (WHERE {below}) AS firms_below
        FROM {tables}",
        key(asked.grouping),
        above = above.sql,
        below = below.sql
    );
    let once = || above.binds.iter().chain(&below.binds).cloned();
    Select::new(sql)
        .with(once().chain(once()))
        .filter_by(Filter::any([above.clone().into(), below.clone().into()]))
        .filter_by(hold(viewer, asked))
        .filter_by(subject_holds(asked.question))
        .raw(" GROUP BY 1")
        .rows(tx, "count issues and firms")
        .await
}

fn behind(select: &str, viewer: &Viewer<'_>, wanted: Wanted<'_>, asked: Asked<'_>) -> Select {
    let in_group = wanted.group.map(|group| (format!("{} = ?", key(asked.grouping)), group));
    let select = Select::new(format!("{select} FROM {}", from(viewer, asked.grouping)))
        .filter_by(part(wanted, asked.question).into())
        .filter_by(hold(viewer, asked));
    match in_group {
        Some((condition, group)) => select.filter(&condition, group),
        None => select,
    }
}

/// A condition on marks, with `?` for each of its values.
#[derive(Debug, Clone)]
struct Condition {
    sql: String,
    binds: Vec<Bind>,
}

impl Condition {
    fn new(sql: impl Into<String>, binds: Vec<Bind>) -> Self {
        Self { sql: sql.into(), binds }
    }

    fn joined(parts: impl IntoIterator<Item = Self>, with: &str) -> Self {
        let (sql, binds): (Vec<_>, Vec<_>) =
            parts.into_iter().map(|part| (format!("({})", part.sql), part.binds)).unzip();
        Self { sql: sql.join(with), binds: binds.concat() }
    }
}

impl From<Condition> for Filter {
    fn from(condition: Condition) -> Self {
        Self::new(condition.sql, condition.binds)
    }
}

/// Which marks a part of a figure counts.
fn part(wanted: Wanted<'_>, question: &Question) -> Condition {
    let (first, end) = (question.first_day(), question.end_day());
    if wanted.figure.is_clearance() {
        let start = question.before_start();
        let was_open = Condition::new(
            "NOT EXISTS (
                SELECT 1 FROM figure_mark AS past
                WHERE past.issue_id = mark.issue_id AND past.kind = 'closed' AND past.from_at <= ?
                    AND (past.until_at IS NULL OR ? < past.until_at)
            )",
            binds![start, start],
        );
        let (kind, from) = match wanted.part {
            Part::Numerator => (Kind::Closed, Some(first)),
            Part::Denominator => (Kind::Accepted, None),
        };
        return Condition::joined([term(kind, 0, from, end), was_open], " AND ");
    }
    let terms = wanted.figure.terms(wanted.part).into_iter().map(|of| {
        let from = (of.span == Span::Period).then_some(first);
        term(of.kind, of.flags, from, end)
    });
    Condition::joined(terms, " OR ")
}

fn term(kind: Kind, flags: i64, from: Option<NaiveDate>, end: NaiveDate) -> Condition {
    let mut term = Condition::new("mark.kind = ? AND mark.day < ?", binds![kind.name(), end]);
    if flags != 0 {
        term.sql.push_str(" AND (mark.flags & ?) = ?");
        term.binds.extend(binds![flags, flags]);
    }
    if let Some(from) = from {
        term.sql.push_str(" AND ? <= mark.day");
        term.binds.extend(binds![from]);
    }
    term
}

/// The marks that held, of issues in sight that are not pending.
fn hold(viewer: &Viewer<'_>, asked: Asked<'_>) -> Filter {
    let as_of = asked.question.as_of;
    let held = Filter::new(
        "mark.from_at <= ? AND (mark.until_at IS NULL OR ? < mark.until_at)",
        binds![as_of, as_of],
    );
    let mut parts = vec![held, viewer.sees()];
    if needs_subject(asked.grouping) {
        parts.push(subject_holds(asked.question));
    }
    if !asked.pending.is_empty() {
        let params = vec!["?"; asked.pending.len()].join(", ");
        let ids = asked.pending.iter().map(|id| Bind::from(id.uuid()));
        parts.push(Filter::new(format!("mark.issue_id NOT IN ({params})"), ids));
    }
    Filter::all(parts)
}

fn subject_holds(question: &Question) -> Filter {
    let as_of = question.as_of;
    Filter::new(
        "subject.from_at <= ? AND (subject.until_at IS NULL OR ? < subject.until_at)",
        binds![as_of, as_of],
    )
}

const SUBJECT: &str = " JOIN figure_subject AS subject ON subject.issue_id = mark.issue_id";

fn from(viewer: &Viewer<'_>, grouping: Option<Grouping>) -> String {
    let marks = if viewer.scope.all {
        "figure_mark AS mark"
    } else {
        "issue JOIN figure_mark AS mark ON mark.issue_id = issue.issue_id"
    };
    let subject = if needs_subject(grouping) { SUBJECT } else { "" };
    format!("{marks}{subject}")
}

const fn needs_subject(grouping: Option<Grouping>) -> bool {
    !matches!(grouping, None | Some(Grouping::Month))
}

/// The group of a mark.
const fn key(grouping: Option<Grouping>) -> &'static str {
    match grouping {
        None => "''",
        Some(Grouping::Month) => "SUBSTR(CAST(mark.day AS TEXT), 1, 7)",
        Some(Grouping::Category) => "subject.by_category",
        Some(Grouping::Department) => "subject.by_department",
        Some(Grouping::Section) => "subject.by_section",
        Some(Grouping::Town) => "subject.by_town",
        Some(Grouping::Manager) => "subject.by_manager",
    }
}

#[cfg(test)]
mod tests;
