//! Clocks that ever started, and rungs that were reached: rows that follow from the fold.

use kernel::IssueId;
use store::{Batch, binds};
use worktime::OutOfCalendar;

use crate::domain::{Clock, Event, Fact, Issue, Rules, clocks};

/// Writes the clocks that a step set going, moved or stopped.
pub(super) fn save(
    batch: &mut Batch,
    before: Option<&Issue>,
    after: &Issue,
    rules: Rules<'_>,
) -> Result<(), OutOfCalendar> {
    let known =
        before.map(|before| clocks(before, rules, before.updated_at)).transpose()?.unwrap_or_default();
    let row = |clock: &Clock| (clock.due_at, clock.stopped_at, clock.void);
    for clock in clocks(after, rules, after.updated_at)? {
        if !known.iter().any(|known| known.key == clock.key && row(known) == row(&clock)) {
            upsert(batch, after.id, &clock);
        }
    }
    Ok(())
}

fn upsert(batch: &mut Batch, issue: IssueId, clock: &Clock) {
    batch.add(
        "keep the deadline",
        "INSERT INTO deadline (issue_id, clock, started_at, due_at, stopped_at, void)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (issue_id, clock) DO UPDATE
        SET due_at = excluded.due_at, stopped_at = excluded.stopped_at, void = excluded.void",
        binds![
            issue.uuid(),
            clock.key.to_string(),
            clock.started_at,
            clock.due_at,
            clock.stopped_at,
            clock.void
        ],
    );
}

/// Writes the rung that an event tells of, if it does.
pub(super) fn insert_rung(batch: &mut Batch, issue: IssueId, event: &Event) {
    if let Fact::RungReached { clock, rung, .. } = &event.fact {
        batch.add(
            "mark the rung as reached",
            "INSERT INTO rung (issue_id, clock, rung, reached_at) VALUES ($1, $2, $3, $4)",
            binds![issue.uuid(), clock.to_string(), rung.as_str(), event.at],
        );
    }
}
