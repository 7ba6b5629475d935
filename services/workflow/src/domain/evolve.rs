//! What an event makes of an issue.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{AccountId, Timestamp, Version};

use super::{
    ClockId, ClockKey, Closing, Counts, Event, Fact, Feedback, Gap, Issue, Party, Plan, Post, Rated, Reply,
    Run, Stage, State, Stop, Work,
};

/// A history that no issue can have: it was damaged, or written by a newer version of the suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {version} ({kind}) does not fit the issue before it")]
pub struct BrokenHistory {
    pub version: i64,
    pub kind: &'static str,
}

/// The issue that the first event of a history makes.
pub fn create(event: &Event) -> Result<Issue, BrokenHistory> {
    let Event { version: Version::FIRST, at, by, fact: Fact::Submitted { .. } } = *event else {
        return Err(broken(event));
    };
    let Fact::Submitted {
        issue_id,
        number,
        enterprise_id,
        category,
        title,
        description,
        division,
        manager,
        policy_version,
        calendar_version,
        difficulty,
        desk,
    } = event.fact.clone()
    else {
        return Err(broken(event));
    };
    let mut issue = Issue {
        id: issue_id,
        number,
        enterprise_id,
        category,
        title,
        description,
        division,
        raised_by: by,
        manager,
        confirmed_at: None,
        policy_version,
        calendar_version,
        difficulty,
        stage: desk.map_or(Stage::Triage, |desk| Stage::Submitted { desk }),
        runs: Vec::new(),
        path: Vec::new(),
        feedback_rounds: 0,
        ratings: Vec::new(),
        closings: Vec::new(),
        acted: BTreeMap::new(),
        rungs: BTreeSet::new(),
        counts: Counts::default(),
        urged_by_firm_at: None,
        submitted_at: at,
        updated_at: at,
        version: Version::FIRST,
        etag: Version::FIRST,
    };
    if desk.is_none() {
        issue.start(ClockId::C0, at);
    } else {
        issue.start(ClockId::C1, at);
        issue.start(ClockId::C4, at);
    }
    issue.sign_in(event);
    Ok(issue)
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
                self.start(ClockId::C1, at);
                self.start(ClockId::C4, at);
                Stage::Submitted { desk: *desk }
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
                if !self.runs.iter().any(|run| run.key.id == ClockId::C3) {
                    self.start(ClockId::C3, at);
                }
                Stage::Dispatched { post: Post { desk, section: *section } }
            }
            (Fact::Accepted {}, Stage::Dispatched { post }) => {
                Stage::InProgress { work: Work { post, handler: event.by.account()? } }
            }
            (Fact::Objected { .. }, Stage::Dispatched { post }) => {
                self.counts.objections += 1;
                self.resume(ClockKey::first(ClockId::C2), at);
                Stage::Signed { desk: post.desk }
            }
            (
                Fact::Contacted { .. } | Fact::Progressed { .. } | Fact::InterimMeasureRecorded { .. },
                stage,
            ) => {
                self.record(&event.fact, at);
                working(stage)?
            }
            (Fact::Planned { responsible, committed, .. }, Stage::InProgress { work }) => {
                Stage::Planned { work, plan: Plan { at, responsible: *responsible, committed: *committed } }
            }
            (Fact::Replanned { responsible, committed, .. }, Stage::Planned { work, .. }) => {
                self.counts.replans += 1;
                Stage::Planned { work, plan: Plan { at, responsible: *responsible, committed: *committed } }
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
                self.feedback_rounds += 1;
                self.stop(ClockId::C3, at);
                self.stop(ClockId::C5, at);
                self.start(ClockId::C6, at);
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
            (Fact::Urged { .. }, stage) if stage.state().is_open() => {
                self.counts.urges += 1;
                if event.by.party == Party::Firm {
                    self.urged_by_firm_at = Some(at);
                }
                stage
            }
            (Fact::RungReached { clock, rung, .. }, stage) => {
                self.rungs.insert((*clock, rung.clone())).then_some(stage)?
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
        let Fact::Replied { outcome, text, legal_basis } = event.fact else { return None };
        let answers = |run: &&mut Run| matches!(run.key.id, ClockId::C4 | ClockId::C8) && run.is_running();
        let run = self.runs.iter_mut().find(answers)?;
        run.stopped_at = Some(event.at);
        let stopped = run.key;
        self.start(ClockId::C5, event.at);
        let plan = if let Stage::Planned { plan, .. } = from { Some(*plan) } else { None };
        let rectifies = from.state() == State::Rectifying;
        Some(Reply { at: event.at, by, outcome, text, legal_basis, stopped, rectifies, plan })
    }

    fn rectify(&mut self, work: Work, at: Timestamp) -> Stage {
        self.counts.rectifications += 1;
        self.start(ClockId::C8, at);
        Stage::Rectifying { work }
    }

    /// Starts the next round of a clock.
    fn start(&mut self, id: ClockId, at: Timestamp) {
        let round =
            self.runs.iter().filter(|run| run.key.id == id).map(|run| run.key.round).max().unwrap_or(0) + 1;
        let key = ClockKey { id, round };
        self.runs.push(Run { key, started_at: at, gaps: Vec::new(), stopped_at: None, void: false });
    }

    /// Stops the clock if it runs.
    fn stop(&mut self, id: ClockId, at: Timestamp) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.key.id == id && run.is_running()) {
            run.stopped_at = Some(at);
        }
    }

    /// Ends the clock without the step that it waited for.
    fn void(&mut self, id: ClockId, at: Timestamp) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.key.id == id && run.is_running()) {
            run.stopped_at = Some(at);
            run.void = true;
        }
    }

    /// Undoes the stop of a clock, which runs on with the deadline that it had.
    fn resume(&mut self, key: ClockKey, at: Timestamp) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.key == key)
            && let Some(stopped_at) = run.stopped_at.take()
        {
            run.gaps.push(Gap { stopped_at, resumed_at: at });
        }
    }
}

/// The stages in which a section keeps records.
fn working(stage: Stage) -> Option<Stage> {
    let records =
        matches!(stage, Stage::InProgress { .. } | Stage::Planned { .. } | Stage::Rectifying { .. });
    records.then_some(stage)
}
