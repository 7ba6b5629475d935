//! What a step makes of an issue.

use proto::workflow::v1::{CoTaskState, Difficulty, IssueParty, IssueState as S, Outcome};

use super::{
    Model,
    act::{Act, Submission},
    calendar::{self, Limit, Second},
    first_state,
    guard::Reason,
    issue::{CoTask, Instruction, Issue, Plan, Reply},
    limit, reply_limit,
};
use crate::model::city::{self, Dept, Person, Post, Section};

pub fn submitted(by: Option<u32>, raised_as: IssueParty, asked: &Submission, now: Second) -> Issue {
    let difficulty = match asked.category {
        "policy_support" | "procedures" => Difficulty::Consultation,
        "land" => Difficulty::Hard,
        _ => Difficulty::Normal,
    };
    let dept = city::routed(asked.category)
        .filter(|dept| asked.about != Some(*dept))
        .filter(|dept| city::on_duty(*dept).is_some());
    let mut issue = Issue {
        firm: asked.firm,
        category: asked.category,
        difficulty,
        about: asked.about,
        confidential: asked.confidential,
        raised_by: by,
        raised_as,
        confirmed: false,
        submitted: now,
        state: first_state(dept.is_some()),
        dept,
        liaison: dept.and_then(city::on_duty),
        section: None,
        handler: None,
        plan: None,
        reply: None,
        rounds: 0,
        ratings: Vec::new(),
        counts: proto::workflow::v1::IssueCounts::default(),
        clocks: Vec::new(),
        closed: None,
        level: 0,
        extension: None,
        co_tasks: Vec::new(),
        instructions: Vec::new(),
        merged_into: None,
        heard_from: None,
        children: Vec::new(),
        questions: Vec::new(),
        urged_on: None,
        denied: false,
        acted: by.into_iter().map(|account| (account, raised_as)).collect(),
        rejected: Vec::new(),
        rejected_at: None,
        appealed: false,
        before: None,
        held: Vec::new(),
    };
    issue.held.push((issue.holder(), now));
    if dept.is_some() {
        issue.start(1, limit(1), now);
        issue.start(4, reply_limit(difficulty), now);
    } else {
        issue.start(0, limit(0), now);
    }
    issue
}

/// Departments, sections and people that a step names have to exist before anything else is looked at.
pub fn names_what_there_is(by: &Person, act: &Act) -> Result<(), Reason> {
    let section =
        |section: Section| if section == Section::Nowhere { Err("SECTION_NOT_FOUND") } else { Ok(()) };
    match act {
        Act::Assign(Dept::Nowhere) | Act::Uphold(Dept::Nowhere) => Err("DEPARTMENT_NOT_FOUND"),
        Act::Assign(dept) | Act::Uphold(dept) if city::on_duty(*dept).is_none() => {
            Err("DEPARTMENT_WITHOUT_LIAISON")
        }
        Act::Dispatch { section: lead, help } => {
            section(*lead)?;
            help.iter().try_for_each(|helper| section(*helper))
        }
        Act::AddCoSection(helper) => section(*helper),
        Act::Plan { by: responsible, .. } | Act::Replan { by: responsible, .. } => {
            let colleague = by.posts.iter().any(|post| match post {
                Post::Handler(own) => {
                    city::dept_of(*own).is_some_and(|dept| city::works_for(*responsible, dept))
                }
                _ => false,
            });
            if colleague { Ok(()) } else { Err("RESPONSIBLE_UNSUITABLE") }
        }
        _ => Ok(()),
    }
}

impl Issue {
    fn replied(&mut self, by: u32, outcome: Outcome, now: Second) {
        let stopped = self.stop(if self.running(8).is_some() { 8 } else { 4 }, now);
        self.drop_clock(11, now);
        self.drop_help(now);
        self.extension = None;
        self.plan = None;
        let from = if self.state == S::Rectifying { S::Rectifying } else { S::InProgress };
        self.reply = Some(Reply { outcome, by, at: now, from, heard: None, stopped });
        // An issue is closed when its feedback was delivered: that of this reply, to every firm that it is for.
        for (_, heard) in &mut self.children {
            *heard = false;
        }
        self.start(5, limit(5), now);
        self.go(S::Replied, now);
    }

    /// What the reply had stopped runs on, and the reply stands no more.
    fn thrown_back(&mut self) -> Option<Reply> {
        let reply = self.reply.take()?;
        for i in &reply.stopped {
            self.clocks[*i].stopped = None;
        }
        Some(reply)
    }

    fn help(&mut self, section: Section, now: Second) {
        let Some(dept) = city::dept_of(section) else { return };
        self.start(13, limit(13), now);
        let task = CoTask { section, dept, start: now, state: CoTaskState::Open, by: None, end: None };
        self.co_tasks.push(task);
    }

    /// Nobody waits for those who help any more.
    fn drop_help(&mut self, now: Second) {
        for task in self.co_tasks.iter_mut().filter(|task| task.state == CoTaskState::Open) {
            task.state = CoTaskState::Dropped;
            task.end = Some(now);
        }
        self.drop_clock(13, now);
    }

    /// The end of it, for now: nothing runs, nothing waits.
    pub fn ends(&mut self, state: S, now: Second) {
        self.drop_help(now);
        self.drop_all(now);
        self.extension = None;
        self.plan = None;
        self.go(state, now);
    }

    pub fn rectifies(&mut self, now: Second) {
        self.stop(6, now);
        self.counts.rectifications += 1;
        self.reply = None;
        self.start(8, limit(8), now);
        self.go(S::Rectifying, now);
    }

    pub fn awaits_audit(&mut self, now: Second) {
        self.stop(6, now);
        self.start(7, limit(7), now);
        self.go(S::PendingAudit, now);
    }

    fn asked(&mut self, now: Second) {
        let until = calendar::deadline(now, Limit::Days(5), &[]);
        self.questions.push((now, until));
        self.counts.questions += 1;
        for clock in self.clocks.iter_mut().filter(|clock| matches!(clock.kind, 3 | 4) && clock.runs()) {
            clock.stands_still(now);
        }
        self.before = Some(self.state);
        self.go(S::AwaitingFirm, now);
    }

    /// Work goes on; the firm was waited for until this moment.
    pub fn answered(&mut self, until: Second, now: Second) {
        let Some(question) = self.questions.last_mut() else { return };
        for clock in self.clocks.iter_mut().filter(|clock| matches!(clock.kind, 3 | 4)) {
            clock.goes_on(until);
        }
        question.1 = until;
        let back = self.before.take().unwrap_or(S::InProgress);
        self.go(back, now);
    }

    fn upheld(&mut self, dept: Dept, now: Second) {
        self.stop(9, now);
        for i in self.drop_clock(2, now) {
            self.clocks[i].goes_on(now);
        }
        self.counts.upheld_returns += 1;
        self.denied = false;
        self.drop_help(now);
        (self.dept, self.liaison) = (Some(dept), city::on_duty(dept));
        self.start(1, limit(1), now);
        self.go(S::Submitted, now);
    }

    fn denied(&mut self, now: Second) {
        self.stop(9, now);
        self.denied = true;
        if let Some(c2) = self.running(2) {
            self.clocks[c2].goes_on(now);
        }
        self.go(S::Signed, now);
    }

    fn assigned(&mut self, dept: Dept, now: Second) {
        self.stop(0, now);
        (self.dept, self.liaison) = (Some(dept), city::on_duty(dept));
        self.start(1, limit(1), now);
        if self.has(4) {
            self.run_on(4);
        } else {
            self.start(4, reply_limit(self.difficulty), now);
        }
        self.go(S::Submitted, now);
    }

    fn signed(&mut self, by: u32, difficulty: Option<Difficulty>, now: Second) {
        self.stop(1, now);
        self.liaison = Some(by);
        if let Some(difficulty) = difficulty {
            self.difficulty = difficulty;
            for c4 in self.clocks.iter_mut().filter(|clock| clock.kind == 4) {
                c4.limit = reply_limit(difficulty);
            }
        }
        self.start(2, limit(2), now);
        self.go(S::Signed, now);
    }

    fn dispatched(&mut self, section: Section, help: &[Section], now: Second) {
        self.stop(2, now);
        self.section = Some(section);
        for (number, task) in (1..).zip(&mut self.co_tasks) {
            if task.section == section && task.state == CoTaskState::Open {
                (task.state, task.end) = (CoTaskState::Dropped, Some(now));
                let clock = self.clocks.iter_mut().find(|clock| clock.kind == 13 && clock.round == number);
                let clock = clock.unwrap();
                (clock.stopped, clock.dropped) = (Some(now), true);
            }
        }
        if !self.has(3) {
            self.start(3, limit(3), now);
        }
        for helper in help {
            self.help(*helper, now);
        }
        self.go(S::Dispatched, now);
    }

    fn reopened(&mut self, now: Second) {
        self.counts.reopens += 1;
        if self.counts.reopens == 3 {
            self.level = self.level.max(2);
        }
        self.closed = None;
        self.reply = None;
        self.start(8, limit(8), now);
        if self.counts.reopens <= 1 {
            self.go(S::InProgress, now);
        } else {
            self.handler = None;
            self.go(S::Dispatched, now);
        }
    }
}

impl Model {
    pub(super) fn take(&mut self, by: &Person, id: usize, act: &Act, now: Second) {
        if self.issues[id].merged_into.is_some() && self.take_merged(by, id, act, now) {
            return;
        }
        let account = by.account;
        let issue = &mut self.issues[id];
        match *act {
            Act::Confirm => issue.confirmed = true,
            Act::Assign(dept) => issue.assigned(dept, now),
            Act::Sign(difficulty) => issue.signed(account, difficulty, now),
            Act::RequestReturn { .. } => {
                if let Some(c2) = issue.running(2) {
                    issue.clocks[c2].stands_still(now);
                }
                issue.start(9, limit(9), now);
                issue.counts.returns += 1;
                if issue.counts.returns == 3 {
                    issue.level = issue.level.max(2);
                }
                issue.go(S::ReturnPending, now);
            }
            Act::Uphold(dept) => issue.upheld(dept, now),
            Act::Deny => issue.denied(now),
            Act::Reject => {
                issue.rejected.push(account);
                issue.stop(0, now);
                issue.stop(1, now);
                issue.rejected_at = Some(now);
                issue.ends(S::OutOfScope, now);
            }
            Act::Appeal => {
                issue.appealed = true;
                (issue.dept, issue.liaison) = (None, None);
                issue.start(0, limit(0), now);
                issue.go(S::Triage, now);
            }
            Act::Dispatch { section, ref help } => issue.dispatched(section, help, now),
            Act::AddCoSection(section) => issue.help(section, now),
            Act::ReplyCoTask(number) => {
                let task = &mut issue.co_tasks[usize::try_from(number - 1).unwrap()];
                (task.state, task.by, task.end) = (CoTaskState::Answered, Some(account), Some(now));
                let clock = issue.clocks.iter_mut().find(|clock| clock.kind == 13 && clock.round == number);
                clock.unwrap().stopped = Some(now);
            }
            Act::Accept => {
                issue.handler = Some(account);
                issue.go(S::InProgress, now);
            }
            Act::Object => {
                issue.counts.objections += 1;
                issue.section = None;
                issue.run_on(2);
                issue.go(S::Signed, now);
            }
            Act::Contact => {
                issue.counts.contacts += 1;
                issue.stop(3, now);
            }
            Act::Progress => issue.counts.progress_records += 1,
            Act::Interim => issue.counts.interim_measures += 1,
            Act::Ask => issue.asked(now),
            Act::Supply => {
                let until = issue.supply_until().map_or(now, |until| until.min(now));
                issue.answered(until, now);
            }
            Act::RequestExtension(days) => issue.extension = Some((account, days, now)),
            Act::DecideExtension(granted) => {
                let asked = issue.extension.take();
                if let (true, Some((_, days, _)), Some(c4)) = (granted, asked, issue.running(4)) {
                    issue.counts.extensions += 1;
                    issue.clocks[c4].extended += i64::from(days);
                }
            }
            Act::Plan { by, day } => {
                issue.plan = Some(Plan { by, day });
                issue.start(11, limit(11), now);
                issue.go(S::Planned, now);
            }
            Act::Replan { by, day } => {
                issue.plan = Some(Plan { by, day });
                issue.counts.replans += 1;
                issue.drop_clock(11, now);
                issue.start(11, limit(11), now);
            }
            Act::Review => {
                issue.counts.plan_reviews += 1;
                issue.stop(11, now);
                issue.start(11, limit(11), now);
            }
            Act::Reply { outcome, .. } => issue.replied(account, outcome, now),
            Act::Explain => issue.replied(account, Outcome::Explained, now),
            Act::SendBack => {
                issue.counts.send_backs += 1;
                issue.drop_clock(5, now);
                if let Some(reply) = issue.thrown_back() {
                    issue.go(reply.from, now);
                }
            }
            Act::FeedBack => {
                issue.rounds += 1;
                issue.stop(5, now);
                // Who hears of the reply has been contacted.
                issue.stop(3, now);
                if let Some(reply) = &mut issue.reply {
                    reply.heard = Some(now);
                }
                issue.start(6, limit(6), now);
                issue.go(S::FedBack, now);
            }
            Act::Rate(stars) => {
                issue.ratings.push((issue.rounds, stars));
                if stars < 3 { issue.rectifies(now) } else { issue.awaits_audit(now) }
            }
            Act::Dispute => issue.rectifies(now),
            Act::Audit(true) => {
                issue.closed = Some(now);
                issue.stop(7, now);
                issue.ends(S::Closed, now);
            }
            Act::Audit(false) => {
                issue.counts.audit_failures += 1;
                issue.stop(7, now);
                issue.thrown_back();
                issue.go(S::InProgress, now);
            }
            Act::Reopen => issue.reopened(now),
            Act::RequestWithdrawal => {
                if let Some(until) = issue.supply_until() {
                    // Whoever withdraws it is not asked any more.
                    issue.answered(until.min(now), now);
                    // The section does not get it in between.
                    issue.held.pop();
                }
                issue.before = Some(issue.state);
                issue.start(10, limit(10), now);
                issue.go(S::WithdrawPending, now);
            }
            Act::DecideWithdrawal(true, _) => {
                issue.stop(10, now);
                issue.ends(S::Withdrawn, now);
            }
            Act::DecideWithdrawal(false, _) => {
                issue.counts.denied_withdrawals += 1;
                issue.stop(10, now);
                let back = issue.before.take().unwrap();
                issue.go(back, now);
            }
            Act::Supervise(level) => issue.level = level,
            Act::Instruct => {
                issue.instructions.push(Instruction { by: account, at: now, answered: None });
                issue.start(12, limit(12), now);
            }
            Act::AnswerInstruction(number) => {
                issue.instructions[usize::try_from(number - 1).unwrap()].answered = Some(now);
                let clock = issue.clocks.iter_mut().find(|clock| clock.kind == 12 && clock.round == number);
                // Where the issue was merged or rejected in between, the clock has ended, and nobody starts it anew.
                clock.unwrap().stopped.get_or_insert(now);
            }
            Act::Comment(_) => issue.counts.comments += 1,
            Act::Urge => {
                issue.counts.urges += 1;
                if by.posts.contains(&Post::Firm(issue.firm)) {
                    issue.urged_on = Some(calendar::local_day(now));
                }
            }
            Act::Merge(_) | Act::Unmerge => {}
        }
    }
}
