//! Keeping marks and their sums: set by set, each in a transaction of its own.

use std::collections::BTreeMap;

use kernel::{IssueId, Timestamp};
use store::{Batch, Bind, Error, Tx, binds};
use uuid::Uuid;

use super::{
    cells::{CellKey, cells_of},
    pending::Progress,
};
use crate::domain::figure::{Mark, Marks, Subject, counts};

/// Rows written by one statement.
const ROWS: usize = 1_000;

/// A step that was not reckoned with yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub issue: IssueId,
    pub version: i64,
}

/// An issue whose marks, or what holds of them, have changed.
#[derive(Debug, Clone)]
pub(crate) struct Delta {
    pub issue: IssueId,
    pub before: Marks,
    pub after: Marks,
}

/// Steps that were not reckoned with yet, issue by issue.
pub(crate) async fn next_due(tx: &mut Tx, limit: i64) -> Result<Vec<Due>, Error> {
    let rows = store::rows!(
        tx,
        "find what has changed",
        (Uuid, i64),
        "SELECT issue_id, version FROM figure_due ORDER BY issue_id, version LIMIT $1",
        limit
    )?;
    Ok(rows.into_iter().map(|(id, version)| Due { issue: IssueId::new(id), version }).collect())
}

/// The moment at which the `n`-th mark after `after` and up to `until` begins by itself. `None`: there are fewer.
pub(crate) async fn next_turn(
    tx: &mut Tx,
    after: Timestamp,
    until: Timestamp,
    n: i64,
) -> Result<Option<Timestamp>, Error> {
    let row = store::row!(
        tx,
        "see what falls due",
        (Timestamp,),
        "SELECT from_at FROM figure_mark WHERE timed AND $1 < from_at AND from_at <= $2
        ORDER BY from_at LIMIT 1 OFFSET $3",
        after,
        until,
        n - 1
    )?;
    Ok(row.map(|(at,)| at))
}

/// Writes what has changed between two moments. The sums were locked at `before`.
pub(crate) async fn write(
    tx: &mut Tx,
    before: Progress,
    at: Timestamp,
    deltas: &[Delta],
    due: &[Due],
) -> Result<(), Error> {
    // In two goes: the parts of one see nothing of each other.
    let mut away = Batch::new();
    let steps: Vec<_> = due.iter().map(|due| binds![due.issue.uuid(), due.version]).collect();
    delete(&mut away, "figure_due", "issue_id, version", &steps);
    let (mut gone, mut subjects_gone) = (Vec::new(), Vec::new());
    for Delta { issue, before, after } in deltas {
        let gone_marks = before.marks.iter().filter(|mark| !after.marks.contains(mark));
        gone.extend(gone_marks.map(|mark| binds![issue.uuid(), mark.kind.name(), mark.from]));
        let gone_subjects = before.subjects.iter().filter(|subject| !after.subjects.contains(subject));
        subjects_gone.extend(gone_subjects.map(|subject| binds![issue.uuid(), subject.from]));
    }
    delete(&mut away, "figure_mark", "issue_id, kind, from_at", &gone);
    delete(&mut away, "figure_subject", "issue_id, from_at", &subjects_gone);
    away.run(tx).await?;

    let mut batch = Batch::new();
    for Delta { issue, before, after } in deltas {
        for mark in after.marks.iter().filter(|mark| !before.marks.contains(mark)) {
            insert_mark(&mut batch, *issue, mark);
        }
    }
    for Delta { issue, before, after } in deltas {
        for subject in after.subjects.iter().filter(|subject| !before.subjects.contains(subject)) {
            insert_subject(&mut batch, *issue, subject);
        }
    }
    add_to_cells(&mut batch, &changes(before.reckoned_at, at, deltas));
    batch.add_one(
        "move the sums on",
        "UPDATE figure_progress SET reckoned_at = $1 WHERE only_row = 1 AND reckoned_at = $2",
        binds![at, before.reckoned_at],
    );
    batch.run(tx).await
}

/// What the sums gain and lose.
fn changes(from: Timestamp, to: Timestamp, deltas: &[Delta]) -> BTreeMap<CellKey, i64> {
    let mut changes = BTreeMap::new();
    for Delta { issue: _, before, after } in deltas {
        for (marks, at, sign) in [(before, from, -1), (after, to, 1)] {
            let Some(subject) = marks.subject_at(at) else { continue };
            for count in counts(&marks.marks, at) {
                for cell in cells_of(&count, subject) {
                    *changes.entry(cell).or_insert(0) += sign * count.n;
                }
            }
        }
    }
    changes.retain(|_, n| *n != 0);
    changes
}

fn delete(batch: &mut Batch, table: &str, key: &str, rows: &[Vec<Bind>]) {
    for rows in rows.chunks(ROWS) {
        let sql = format!("DELETE FROM {table} WHERE ({key}) IN (VALUES {})", tuples(rows));
        batch.add("forget what is so no longer", sql, rows.concat());
    }
}

/// `($1, $2), ($3, $4)`.
fn tuples(rows: &[Vec<Bind>]) -> String {
    let mut n = 0;
    let mut texts = Vec::with_capacity(rows.len());
    for row in rows {
        let params: Vec<String> = (1..=row.len()).map(|column| format!("${}", n + column)).collect();
        n += row.len();
        texts.push(format!("({})", params.join(", ")));
    }
    texts.join(", ")
}

fn insert_mark(batch: &mut Batch, issue: IssueId, mark: &Mark) {
    let Mark { kind, from, until, day, flags, took, timed } = *mark;
    batch.add(
        "keep a mark",
        "INSERT INTO figure_mark (issue_id, kind, from_at, until_at, day, flags, took, timed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        binds![issue.uuid(), kind.name(), from, until, day, flags, took, timed],
    );
}

fn insert_subject(batch: &mut Batch, issue: IssueId, subject: &Subject) {
    let Subject { from, until, firm, category, department, section, town, manager } = subject;
    batch.add(
        "keep what an issue is grouped by",
        "INSERT INTO figure_subject (issue_id, from_at, until_at, firm, by_category, by_department, by_section,
            by_town, by_manager)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        binds![issue.uuid(), *from, *until, firm.uuid(), category, department, section, town, manager],
    );
}

fn add_to_cells(batch: &mut Batch, changes: &BTreeMap<CellKey, i64>) {
    let rows: Vec<Vec<Bind>> = changes
        .iter()
        .map(|(cell, n)| {
            let CellKey { dimension, grain, kind, day, key, flags, took, other } = cell;
            binds![*dimension, *grain, *kind, *day, key, *flags, *took, *other, *n]
        })
        .collect();
    for rows in rows.chunks(ROWS) {
        let sql = format!(
            "INSERT INTO figure_cell (dimension, grain, kind, day, key, flags, took, other, n)
            VALUES {}
            ON CONFLICT (dimension, grain, kind, day, key, flags, took, other) DO UPDATE
            SET n = figure_cell.n + excluded.n",
            tuples(rows)
        );
        batch.add("add to the sums", sql, rows.concat());
    }
}
