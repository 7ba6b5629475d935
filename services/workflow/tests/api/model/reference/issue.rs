//! What the model remembers of an issue.

use proto::workflow::v1::{CoTaskState, Difficulty, Holder, IssueCounts, IssueParty, IssueState, Outcome};

use super::calendar::{self, Limit, Second};
use crate::model::city::{Dept, Firm, Section};

/// A clock: what it is, when it started, and what happened to it.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The number of its name.
    pub kind: u8,
    /// From 1.
    pub round: u32,
    pub start: Second,
    pub limit: Limit,
    /// Stretches in which it stood still, which are over.
    pub pauses: Vec<(Second, Second)>,
    /// Since when it stands still.
    pub still: Option<Second>,
    /// Working days that it was extended by.
    pub extended: i64,
    pub stopped: Option<Second>,
    /// It ended without the step that it waited for: nobody was late with that.
    pub dropped: bool,
}

impl Clock {
    pub fn name(&self) -> String {
        if self.round == 1 { format!("C{}", self.kind) } else { format!("C{}.{}", self.kind, self.round) }
    }

    pub fn due(&self) -> Second {
        // An extension makes the limit longer: what it stands still in is left out to the end.
        let limit = match self.limit {
            // A reply takes thirty working days at most, whatever it was given before it turned out to be harder.
            Limit::Days(days) if self.extended > 0 => Limit::Days((days + self.extended).min(30)),
            as_given => as_given,
        };
        calendar::deadline(self.start, limit, &self.pauses)
    }

    /// It has not ended, and does not stand still.
    pub fn runs(&self) -> bool {
        self.stopped.is_none() && self.still.is_none()
    }

    /// Working seconds that it is late at this moment; `None` if it is not.
    pub fn late(&self, now: Second) -> Option<i64> {
        let (due, end) = (self.due(), self.stopped.or(self.still).unwrap_or(now));
        if self.dropped || end <= due {
            return None;
        }
        let still: i64 =
            self.pauses.iter().map(|&(from, until)| calendar::worked(from.max(due), until.max(due))).sum();
        Some(calendar::worked(due, end) - still)
    }

    pub fn stands_still(&mut self, now: Second) {
        self.still = Some(now);
    }

    pub fn goes_on(&mut self, until: Second) {
        if let Some(since) = self.still.take() {
            self.pauses.push((since, until));
        }
    }
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub outcome: Outcome,
    pub by: u32,
    pub at: Second,
    /// The state that it goes back to when it is sent back.
    pub from: IssueState,
    /// When the firm heard of it.
    pub heard: Option<Second>,
    /// The clock that it stopped, by its place.
    pub stopped: Vec<usize>,
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub by: u32,
    /// Local day, counted from the epoch.
    pub day: i64,
}

#[derive(Debug, Clone)]
pub struct CoTask {
    pub section: Section,
    pub dept: Dept,
    pub start: Second,
    pub state: CoTaskState,
    pub by: Option<u32>,
    pub end: Option<Second>,
}

#[derive(Debug, Clone)]
pub struct Instruction {
    pub by: u32,
    pub at: Second,
    pub answered: Option<Second>,
}

#[expect(clippy::struct_excessive_bools, reason = "a model says each thing by itself")]
#[derive(Debug, Clone)]
pub struct Issue {
    pub firm: Firm,
    pub category: &'static str,
    pub difficulty: Difficulty,
    pub about: Option<Dept>,
    pub confidential: bool,
    /// `None`: a machine client.
    pub raised_by: Option<u32>,
    pub raised_as: IssueParty,
    pub confirmed: bool,
    pub submitted: Second,
    pub state: IssueState,
    pub dept: Option<Dept>,
    pub liaison: Option<u32>,
    pub section: Option<Section>,
    pub handler: Option<u32>,
    pub plan: Option<Plan>,
    pub reply: Option<Reply>,
    /// Feedback rounds so far.
    pub rounds: u32,
    /// Round and stars.
    pub ratings: Vec<(u32, i32)>,
    pub counts: IssueCounts,
    pub clocks: Vec<Clock>,
    pub closed: Option<Second>,
    pub level: i32,
    /// Who asked, for how many days, when.
    pub extension: Option<(u32, i32, Second)>,
    pub co_tasks: Vec<CoTask>,
    pub instructions: Vec<Instruction>,
    pub merged_into: Option<usize>,
    /// Department and liaison of the other issue when its firm heard of the reply: from then on they answer for it.
    pub heard_from: Option<(Option<Dept>, Option<u32>)>,
    /// What was merged into it, and whether that firm heard of the last reply.
    pub children: Vec<(usize, bool)>,
    /// When the firm was asked and until when it may answer, for each question.
    pub questions: Vec<(Second, Second)>,
    /// The local day on which the firm urged last.
    pub urged_on: Option<i64>,
    /// The department's request of a return was denied.
    pub denied: bool,
    /// Everybody who took a step, and as what.
    pub acted: Vec<(u32, IssueParty)>,
    pub rejected: Vec<u32>,
    pub rejected_at: Option<Second>,
    pub appealed: bool,
    /// The state to which it goes back when a withdrawal is denied, and that in which work was interrupted.
    pub before: Option<IssueState>,
    /// Who held it from when on.
    pub held: Vec<(Holder, Second)>,
}

impl Issue {
    pub fn is_open(&self) -> bool {
        !matches!(
            self.state,
            IssueState::Closed | IssueState::Withdrawn | IssueState::OutOfScope | IssueState::Merged
        )
    }

    pub fn holder(&self) -> Holder {
        match self.state {
            IssueState::Triage | IssueState::ReturnPending | IssueState::WithdrawPending => Holder::Operator,
            IssueState::Submitted | IssueState::Signed | IssueState::Replied => Holder::Liaison,
            IssueState::Dispatched
            | IssueState::InProgress
            | IssueState::Planned
            | IssueState::Rectifying => Holder::Section,
            IssueState::AwaitingFirm | IssueState::FedBack => Holder::Firm,
            IssueState::PendingAudit => Holder::Auditor,
            _ => Holder::Nobody,
        }
    }

    /// The place of the clock of this kind that has not ended.
    pub fn running(&self, kind: u8) -> Option<usize> {
        self.clocks.iter().position(|clock| clock.kind == kind && clock.stopped.is_none())
    }

    pub fn start(&mut self, kind: u8, limit: Limit, now: Second) {
        let round = 1 + self.clocks.iter().filter(|clock| clock.kind == kind).count();
        let round = u32::try_from(round).unwrap();
        let (pauses, still) = (Vec::new(), None);
        let clock = Clock {
            kind,
            round,
            start: now,
            limit,
            pauses,
            still,
            extended: 0,
            stopped: None,
            dropped: false,
        };
        self.clocks.push(clock);
    }

    /// Stops what runs of this kind, and tells which it was.
    pub fn stop(&mut self, kind: u8, now: Second) -> Vec<usize> {
        let running: Vec<usize> = (0..self.clocks.len())
            .filter(|i| self.clocks[*i].kind == kind && self.clocks[*i].stopped.is_none())
            .collect();
        for i in &running {
            self.clocks[*i].stopped = Some(now);
        }
        running
    }

    /// What has not ended of this kind ends without its step.
    pub fn drop_clock(&mut self, kind: u8, now: Second) -> Vec<usize> {
        let dropped = self.stop(kind, now);
        for i in &dropped {
            self.clocks[*i].dropped = true;
        }
        dropped
    }

    pub fn drop_all(&mut self, now: Second) {
        for clock in self.clocks.iter_mut().filter(|clock| clock.stopped.is_none()) {
            clock.goes_on(now);
            (clock.stopped, clock.dropped) = (Some(now), true);
        }
    }

    /// The last clock of this kind runs on with the deadline that it had.
    pub fn run_on(&mut self, kind: u8) {
        if let Some(clock) = self.clocks.iter_mut().rev().find(|clock| clock.kind == kind) {
            (clock.stopped, clock.dropped) = (None, false);
        }
    }

    pub fn has(&self, kind: u8) -> bool {
        self.clocks.iter().any(|clock| clock.kind == kind)
    }

    /// Until when the firm may answer; only while it is asked.
    pub fn supply_until(&self) -> Option<Second> {
        self.questions.last().filter(|_| self.state == IssueState::AwaitingFirm).map(|(_, until)| *until)
    }

    /// Takes it to another state.
    pub fn go(&mut self, state: IssueState, now: Second) {
        let before = self.holder();
        self.state = state;
        if self.holder() != before {
            self.held.push((self.holder(), now));
        }
    }
}
