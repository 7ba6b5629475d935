//! Keeping figures up to date: marks of the issues that have changed, sums of all marks, and what the public sees.
//!
//! Each step that is taken leaves a row that says so. This job takes a set of them, reads the histories anew, and
//! writes what became of the marks and the sums in one transaction, with the moment that the sums are of. So whatever
//! is cut short is done again, and never twice. What falls due by itself changes sums as well: marks say when.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use access::Scope;
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use kernel::{Clock, IssueId, Timestamp};
use runtime::Worked;
use store::{Batch, Db, Tx};

use crate::{
    domain::{
        figure::{Cell, FigureId, Grouping, Limits, Marks, Question, Ratio, month_key, suppress},
        local_date,
    },
    error::WorkflowError,
    rpc::books::Books,
    store::{
        figures::{self, Asked, Delta, Due, Group, Progress, Published},
        issues::Viewer,
    },
};

/// Steps reckoned with at once.
const BATCH: i64 = 200;
/// How long an issue waits that cannot be counted, until it is tried again without having changed.
const PUT_OFF: TimeDelta = TimeDelta::minutes(10);
/// How often the public figures are reckoned.
const PUBLISH_EVERY: TimeDelta = TimeDelta::hours(1);

/// The job that keeps figures.
#[derive(Debug, Clone)]
pub(crate) struct Reckoner {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub books: Books,
    pub limits: Arc<Limits>,
}

impl Reckoner {
    /// Reckons with one set of steps, or with what fell due; with nothing to do, publishes if it is time.
    pub(crate) async fn step(&self) -> Result<Worked, WorkflowError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = figures::lock(&mut tx).await?;
        let set = self.next_set(&mut tx, before, now).await?;
        if !set.due.is_empty() || !set.issues.is_empty() || !set.again.is_empty() {
            self.reckon(&mut tx, before, &set, now).await?;
            tx.commit().await?;
            return Ok(Worked::More);
        }
        // Newer limits hold at once; older ones, of a replica that is yet to go, wait for their turn.
        let is_of_old = before.published_limits.is_none_or(|version| version < self.limits.version);
        let is_time = before.published_at.is_none_or(|last| last + PUBLISH_EVERY <= now);
        if !is_of_old && !is_time {
            tx.rollback().await?;
            return Ok(Worked::Idle);
        }
        publish(&mut tx, &self.limits, now).await?;
        tx.commit().await?;
        Ok(Worked::More)
    }

    async fn next_set(&self, tx: &mut Tx, before: Progress, now: Timestamp) -> Result<Set, WorkflowError> {
        let Progress { reckoned_at, published_at: _, published_limits: _ } = before;
        // After a standstill more may have fallen due than is dealt with at once: then time goes on in stretches.
        let at = figures::next_turn(tx, reckoned_at, now, BATCH).await?;
        let until = at.unwrap_or(now);
        let issues = figures::turning(tx, reckoned_at, until).await?.into_iter().collect();
        let (due, again) = match at {
            Some(_) => (Vec::new(), Vec::new()),
            None => (figures::next_due(tx, BATCH).await?, figures::to_try_again(tx, now, BATCH).await?),
        };
        Ok(Set { issues, due, again, until })
    }

    async fn reckon(
        &self,
        tx: &mut Tx,
        before: Progress,
        set: &Set,
        now: Timestamp,
    ) -> Result<(), WorkflowError> {
        let changed: BTreeSet<IssueId> =
            set.due.iter().map(|due| due.issue).chain(set.again.iter().copied()).collect();
        let touched: Vec<IssueId> = changed.union(&set.issues).copied().collect();
        let changed: Vec<IssueId> = changed.into_iter().collect();
        let histories = figures::histories(tx, &changed).await?;
        let book = self.books.covering_histories(tx, histories.values().flatten()).await?;
        let mut known = figures::marks_of(tx, &touched).await?;
        // A clock of another replica may be ahead: what it wrote is of no later moment than the sums.
        let last_event = histories.values().flatten().filter_map(|events| Some(events.last()?.at)).max();
        let at = set.until.max(before.reckoned_at).max(last_event.unwrap_or(before.reckoned_at));
        let mut aside = Aside { known: figures::causes(tx, &changed).await?, now, batch: Batch::new() };
        let mut deltas = Vec::with_capacity(touched.len());
        for issue in touched {
            let before = known.remove(&issue).unwrap_or_default();
            let after = match histories.get(&issue) {
                Some(history) => aside.counted(issue, figures::marks(history, &book)),
                // Its events were taken away meanwhile.
                None if aside.known.contains_key(&issue) => {
                    aside.counted(issue, Err("there are no events of it".to_owned()))
                }
                None => before.clone(),
            };
            deltas.push(Delta { issue, before, after });
        }
        figures::write(tx, before, at, &deltas, &set.due).await?;
        aside.batch.run(tx).await?;
        tracing::debug!(steps = set.due.len(), issues = deltas.len(), "figures were reckoned");
        Ok(())
    }
}

/// What one step deals with.
struct Set {
    /// Issues that fell due.
    issues: BTreeSet<IssueId>,
    due: Vec<Due>,
    /// Issues that could not be counted, and are tried again.
    again: Vec<IssueId>,
    /// The moment that the sums are to be of.
    until: Timestamp,
}

/// What is done with issues that cannot be counted: one that cannot must not keep the others waiting.
struct Aside {
    /// Those of the set that could not be counted before, with the cause.
    known: BTreeMap<IssueId, String>,
    now: Timestamp,
    batch: Batch,
}

impl Aside {
    /// The marks that the issue has from now on: none if it cannot be counted. A cause is logged once.
    fn counted(&mut self, issue: IssueId, marks: Result<Marks, String>) -> Marks {
        let known = self.known.get(&issue);
        match marks {
            Ok(marks) => {
                if known.is_some() {
                    tracing::info!(issue.id = %issue, "an issue is counted again");
                    figures::take_back(&mut self.batch, issue);
                }
                marks
            }
            Err(cause) => {
                if known != Some(&cause) {
                    tracing::error!(issue.id = %issue, cause, "an issue cannot be counted, and no figure has it");
                }
                figures::set_aside(&mut self.batch, issue, &cause, self.now, self.now + PUT_OFF);
                Marks::default()
            }
        }
    }
}

/// Publishes the figures of the present year.
async fn publish(tx: &mut Tx, limits: &Limits, now: Timestamp) -> Result<(), WorkflowError> {
    let year = period(NaiveDate::from_ymd_opt(local_date(now).year(), 1, 1), None, now);
    let mut cells = Vec::new();
    for figure in limits.public_figures.iter().copied() {
        let whole = groups(tx, figure, &year, None).await?;
        let whole = whole.into_iter().next().unwrap_or_else(|| empty(String::new()));
        let by_category = groups(tx, figure, &year, Some(Grouping::Category)).await?;
        let by_month = if figure.groups_by(Grouping::Month) {
            groups(tx, figure, &year, Some(Grouping::Month)).await?
        } else {
            month_by_month(tx, figure, now).await?
        };
        let (categories_hidden, by_categories) = suppress(&whole, &by_category, limits.public);
        let (months_hidden, by_months) = suppress(&whole, &by_month, limits.public);
        let mut put = |dimension: &str, cell: Cell, hidden: bool| {
            let ratio = (!hidden).then_some(cell.ratio);
            cells.push(Published { figure, dimension: dimension.to_owned(), key: cell.key, ratio });
        };
        put("all", whole, by_categories || by_months);
        for (dimension, cells, hidden) in
            [("category", by_category, categories_hidden), ("month", by_month, months_hidden)]
        {
            for (cell, hidden) in cells.into_iter().zip(hidden) {
                put(dimension, cell, hidden);
            }
        }
    }
    figures::clear(tx).await?;
    let mut batch = Batch::new();
    figures::keep(&mut batch, &cells, now, limits.version);
    batch.run(tx).await?;
    Ok(())
}

/// A figure that is of no month, asked for each month of the year by itself.
async fn month_by_month(tx: &mut Tx, figure: FigureId, now: Timestamp) -> Result<Vec<Cell>, WorkflowError> {
    let today = local_date(now);
    let mut cells = Vec::new();
    for month in 1..=today.month() {
        let first = NaiveDate::from_ymd_opt(today.year(), month, 1);
        let next = first.and_then(|first| first.checked_add_months(chrono::Months::new(1)));
        let question = period(first, next.and_then(|next| next.pred_opt()), now);
        let cell = groups(tx, figure, &question, None).await?.into_iter().next();
        let key = month_key(first.unwrap_or(today));
        cells.extend(cell.map(|cell| Cell { key, ..cell }));
    }
    Ok(cells)
}

/// The groups of a figure, with the firms behind them.
async fn groups(
    tx: &mut Tx,
    figure: FigureId,
    question: &Question,
    grouping: Option<Grouping>,
) -> Result<Vec<Cell>, WorkflowError> {
    let scope = Scope::everything();
    let viewer = Viewer { scope: &scope, now: question.as_of, today: local_date(question.as_of) };
    let asked = Asked { question, grouping, pending: &[] };
    let groups = figures::groups(tx, &viewer, figure, asked).await?;
    Ok(groups.into_iter().map(|group| cell(figure, group)).collect())
}

fn cell(figure: FigureId, group: Group) -> Cell {
    let Group { key, above, below, firms_above, firms_below } = group;
    let [above, below, firms_above, firms_below] =
        [above, below, firms_above, firms_below].map(i64::cast_unsigned);
    let ratio = Ratio { numerator: above, denominator: below };
    // Of flows each part stands for itself; elsewhere the numerator is part of the base.
    let (n_issues, n_firms) = match (figure, above, below) {
        (FigureId::M4, 1.., 0) => (above, firms_above),
        (FigureId::M4, 1.., 1..) => (above.min(below), firms_above.min(firms_below)),
        _ => (below, firms_below),
    };
    Cell { key, ratio, n_issues, n_firms }
}

fn empty(key: String) -> Cell {
    Cell { key, ratio: Ratio::default(), n_issues: 0, n_firms: 0 }
}

/// From `start` to `end`, as is known now.
fn period(start: Option<NaiveDate>, end: Option<NaiveDate>, now: Timestamp) -> Question {
    Question::new(start, end, Some(now), now).expect("no month and no year begins after today")
}
