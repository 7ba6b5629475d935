//! What other sections have to do for an issue: rows that follow from the fold, for who sees what.

use store::{Batch, binds};

use crate::domain::{CoTask, CoTaskEnd, Issue};

/// Writes the tasks that a step added or ended.
pub(super) fn save(batch: &mut Batch, before: Option<&Issue>, after: &Issue) {
    let known: &[CoTask] = before.map_or(&[], |before| &before.co_tasks);
    for ((number, task), index) in (1_i64..).zip(&after.co_tasks).zip(0..) {
        if known.get(index) == Some(task) {
            continue;
        }
        let ended_at = match task.end {
            CoTaskEnd::Open => None,
            CoTaskEnd::Replied { at, .. } | CoTaskEnd::Dropped { at } => Some(at),
        };
        batch.add(
            "keep the co-section's task",
            "INSERT INTO co_task (issue_id, task, department_id, section_id, started_at, ended_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (issue_id, task) DO UPDATE SET ended_at = excluded.ended_at",
            binds![after.id.uuid(), number, task.department.uuid(), task.section.uuid(), task.at, ended_at],
        );
    }
}
