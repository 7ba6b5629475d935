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
    // Before the step, it may have gone by another calendar.
    let known = before.and_then(|before| Some((before, rules.rebound(before)?)));
    let known = known.map(|(before, rules)| clocks(before, rules, before.updated_at)).transpose()?;
    let known = known.unwrap_or_default();
    let row = |clock: &Clock| {
        (clock.due_at, clock.original_due_at, clock.paused_since(), clock.stopped_at, clock.void)
    };
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
        "INSERT INTO deadline (issue_id, clock, started_at, due_at, stopped_at, void, original_due_at, paused_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (issue_id, clock) DO UPDATE
        SET due_at = excluded.due_at, stopped_at = excluded.stopped_at, void = excluded.void,
            original_due_at = excluded.original_due_at, paused_at = excluded.paused_at",
        binds![
            issue.uuid(),
            clock.key.to_string(),
            clock.started_at,
            clock.due_at,
            clock.stopped_at,
            clock.void,
            clock.original_due_at,
            clock.paused_since()
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
