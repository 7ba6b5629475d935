//! What falls due by itself: rungs of the escalation ladder, and windows for rating that lapse.
//!
//! Each issue says when it has to be looked at again; whichever replica comes first claims a set of those whose time
//! has come, takes the steps that the domain names, and writes them together. A rung is reached once: its row is
//! unique, and it is written with the event that tells of it.

use std::sync::Arc;

use chrono::TimeDelta;
use kernel::{Clock, IdGen, IssueId, Origin, Timestamp};
use rpc::TraceContext;
use runtime::Worked;
use store::{Batch, Db};

use super::publish::{self, Cause};
use crate::{
    domain::{Actor, Fact, Issue, Rulebook, Rules, decide, due_now, local_date, next_wake},
    error::WorkflowError,
    rpc::books::Books,
    store::{
        history::{self, Before, Happened, Record},
        rungs::{self, Climb, Due},
    },
};

/// Issues looked at in one step.
const BATCH: i64 = 500;
/// How long an issue waits that cannot be dealt with, as when its calendar has ended.
const PUT_OFF: TimeDelta = TimeDelta::minutes(10);
/// The program that acts, as the trail names it.
static CLIENT: Origin = Origin::program("qinqing-workflow");

/// The job that climbs the ladder.
#[derive(Debug, Clone)]
pub(crate) struct Ladder {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub books: Books,
}

/// What the system did with an issue whose time had come.
struct Looked<'a> {
    due: &'a Due,
    before: &'a Issue,
    rules: Rules<'a>,
    happened: Vec<Happened>,
    wake_at: Option<Timestamp>,
}

impl Ladder {
    /// Deals with one set of issues.
    pub(crate) async fn step(&self) -> Result<Worked, WorkflowError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let due = rungs::claim(&mut tx, now, local_date(now), BATCH).await?;
        if due.is_empty() {
            tx.rollback().await?;
            return Ok(Worked::Idle);
        }
        let book = self.books.covering(&mut tx, due.iter().filter_map(|due| due.issue.as_ref())).await?;
        let (looked, stuck) = self.look_at_all(&book, &due, now);
        let traceparent = TraceContext::new().to_string();
        let mut batch = Batch::new();
        let (climbed, others): (Vec<_>, Vec<_>) = looked.iter().partition(|looked| looked.only_climbed());
        let climbs: Vec<Climb<'_>> = climbed.iter().map(|looked| looked.climb()).collect();
        rungs::record(&mut batch, &climbs, &CLIENT);
        for looked in others {
            looked.record(&mut batch)?;
        }
        for Looked { due, rules, happened, .. } in &looked {
            let cause = Cause { rules: *rules, manager: due.manager, traceparent: &traceparent };
            for happened in happened {
                publish::append(&mut batch, happened, cause)
                    .map_err(WorkflowError::beyond(rules.calendar.version()))?;
            }
        }
        rungs::put_off(&mut batch, &stuck, now + PUT_OFF);
        batch.run(&mut tx).await?;
        tx.commit().await?;
        tracing::debug!(issues = due.len(), stuck = stuck.len(), "the ladder was climbed");
        Ok(Worked::More)
    }

    fn look_at_all<'a>(
        &self,
        book: &'a Rulebook,
        due: &'a [Due],
        now: Timestamp,
    ) -> (Vec<Looked<'a>>, Vec<IssueId>) {
        let (mut looked, mut stuck) = (Vec::with_capacity(due.len()), Vec::new());
        for due in due {
            match self.look_at(book, due, now) {
                Ok(done) => looked.push(done),
                Err(error) => {
                    tracing::error!(
                        issue.id = %due.id,
                        error = &error as &dyn std::error::Error,
                        "an issue that is due cannot be dealt with"
                    );
                    stuck.push(due.id);
                }
            }
        }
        (looked, stuck)
    }

    fn look_at<'a>(
        &self,
        book: &'a Rulebook,
        due: &'a Due,
        now: Timestamp,
    ) -> Result<Looked<'a>, WorkflowError> {
        let unreadable = || store::Error::unreadable("issue", "fold", &due.id);
        let before = due.issue.as_ref().ok_or_else(unreadable)?;
        let rules = book.of(before).ok_or_else(|| WorkflowError::rules_missing(before))?;
        let version = rules.calendar.version();
        let mut after = before.clone();
        let mut happened = Vec::new();
        for command in due_now(before, rules, now).map_err(WorkflowError::beyond(version))? {
            let events = decide(&after, command, rules, now, &Actor::system())
                .map_err(WorkflowError::refused(due.id, version))?;
            happened.extend(history::happened(Some(&after), events, &*self.ids)?);
            if let Some(last) = happened.last() {
                after = last.after.clone();
            }
        }
        let wake_at = next_wake(&after, rules).map_err(WorkflowError::beyond(version))?;
        Ok(Looked { due, before, rules, happened, wake_at })
    }
}

impl Looked<'_> {
    fn only_climbed(&self) -> bool {
        self.happened.iter().all(|happened| matches!(happened.event.fact, Fact::RungReached { .. }))
    }

    fn climb(&self) -> Climb<'_> {
        Climb { due: self.due, before: self.before, happened: &self.happened, wake_at: self.wake_at }
    }

    fn record(&self, batch: &mut Batch) -> Result<(), WorkflowError> {
        let record = Record {
            before: Some(Before { issue: self.before, link: self.due.link }),
            happened: &self.happened,
            written: &[],
            rules: self.rules,
            client: &CLIENT,
        };
        history::record(batch, record).map_err(WorkflowError::beyond(self.rules.calendar.version()))
    }
}

#[cfg(test)]
mod tests;
