//! Figures in SQL: each part of each counts the issues that `domain::figure::counted` counts.
//!
//! One function says which issues a part holds; the number in a figure and the list behind it both come from it.

use kernel::IssueId;
use store::{Batch, Bind, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::filter::Viewer;
use crate::domain::{
    ClockId, Issue, Policy,
    figure::{FigureId, Question, Ratio},
};

/// Part of a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Numerator,
    Denominator,
}

/// A figure, and what is asked of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub figure: FigureId,
    pub question: &'a Question,
    /// The pack in force, which says from which stars on a firm is satisfied.
    pub policy: &'a Policy,
}

/// Above and below the line of a figure, over the issues that a viewer sees.
pub(crate) async fn ratio(tx: &mut Tx, viewer: &Viewer<'_>, asked: Asked<'_>) -> Result<Ratio, Error> {
    let above = part(asked, Part::Numerator);
    let below = part(asked, Part::Denominator);
    let sql = format!(
        "SELECT COUNT(*) FILTER (WHERE {}), COUNT(*) FILTER (WHERE {}) FROM issue",
        above.sql, below.sql
    );
    let (numerator, denominator) = Select::new(sql)
        .with(above.binds.into_iter().chain(below.binds))
        .filter_by(known(asked.question).into())
        .filter_by(viewer.sees())
        .row::<(i64, i64)>(tx, "count a figure")
        .await?
        .unwrap_or_default();
    Ok(Ratio { numerator: numerator.cast_unsigned(), denominator: denominator.cast_unsigned() })
}

/// A page of the issues that a part of a figure counts, by id.
pub(crate) async fn list(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    asked: Asked<'_>,
    part: Part,
    after: Option<IssueId>,
    limit: i64,
) -> Result<Vec<IssueId>, Error> {
    let rows = behind("SELECT issue_id FROM issue", viewer, asked, part)
        .filter_some("issue_id > ?", after.map(IssueId::uuid))
        .raw(" ORDER BY issue_id")
        .limit(limit)
        .rows::<(Uuid,)>(tx, "list the issues behind a figure")
        .await?;
    Ok(rows.into_iter().map(|(id,)| IssueId::new(id)).collect())
}

/// How many issues [`list`] lists on all pages.
pub(crate) async fn count(
    tx: &mut Tx,
    viewer: &Viewer<'_>,
    asked: Asked<'_>,
    part: Part,
) -> Result<i64, Error> {
    behind("SELECT COUNT(*) FROM issue", viewer, asked, part)
        .scalar(tx, "count the issues behind a figure")
        .await
}

fn behind(select: &str, viewer: &Viewer<'_>, asked: Asked<'_>, wanted: Part) -> Select {
    Select::new(select)
        .filter_by(known(asked.question).into())
        .filter_by(part(asked, wanted).into())
        .filter_by(viewer.sees())
}

/// A condition on a row of `issue`, with `?` for each of its values.
struct Condition {
    sql: String,
    binds: Vec<Bind>,
}

impl Condition {
    fn new(sql: impl Into<String>, binds: Vec<Bind>) -> Self {
        Self { sql: sql.into(), binds }
    }

    fn and(self, other: Self) -> Self {
        Self::new(format!("({}) AND ({})", self.sql, other.sql), [self.binds, other.binds].concat())
    }

    fn or(self, other: Self) -> Self {
        Self::new(format!("({}) OR ({})", self.sql, other.sql), [self.binds, other.binds].concat())
    }

    fn not(self) -> Self {
        Self::new(format!("NOT ({})", self.sql), self.binds)
    }
}

impl From<Condition> for Filter {
    fn from(condition: Condition) -> Self {
        Self::new(condition.sql, condition.binds)
    }
}

/// Submitted before the end of the period, as far as was known.
fn known(question: &Question) -> Condition {
    Condition::new(
        "issue.submitted_at < ? AND issue.submitted_at <= ?",
        binds![question.until, question.as_of],
    )
}

/// Which of the known issues the part holds.
fn part(asked: Asked<'_>, part: Part) -> Condition {
    use Part::{Denominator, Numerator};
    let Asked { figure, question, policy } = asked;
    let closed = || closed_by(question.as_of);
    let submitted_in_period = || Condition::new("? <= issue.submitted_at", binds![question.from]);
    match (figure, part) {
        (FigureId::M1, Numerator) => closed(),
        (FigureId::M1, Denominator) => Condition::new("1 = 1", Vec::new()),
        (FigureId::M2, Numerator) => submitted_in_period().and(closed()),
        (FigureId::M2 | FigureId::M4, Denominator) => submitted_in_period(),
        (FigureId::M3, Numerator) => {
            closed_in(question).and(submitted_in_period().or(open_at_start(question)))
        }
        (FigureId::M3, Denominator) => submitted_in_period().or(open_at_start(question)),
        (FigureId::M4, Numerator) => closed_in(question),
        (FigureId::M5, Numerator) => closed_in(question).and(late_reply(question).not()),
        (FigureId::M5, Denominator) => closed_in(question).or(closed().not().and(late_reply(question))),
        (FigureId::M6Sign, part) => kept(ClockId::C1, part, question),
        (FigureId::M6Transfer, part) => kept(ClockId::C2, part, question),
        (FigureId::M6Contact, part) => kept(ClockId::C3, part, question),
        (FigureId::M6Feedback, part) => kept(ClockId::C5, part, question),
        (FigureId::M6Audit, part) => kept(ClockId::C7, part, question),
        (FigureId::M9, Numerator) => satisfied(question, policy.satisfied_from.get()),
        (FigureId::M9Strict, Numerator) => satisfied(question, policy.strictly_satisfied_from.get()),
        (FigureId::M9 | FigureId::M9Strict, Denominator) => rated(question),
    }
}

/// A close stood at that moment; a reopened issue is not closed.
fn closed_by(as_of: kernel::Timestamp) -> Condition {
    Condition::new(
        "EXISTS (
            SELECT 1 FROM closing
            WHERE closing.issue_id = issue.issue_id AND closing.closed_at <= ?
                AND (closing.reopened_at IS NULL OR ? < closing.reopened_at)
        )",
        binds![as_of, as_of],
    )
}

/// The close that stood at the moment of knowledge is of the period.
fn closed_in(question: &Question) -> Condition {
    let Question { from, until, as_of } = *question;
    Condition::new(
        "EXISTS (
            SELECT 1 FROM closing
            WHERE closing.issue_id = issue.issue_id AND closing.closed_at <= ?
                AND (closing.reopened_at IS NULL OR ? < closing.reopened_at)
                AND ? <= closing.closed_at AND closing.closed_at < ?
        )",
        binds![as_of, as_of, from, until],
    )
}

fn open_at_start(question: &Question) -> Condition {
    let just_before = question.from - chrono::TimeDelta::microseconds(1);
    Condition::new("issue.submitted_at < ?", binds![question.from]).and(closed_by(just_before).not())
}

/// The rounds of a clock as they were known at `as_of`, from those that ended without their step apart: `due_at`, and
/// `stop_at`, NULL while it ran. Takes `as_of` three times, the clock twice, and `as_of` twice.
const ROUNDS: &str = "(
    SELECT deadline.due_at, CASE
        WHEN deadline.stopped_at <= ? THEN deadline.stopped_at
        ELSE (
            SELECT MIN(gap.stopped_at) FROM deadline_gap AS gap
            WHERE gap.issue_id = deadline.issue_id AND gap.clock = deadline.clock
                AND gap.stopped_at <= ? AND ? < gap.resumed_at
        ) END AS stop_at, deadline.started_at
    FROM deadline
    WHERE deadline.issue_id = issue.issue_id AND (deadline.clock = ? OR deadline.clock LIKE ?)
        AND deadline.started_at <= ? AND NOT (deadline.void AND deadline.stopped_at <= ?)
) AS round";

fn rounds(clock: ClockId, question: &Question) -> Vec<Bind> {
    let as_of = question.as_of;
    binds![as_of, as_of, as_of, clock.name(), format!("{}.%", clock.name()), as_of, as_of]
}

/// The reply was late, or is overdue.
fn late_reply(question: &Question) -> Condition {
    let mut binds = rounds(ClockId::C4, question);
    binds.push(question.as_of.into());
    Condition::new(
        format!(
            "EXISTS (
                SELECT 1 FROM {ROUNDS}
                WHERE round.due_at < round.stop_at OR (round.stop_at IS NULL AND round.due_at < ?)
            )"
        ),
        binds,
    )
}

/// Below the line: a round stopped in the period, or overdue at its end. Above: and none of these missed.
fn kept(clock: ClockId, part: Part, question: &Question) -> Condition {
    let Question { from, until, as_of } = *question;
    let some = |condition: &str| {
        let mut binds = rounds(clock, question);
        binds.extend(binds![until, from, until, as_of]);
        Condition::new(
            format!("EXISTS (SELECT 1 FROM {ROUNDS} WHERE round.started_at < ? AND ({condition}))"),
            binds,
        )
    };
    let counts =
        some("(? <= round.stop_at AND round.stop_at < ?) OR (round.stop_at IS NULL AND round.due_at < ?)");
    let missed = some(
        "(? <= round.stop_at AND round.stop_at < ? AND round.due_at < round.stop_at)
        OR (round.stop_at IS NULL AND round.due_at < ?)",
    );
    match part {
        Part::Numerator => counts.and(missed.not()),
        Part::Denominator => counts,
    }
}

const RATED: &str = "rating.issue_id = issue.issue_id AND ? <= rating.rated_at AND rating.rated_at < ?
    AND rating.rated_at <= ?";

fn rated(question: &Question) -> Condition {
    let Question { from, until, as_of } = *question;
    Condition::new(format!("EXISTS (SELECT 1 FROM rating WHERE {RATED})"), binds![from, until, as_of])
}

/// The last rating given in the period decides.
fn satisfied(question: &Question, from_stars: u8) -> Condition {
    let Question { from, until, as_of } = *question;
    Condition::new(
        format!("(SELECT stars FROM rating WHERE {RATED} ORDER BY round DESC LIMIT 1) >= ?"),
        binds![from, until, as_of, i64::from(from_stars)],
    )
}

/// Writes what a step changed of what figures are counted from.
pub(super) fn save(batch: &mut Batch, before: Option<&Issue>, after: &Issue) {
    save_closings(batch, before, after);
    let n_rated = before.map_or(0, |before| before.ratings.len());
    for rated in after.ratings.iter().skip(n_rated) {
        batch.add(
            "keep the rating",
            "INSERT INTO rating (issue_id, round, rated_at, stars) VALUES ($1, $2, $3, $4)",
            binds![after.id.uuid(), rated.round, rated.at, i64::from(rated.rating.stars.get())],
        );
    }
    for run in &after.runs {
        let known = before.and_then(|before| before.runs.iter().find(|known| known.key == run.key));
        let n_known = known.map_or(0, |known| known.gaps.len());
        for (position, gap) in (1_i64..).zip(&run.gaps).skip(n_known) {
            batch.add(
                "keep the undone stop",
                "INSERT INTO deadline_gap (issue_id, clock, position, stopped_at, resumed_at)
                VALUES ($1, $2, $3, $4, $5)",
                binds![after.id.uuid(), run.key.to_string(), position, gap.stopped_at, gap.resumed_at],
            );
        }
    }
}

fn save_closings(batch: &mut Batch, before: Option<&Issue>, after: &Issue) {
    let known = before.map_or(&[][..], |before| &before.closings);
    for (round, closing) in (1_i64..).zip(&after.closings) {
        let index = usize::try_from(round - 1).unwrap_or(usize::MAX);
        if known.get(index) != Some(closing) {
            batch.add(
                "keep the close",
                "INSERT INTO closing (issue_id, round, closed_at, reopened_at)
                VALUES ($1, $2, $3, $4)
                ON CONFLICT (issue_id, round) DO UPDATE
                SET reopened_at = excluded.reopened_at",
                binds![after.id.uuid(), round, closing.at, closing.reopened_at],
            );
        }
    }
}

#[cfg(test)]
mod tests;
