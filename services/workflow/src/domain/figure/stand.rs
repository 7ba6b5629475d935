//! How things stand with an issue after one of its events: which facts are so, as far as was known then.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::Timestamp;
use worktime::OutOfCalendar;

use super::{
    kind::{Kind, flag},
    spread::rounded_up,
};
use crate::domain::{
    Clock, ClockId, ClockKey, Event, IntervalKind, Issue, Rules, State, clocks, latest, local_date,
};

/// A fact that is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fact {
    pub day: NaiveDate,
    pub flags: i64,
    /// Seconds, rounded up.
    pub took: Option<i64>,
}

/// What the fold of an issue does not keep.
#[derive(Debug, Clone, Default)]
pub(super) struct SoFar {
    responded: bool,
    dispatched_at: Option<Timestamp>,
    fed_back_at: Option<Timestamp>,
    /// The last low rating or dispute, and the round of C8 that it began.
    low: Option<(Timestamp, ClockKey)>,
    n_low: u32,
    n_fed_back: u32,
    returned_at: Option<Timestamp>,
    upheld: bool,
    /// What each stop took, which costs a walk through the calendar.
    took: BTreeMap<(ClockKey, Timestamp), i64>,
}

/// An issue after an event.
pub(super) struct Stand<'a> {
    pub issue: &'a Issue,
    pub rules: Rules<'a>,
    pub clocks: Vec<Clock>,
}

/// Whether an issue in the state belongs to the base of all figures.
const fn is_accepted(state: State) -> bool {
    match state {
        State::Triage
        | State::Submitted
        | State::Signed
        | State::ReturnPending
        | State::Dispatched
        | State::InProgress
        | State::AwaitingFirm
        | State::Planned
        | State::Replied
        | State::FedBack
        | State::Rectifying
        | State::PendingAudit
        | State::Closed
        | State::WithdrawPending => true,
        State::Withdrawn | State::OutOfScope | State::Merged => false,
    }
}

impl SoFar {
    /// Takes note of an event, and of the issue after it.
    pub fn note(&mut self, event: &Event, after: &Issue) {
        self.note_kind(event.kind(), event.at);
        self.responded |= 0 < after.counts.contacts || after.reply().is_some();
        if self.dispatched_at.is_none() && 0 < after.counts.dispatches {
            self.dispatched_at = Some(event.at);
        }
        if self.n_fed_back < after.feedback_rounds {
            self.n_fed_back = after.feedback_rounds;
            self.fed_back_at = Some(event.at);
        }
        let complaint = after.runs.iter().rev().find(|run| run.key.id == ClockId::C8);
        if self.n_low < after.counts.rectifications
            && let Some(run) = complaint
        {
            self.n_low = after.counts.rectifications;
            self.low = Some((event.at, run.key));
        }
    }

    /// The events that leave nothing else behind: returns, as the trail calls them.
    pub fn note_kind(&mut self, kind: &str, at: Timestamp) {
        match kind {
            "return_requested" => self.returned_at = self.returned_at.or(Some(at)),
            "return_upheld" => self.upheld = true,
            _ => (),
        }
    }
}

impl<'a> Stand<'a> {
    /// The rules are those that the issue is bound to.
    pub fn new(issue: &'a Issue, rules: Rules<'a>) -> Result<Self, OutOfCalendar> {
        Ok(Self { issue, rules, clocks: clocks(issue, rules, issue.updated_at)? })
    }

    /// The moments at which a running clock becomes overdue: the first at which it is.
    pub fn turns(&self) -> impl Iterator<Item = Timestamp> {
        let dues = self.clocks.iter().filter(|clock| clock.counts_down());
        dues.flat_map(|clock| [clock.due_at, clock.original_due_at])
            .map(|due_at| due_at + chrono::TimeDelta::microseconds(1))
    }

    /// Every fact that is so at a moment, before which the event was and after which the next one is.
    pub fn facts(&self, so_far: &mut SoFar, at: Timestamp) -> Result<BTreeMap<Kind, Fact>, OutOfCalendar> {
        let mut facts = BTreeMap::new();
        if !is_accepted(self.issue.state()) {
            return Ok(facts);
        }
        let submitted = local_date(self.issue.submitted_at);
        let mut put = |kind, day, flags| {
            facts.insert(kind, Fact { day, flags, took: None });
        };
        put(Kind::Accepted, submitted, 0);
        if so_far.responded {
            put(Kind::Responded, submitted, 0);
        }
        if let Some(at) = so_far.dispatched_at {
            put(Kind::Dispatched, local_date(at), 0);
        }
        if let Some(at) = so_far.returned_at {
            put(Kind::Returned, local_date(at), bit(so_far.upheld, flag::UPHELD));
        }
        self.put_closes(&mut put);
        self.put_answers(&mut put, so_far, at);
        self.put_overdue(&mut put, at);
        self.put_closed(&mut facts, at);
        self.put_done(&mut facts, so_far, at)?;
        Ok(facts)
    }

    fn put_closes(&self, put: &mut impl FnMut(Kind, NaiveDate, i64)) {
        let closings = &self.issue.closings;
        if let Some(first) = closings.first() {
            let reopened = closings.iter().any(|closing| closing.reopened_at.is_some());
            put(Kind::EverClosed, local_date(first.at), bit(reopened, flag::REOPENED));
        }
        if self.issue.closed_at().is_some() {
            put(Kind::ClosedOfSubmitted, local_date(self.issue.submitted_at), 0);
        }
    }

    fn put_answers(&self, put: &mut impl FnMut(Kind, NaiveDate, i64), so_far: &SoFar, at: Timestamp) {
        let issue = self.issue;
        if let Some(reply) = issue.reply() {
            let accepted = issue.feedback().and(issue.rating()).is_some_and(|rated| !rated.low);
            let confirmed = reply.outcome.is_solved() && accepted;
            put(Kind::Answered, local_date(reply.at), bit(confirmed, flag::CONFIRMED));
        }
        let window = latest(&self.clocks, ClockId::C6);
        if let (Some(fed_back_at), Some(window)) = (so_far.fed_back_at, window)
            && (!window.is_running() || window.due_at < at)
        {
            let rated = issue.rating().is_some();
            put(Kind::WindowOver, local_date(fed_back_at), bit(rated, flag::RATED));
        }
        if let Some(rated) = issue.ratings.last() {
            let (stars, policy) = (rated.rating.stars, self.rules.policy);
            let satisfied = bit(policy.satisfied_from <= stars, flag::SATISFIED);
            let strictly = bit(policy.strictly_satisfied_from <= stars, flag::STRICTLY);
            put(Kind::Rated, local_date(rated.at), satisfied | strictly);
        }
        if let Some((low_at, key)) = so_far.low {
            let run = self.clocks.iter().find(|clock| clock.key == key);
            let rectified = run.is_some_and(|run| run.stopped_at.is_some_and(|at| at <= run.due_at));
            put(Kind::Low, local_date(low_at), bit(rectified, flag::RECTIFIED));
        }
    }

    fn put_overdue(&self, put: &mut impl FnMut(Kind, NaiveDate, i64), at: Timestamp) {
        for clock in &self.clocks {
            let (due_at, original) = (clock.due_at, clock.original_due_at);
            let kinds = Kind::KEPT.iter().find(|row| row.0 == clock.key.id);
            if let Some((_, overdue, _, overdue_original)) = kinds {
                if is_overdue(clock, due_at, at) {
                    put(*overdue, local_date(due_at), 0);
                }
                if is_overdue(clock, original, at) {
                    put(*overdue_original, local_date(original), 0);
                }
            }
            if clock.key.id == ClockId::C4 && self.issue.closed_at().is_none() {
                if is_late(clock, due_at, at) {
                    put(Kind::Late, local_date(due_at), 0);
                }
                if is_late(clock, original, at) {
                    put(Kind::LateOriginal, local_date(original), 0);
                }
            }
        }
    }

    fn put_closed(&self, facts: &mut BTreeMap<Kind, Fact>, at: Timestamp) {
        let Some(closed_at) = self.issue.closed_at() else { return };
        let counts = &self.issue.counts;
        let first_time = counts.audit_failures + counts.rectifications + counts.reopens == 0;
        let mut replies = self.clocks.iter().filter(|clock| clock.key.id == ClockId::C4);
        let kept = replies.clone().all(|clock| !is_late(clock, clock.due_at, at));
        let kept_original = replies.all(|clock| !is_late(clock, clock.original_due_at, at));
        let fact = Fact {
            day: local_date(closed_at),
            flags: bit(kept, flag::KEPT)
                | bit(kept_original, flag::KEPT_ORIGINAL)
                | bit(first_time, flag::FIRST_TIME),
            took: Some(rounded_up((closed_at - self.issue.submitted_at).num_seconds())),
        };
        facts.insert(Kind::Closed, fact);
    }

    fn put_done(
        &self,
        facts: &mut BTreeMap<Kind, Fact>,
        so_far: &mut SoFar,
        at: Timestamp,
    ) -> Result<(), OutOfCalendar> {
        for (id, kind) in Kind::DONE {
            let of = || self.clocks.iter().filter(|clock| clock.key.id == id);
            let done = || of().filter(|clock| !clock.void && !clock.is_running());
            let Some((last, stopped_at)) = done()
                .filter_map(|clock| Some((clock, clock.stopped_at?)))
                .max_by_key(|(clock, stopped_at)| (*stopped_at, clock.key.round))
            else {
                continue;
            };
            let took = so_far.took.entry((last.key, stopped_at));
            let took = match took {
                std::collections::btree_map::Entry::Occupied(entry) => *entry.get(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    *entry.insert(self.took(last, stopped_at)?)
                }
            };
            let late = done().any(|clock| is_late(clock, clock.due_at, at));
            let late_original = done().any(|clock| is_late(clock, clock.original_due_at, at));
            let failed = id == ClockId::C7 && 0 < self.issue.counts.audit_failures;
            let fact = Fact {
                day: local_date(stopped_at),
                flags: bit(!late, flag::KEPT)
                    | bit(!late_original, flag::KEPT_ORIGINAL)
                    | bit(failed, flag::FAILED),
                took: Some(took),
            };
            if !of().any(|clock| is_overdue(clock, clock.due_at, at)) {
                facts.insert(kind, fact);
            }
            let original = Kind::KEPT.iter().find(|row| row.0 == id);
            if let Some((_, _, done_original, _)) = original
                && !of().any(|clock| is_overdue(clock, clock.original_due_at, at))
            {
                facts.insert(*done_original, Fact { took: None, ..fact });
            }
        }
        Ok(())
    }

    /// Working seconds that a clock ran, rounded up.
    fn took(&self, clock: &Clock, stopped_at: Timestamp) -> Result<i64, OutOfCalendar> {
        let intervals = clock.intervals(self.rules, stopped_at)?;
        let ran = intervals.iter().filter(|interval| interval.kind == IntervalKind::Running);
        Ok(rounded_up(ran.map(|interval| interval.working_seconds).sum()))
    }
}

fn bit(so: bool, flag: i64) -> i64 {
    if so { flag } else { 0 }
}

/// Stopped after it was due, or running past it. While it stands still no time passes on it.
fn is_late(clock: &Clock, due_at: Timestamp, at: Timestamp) -> bool {
    due_at < clock.stopped_at.or(clock.paused_since()).unwrap_or(at)
}

/// Running past the time that it was due.
fn is_overdue(clock: &Clock, due_at: Timestamp, at: Timestamp) -> bool {
    clock.is_running() && is_late(clock, due_at, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::world::{World, rules};

    #[test]
    fn the_first_return_dates_an_issue_and_an_upheld_one_stays_so() {
        let world = World::submitted();
        let stand = Stand::new(&world.issue, rules()).unwrap();
        let mut so_far = SoFar::default();
        assert!(!stand.facts(&mut so_far, world.now).unwrap().contains_key(&Kind::Returned));
        so_far.note_kind("return_requested", world.now);
        let returned = |so_far: &mut SoFar| stand.facts(so_far, world.now).unwrap()[&Kind::Returned];
        assert_eq!((returned(&mut so_far).day, returned(&mut so_far).flags), (local_date(world.now), 0));
        so_far.note_kind("return_upheld", world.now);
        so_far.note_kind("return_requested", world.now + chrono::TimeDelta::days(3));
        so_far.note_kind("return_denied", world.now + chrono::TimeDelta::days(3));
        let fact = returned(&mut so_far);
        assert_eq!((fact.day, fact.flags), (local_date(world.now), flag::UPHELD));
    }
}
