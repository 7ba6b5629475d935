//! What an event makes of an issue.

use kernel::{AccountId, Timestamp};

use super::{
    ClockId, ClockKey, Closing, CoTask, CoTaskEnd, Desk, Event, ExtensionRequest, Fact, Feedback,
    FirmQuestion, Heard, Instruction, Issue, MOST_URGES_KEPT, Party, Plan, Post, Rated, Rejection, Reply,
    Run, Stage, State, Stop, Work,
};

mod create;
mod runs;

pub use create::create;

/// A history that no issue can have: it was damaged, or written by a newer version of the suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {version} ({kind}) does not fit the issue before it")]
pub struct BrokenHistory {
    pub version: i64,
    pub kind: &'static str,
}

/// The issue after one more event.
pub fn evolve(mut issue: Issue, event: &Event) -> Result<Issue, BrokenHistory> {
    if event.version != issue.version.next() || event.at < issue.updated_at {
        return Err(broken(event));
    }
    issue.stage = issue.stage_after(event).ok_or_else(|| broken(event))?;
    issue.sign_in(event);
    Ok(issue)
}

/// The issue that a whole history makes. `None`: the history is empty.
pub fn fold(events: &[Event]) -> Result<Option<Issue>, BrokenHistory> {
    let Some((first, rest)) = events.split_first() else { return Ok(None) };
    rest.iter().try_fold(create(first)?, evolve).map(Some)
}

fn broken(event: &Event) -> BrokenHistory {
    BrokenHistory { version: event.version.number(), kind: event.kind() }
}

impl Issue {
    /// Sets clocks and counts, and gives the stage that follows. `None`: the fact does not fit the present one.
    fn stage_after(&mut self, event: &Event) -> Option<Stage> {
        let at = event.at;
        let stage = match (&event.fact, self.stage.clone()) {
            (Fact::Confirmed {}, stage) if stage.state().is_open() && self.confirmed_at.is_none() => {
                self.confirmed_at = Some(at);
                stage
            }
            (Fact::Assigned { desk }, Stage::Triage) => {
                self.stop(ClockId::C0, at);
                self.arrive(*desk, at)
            }
            (Fact::Signed { difficulty }, Stage::Submitted { mut desk }) => {
                desk.liaison = event.by.account()?;
                self.difficulty = *difficulty;
                self.stop(ClockId::C1, at);
                self.start(ClockId::C2, at);
                Stage::Signed { desk }
            }
            (Fact::Dispatched { section, .. }, Stage::Signed { desk }) => {
                self.counts.dispatches += 1;
                self.stop(ClockId::C2, at);
                // Who leads does not wait for an answer of their own.
                self.drop_co_tasks(at, |task| task.section == *section);
                if !self.runs.iter().any(|run| run.key.id == ClockId::C3) {
                    self.start(ClockId::C3, at);
                }
                Stage::Dispatched { post: Post { desk, section: *section } }
            }
            (Fact::ReturnRequested { .. }, Stage::Signed { desk }) => {
                self.counts.returns += 1;
                self.pause(ClockId::C2, at);
                self.start(ClockId::C9, at);
                Stage::ReturnPending { desk }
            }
            (Fact::ReturnUpheld { desk, .. }, Stage::ReturnPending { .. }) => {
                self.counts.returns_upheld += 1;
                self.return_denied = false;
                self.stop(ClockId::C9, at);
                self.void(ClockId::C2, at);
                self.drop_co_tasks(at, |_| true);
                self.arrive(*desk, at)
            }
            (Fact::ReturnDenied { .. }, Stage::ReturnPending { desk }) => {
                self.return_denied = true;
                self.stop(ClockId::C9, at);
                self.go_on(ClockId::C2, at);
                Stage::Signed { desk }
            }
            (Fact::ScopeRejected { .. }, stage @ (Stage::Triage | Stage::Submitted { .. })) => {
                let appealed_at = self.rejection.and_then(|rejection| rejection.appealed_at);
                self.rejection = Some(Rejection { at, by: event.by.account()?, appealed_at });
                self.stop(ClockId::C0, at);
                self.stop(ClockId::C1, at);
                self.end_all(at);
                Stage::OutOfScope { desk: stage.desk() }
            }
            (Fact::ScopeAppealed { .. }, Stage::OutOfScope { .. }) => {
                self.rejection.as_mut()?.appealed_at = Some(at);
                self.start(ClockId::C0, at);
                Stage::Triage
            }
            (Fact::Escalated { level, .. }, stage) => {
                self.supervision = self.supervision.max(*level);
                stage
            }
            (Fact::CoSectionAdded { task, section, department, .. }, stage) if stage.state().is_open() => {
                let (department, section) = (*department, *section);
                self.co_tasks.push(CoTask { department, section, at, end: CoTaskEnd::Open });
                self.start(ClockId::C13, at);
                (usize::try_from(*task).ok()? == self.co_tasks.len()).then_some(stage)?
            }
            (Fact::CoTaskReplied { task, .. }, stage) => {
                let by = event.by.account()?;
                self.end_co_task(*task, CoTaskEnd::Replied { at, by }, at)?;
                stage
            }
            (Fact::Accepted {}, Stage::Dispatched { post }) => {
                Stage::InProgress { work: Work { post, handler: event.by.account()? } }
            }
            (Fact::Objected { .. }, Stage::Dispatched { post }) => {
                self.counts.objections += 1;
                // The one that the dispatch stopped: another department before this one had a C2 of its own.
                let dispatch = self.runs.iter().rev().find(|run| run.key.id == ClockId::C2)?.key;
                self.resume(dispatch, at);
                Stage::Signed { desk: post.desk }
            }
            (
                Fact::Contacted { .. } | Fact::Progressed { .. } | Fact::InterimMeasureRecorded { .. },
                stage,
            ) => {
                self.record(&event.fact, at);
                working(stage)?
            }
            (Fact::FirmAsked { .. }, Stage::InProgress { work }) => {
                self.questions.push(FirmQuestion { asked_at: at, ended_at: None });
                self.pause(ClockId::C3, at);
                self.pause(ClockId::C4, at);
                Stage::AwaitingFirm { work }
            }
            (
                Fact::InformationSupplied { until, .. } | Fact::WorkResumed { until },
                Stage::AwaitingFirm { work },
            ) => {
                self.end_question(*until)?;
                Stage::InProgress { work }
            }
            (Fact::ExtensionRequested { working_days, .. }, stage) if self.extension.is_none() => {
                let (by, working_days) = (event.by.account()?, *working_days);
                self.extension = Some(ExtensionRequest { at, by, working_days });
                stage
            }
            (Fact::ExtensionGranted { working_days, .. }, stage) => {
                self.extension.take()?;
                self.counts.extensions += 1;
                let run = self.runs.iter_mut().find(|run| run.key.id == ClockId::C4 && run.is_running())?;
                run.extended += working_days;
                stage
            }
            (Fact::ExtensionDenied { .. }, stage) => {
                self.extension.take()?;
                stage
            }
            (Fact::Planned { responsible, committed, .. }, Stage::InProgress { work }) => {
                self.start(ClockId::C11, at);
                Stage::Planned { work, plan: Plan { at, responsible: *responsible, committed: *committed } }
            }
            (Fact::Replanned { responsible, committed, .. }, Stage::Planned { work, .. }) => {
                self.counts.replans += 1;
                self.void(ClockId::C11, at);
                self.start(ClockId::C11, at);
                Stage::Planned { work, plan: Plan { at, responsible: *responsible, committed: *committed } }
            }
            (Fact::PlanReviewed { .. }, stage @ Stage::Planned { .. }) => {
                self.counts.plan_reviews += 1;
                self.stop(ClockId::C11, at);
                self.start(ClockId::C11, at);
                stage
            }
            (Fact::Replied { .. }, stage) => {
                let reply = self.replied(event, event.by.account()?, &stage)?;
                let (Stage::InProgress { work } | Stage::Planned { work, .. } | Stage::Rectifying { work }) =
                    stage
                else {
                    return None;
                };
                Stage::Replied { work, reply }
            }
            (Fact::ReplySentBack { .. }, Stage::Replied { work, reply }) => {
                self.counts.send_backs += 1;
                self.void(ClockId::C5, at);
                self.resume(reply.stopped, at);
                if reply.rectifies { Stage::Rectifying { work } } else { Stage::InProgress { work } }
            }
            (Fact::FedBack { channel, receipt }, Stage::Replied { work, reply }) => {
                self.stop(ClockId::C5, at);
                self.hear(at);
                let feedback = Feedback { at, by: event.by.account()?, channel: *channel, receipt: *receipt };
                Stage::FedBack { work, reply, feedback }
            }
            (Fact::Rated { rating, low, .. }, Stage::FedBack { work, reply, feedback }) => {
                self.ratings.push(Rated { round: self.feedback_rounds, at, rating: *rating, low: *low });
                self.stop(ClockId::C6, at);
                if *low {
                    self.rectify(work, at)
                } else {
                    self.start(ClockId::C7, at);
                    Stage::PendingAudit { work, reply, feedback }
                }
            }
            (Fact::Rated { rating, low, .. }, Stage::Merged { into, desk, heard: Some(heard) }) => {
                self.running(ClockId::C6)?;
                self.ratings.push(Rated { round: self.feedback_rounds, at, rating: *rating, low: *low });
                self.stop(ClockId::C6, at);
                if *low {
                    self.rectify(heard.work, at)
                } else {
                    Stage::Merged { into, desk, heard: Some(heard) }
                }
            }
            (Fact::Disputed { .. }, Stage::Merged { heard: Some(heard), .. }) => {
                self.running(ClockId::C6)?;
                self.stop(ClockId::C6, at);
                self.rectify(heard.work, at)
            }
            (Fact::RatingLapsed {}, stage @ Stage::Merged { .. }) => {
                self.void(ClockId::C6, at);
                stage
            }
            (Fact::Disputed { .. }, Stage::FedBack { work, .. }) => {
                self.stop(ClockId::C6, at);
                self.rectify(work, at)
            }
            (Fact::RatingLapsed {}, Stage::FedBack { work, reply, feedback }) => {
                self.void(ClockId::C6, at);
                self.start(ClockId::C7, at);
                Stage::PendingAudit { work, reply, feedback }
            }
            (Fact::AuditPassed { .. }, stage @ Stage::PendingAudit { .. }) => {
                self.stop(ClockId::C7, at);
                stage
            }
            (Fact::AuditFailed { .. }, Stage::PendingAudit { work, reply, .. }) => {
                self.counts.audit_failures += 1;
                self.stop(ClockId::C7, at);
                self.resume(reply.stopped, at);
                Stage::InProgress { work }
            }
            (Fact::Closed {}, Stage::PendingAudit { work, reply, feedback })
                if !self.runs.iter().any(Run::is_running) =>
            {
                self.closings.push(Closing { at, reopened_at: None });
                Stage::Closed { work, reply, feedback, at }
            }
            (Fact::Reopened { same_handler, .. }, Stage::Closed { work, .. }) => {
                self.counts.reopens += 1;
                self.closings.last_mut()?.reopened_at = Some(at);
                self.start(ClockId::C8, at);
                if *same_handler { Stage::InProgress { work } } else { Stage::Dispatched { post: work.post } }
            }
            (
                Fact::WithdrawalRequested { question_until, .. },
                before @ (Stage::Triage
                | Stage::Submitted { .. }
                | Stage::Signed { .. }
                | Stage::Dispatched { .. }
                | Stage::InProgress { .. }
                | Stage::AwaitingFirm { .. }
                | Stage::Planned { .. }),
            ) => {
                self.start(ClockId::C10, at);
                let before = if let Stage::AwaitingFirm { work } = before {
                    self.end_question((*question_until)?)?;
                    Stage::InProgress { work }
                } else {
                    before
                };
                Stage::WithdrawPending { before: Box::new(before) }
            }
            (Fact::Withdrawn { .. }, Stage::WithdrawPending { before }) => {
                self.stop(ClockId::C10, at);
                self.end_all(at);
                Stage::Withdrawn { before }
            }
            (Fact::WithdrawalDenied { .. }, Stage::WithdrawPending { before }) => {
                self.counts.withdrawals_denied += 1;
                self.stop(ClockId::C10, at);
                *before
            }
            (Fact::Merged { into, desk }, Stage::Triage | Stage::Submitted { .. } | Stage::Signed { .. }) => {
                self.end_all(at);
                Stage::Merged { into: *into, desk: *desk, heard: None }
            }
            (Fact::Unmerged { .. }, Stage::Merged { desk, heard: None, .. }) => self.arrive(desk, at),
            (
                Fact::MergedFedBack { channel, receipt, work, reply },
                Stage::Merged { into, desk, heard: _ },
            ) => {
                self.void(ClockId::C6, at);
                self.hear(at);
                let feedback = Feedback { at, by: event.by.account()?, channel: *channel, receipt: *receipt };
                let heard = Some(Heard { work: *work, reply: *reply, feedback });
                Stage::Merged { into, desk, heard }
            }
            (Fact::Absorbed { child }, stage) => {
                self.children.insert(*child, false).is_none().then_some(stage)?
            }
            (Fact::Released { child }, stage) => self.children.remove(child).map(|_| stage)?,
            (Fact::DeliveryNoted { child }, stage) => {
                *self.children.get_mut(child)? = true;
                stage
            }
            (Fact::Supervised { level, .. }, stage) => {
                self.supervision = *level;
                stage
            }
            (Fact::Instructed { instruction, .. }, stage) if stage.state().is_open() => {
                self.instructions.push(Instruction { at, by: event.by.account()?, answered_at: None });
                self.start(ClockId::C12, at);
                (usize::try_from(*instruction).ok()? == self.instructions.len()).then_some(stage)?
            }
            (Fact::InstructionAnswered { instruction, .. }, stage) => {
                let index = usize::try_from(*instruction).ok()?.checked_sub(1)?;
                let answered = &mut self.instructions.get_mut(index)?.answered_at;
                answered.replace(at).is_none().then_some(())?;
                self.stop_key(ClockKey { id: ClockId::C12, round: *instruction }, at);
                stage
            }
            (Fact::Commented { .. }, stage) => {
                self.counts.comments += 1;
                stage
            }
            (Fact::Urged { .. }, stage) if stage.state().is_open() => {
                self.counts.urges += 1;
                if event.by.party == Party::Firm {
                    self.urged_by_firm.push(at);
                    let n_kept = self.urged_by_firm.len().min(MOST_URGES_KEPT);
                    self.urged_by_firm.drain(..self.urged_by_firm.len() - n_kept);
                }
                stage
            }
            (Fact::RungReached { clock, rung, .. }, stage) => {
                self.rungs.insert((*clock, rung.clone())).then_some(stage)?
            }
            (Fact::CalendarChanged { calendar_version }, stage) if self.heeds_the_calendar() => {
                self.change_calendar(calendar_version);
                stage
            }
            _ => return None,
        };
        Some(stage)
    }

    /// What every event leaves behind: path, persons, versions.
    fn sign_in(&mut self, event: &Event) {
        let state = self.state();
        if self.path.last().is_none_or(|stop| stop.state != state) {
            let (department, section) = (self.department(), self.section());
            self.path.push(Stop { state, at: event.at, department, section });
        }
        if let Some(account) = event.by.account() {
            self.acted.entry(account).or_default().insert(event.by.party);
        }
        self.updated_at = event.at;
        self.version = event.version;
        if !event.fact.leaves_the_etag() {
            self.etag = event.version;
        }
    }

    fn record(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::Contacted { .. } => {
                self.counts.contacts += 1;
                self.stop(ClockId::C3, at);
            }
            Fact::Progressed { .. } => self.counts.progress_records += 1,
            _ => self.counts.interim_measures += 1,
        }
    }

    fn replied(&mut self, event: &Event, by: AccountId, from: &Stage) -> Option<Reply> {
        let Fact::Replied { outcome, text, legal_basis, override_note: _, evidence } = &event.fact else {
            return None;
        };
        let (outcome, text, legal_basis) = (*outcome, *text, *legal_basis);
        self.evidence = evidence.iter().map(|file| file.attachment_id).collect();
        let answers = |run: &&mut Run| matches!(run.key.id, ClockId::C4 | ClockId::C8) && run.is_running();
        let run = self.runs.iter_mut().find(answers)?;
        run.stopped_at = Some(event.at);
        let stopped = run.key;
        self.extension = None;
        // What firms of merged issues heard of was another reply: this one they have to hear of as well.
        self.children.values_mut().for_each(|heard| *heard = false);
        self.drop_co_tasks(event.at, |_| true);
        self.void(ClockId::C11, event.at);
        self.start(ClockId::C5, event.at);
        let plan = from.plan().copied();
        let rectifies = from.state() == State::Rectifying;
        Some(Reply { at: event.at, by, outcome, text, legal_basis, stopped, rectifies, plan })
    }

    fn rectify(&mut self, work: Work, at: Timestamp) -> Stage {
        self.counts.rectifications += 1;
        self.start(ClockId::C8, at);
        Stage::Rectifying { work }
    }

    /// Comes to a department, which has not had it before or has to sign anew. C4 runs from the first time on, also
    /// where the issue lay elsewhere in between; not beside a C8 of what was answered once.
    fn arrive(&mut self, desk: Desk, at: Timestamp) -> Stage {
        self.start(ClockId::C1, at);
        let answer = ClockKey::first(ClockId::C4);
        let runs = |id| self.running(id).is_some();
        match self.runs.iter().find(|run| run.key == answer) {
            None => self.start(ClockId::C4, at),
            Some(_) if !runs(ClockId::C4) && !runs(ClockId::C8) => self.resume(answer, at),
            Some(_) => {}
        }
        Stage::Submitted { desk }
    }

    /// The firm hears of a reply, and is asked what it thinks of it.
    fn hear(&mut self, at: Timestamp) {
        self.feedback_rounds += 1;
        self.stop(ClockId::C3, at);
        self.start(ClockId::C6, at);
    }

    /// `None`: no question is open.
    fn end_question(&mut self, at: Timestamp) -> Option<()> {
        let question = self.questions.last_mut().filter(|question| question.ended_at.is_none())?;
        question.ended_at = Some(at);
        self.go_on(ClockId::C3, at);
        self.go_on(ClockId::C4, at);
        Some(())
    }

    /// `None`: it was ended, or there is no such task.
    fn end_co_task(&mut self, task: u32, end: CoTaskEnd, at: Timestamp) -> Option<()> {
        let index = usize::try_from(task).ok()?.checked_sub(1)?;
        let co_task = self.co_tasks.get_mut(index).filter(|task| task.end == CoTaskEnd::Open)?;
        co_task.end = end;
        self.stop_key(ClockKey { id: ClockId::C13, round: task }, at);
        Some(())
    }

    /// Nobody waits for these co-sections any more.
    fn drop_co_tasks(&mut self, at: Timestamp, goes: impl Fn(&CoTask) -> bool) {
        for (round, task) in (1..).zip(&mut self.co_tasks) {
            if task.end == CoTaskEnd::Open && goes(task) {
                task.end = CoTaskEnd::Dropped { at };
                let key = ClockKey { id: ClockId::C13, round };
                self.runs
                    .iter_mut()
                    .filter(|run| run.key == key && run.is_running())
                    .for_each(|run| run.void(at));
            }
        }
    }

    /// Nobody has to do anything any more: no clock runs on.
    fn end_all(&mut self, at: Timestamp) {
        self.drop_co_tasks(at, |_| true);
        self.extension = None;
        for run in self.runs.iter_mut().filter(|run| run.is_running()) {
            run.void(at);
        }
    }
}

/// The stages in which a section keeps records.
fn working(stage: Stage) -> Option<Stage> {
    let records =
        matches!(stage, Stage::InProgress { .. } | Stage::Planned { .. } | Stage::Rectifying { .. });
    records.then_some(stage)
}
