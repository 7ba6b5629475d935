//! Issues that are handled together.

use proto::workflow::v1::{IssueAction, IssueParty, IssueState as S};

use super::{
    Model, access,
    act::Act,
    calendar::Second,
    capacity_for,
    guard::{self, Reason},
    issue::Issue,
    limit, reply_limit,
};
use crate::model::city::Person;

impl Model {
    /// A merged issue as it is seen by whoever has the other one.
    pub(super) fn seen_with_lead(&self, id: usize, act: &Act) -> Issue {
        let mut issue = self.issues[id].clone();
        let both = matches!(act, Act::FeedBack | Act::Rate(_) | Act::Dispute | Act::Unmerge);
        if let Some(lead) = issue.merged_into.filter(|_| both) {
            issue.dept = self.issues[lead].dept;
        }
        issue
    }

    pub(super) fn may_merge(
        &self,
        by: &Person,
        lead: usize,
        children: &[usize],
        fresh: bool,
        now: Second,
    ) -> Result<(), Reason> {
        let act = Act::Merge(Vec::new());
        let twice = (1..children.len()).any(|i| children[..i].contains(&children[i]));
        if twice || children.contains(&lead) {
            return Err("MERGE_INTO_ITSELF");
        }
        let mut sorted = children.to_vec();
        sorted.sort_unstable();
        for child in &sorted {
            self.admitted(by, *child, &act, true)?;
        }
        self.admitted(by, lead, &act, fresh)?;
        let parent = &self.issues[lead];
        let parties = access::parties(by, parent, &act);
        if parent.dept.is_none() {
            return Err("TRANSITION_NOT_ALLOWED");
        }
        capacity_for(by, parent, IssueAction::Absorb, &parties)?;
        if parent.children.iter().any(|(child, _)| children.contains(child)) {
            return Err("MERGE_INTO_ITSELF");
        }
        for child in &sorted {
            let issue = &self.issues[*child];
            let parties = access::parties(by, issue, &act);
            let party = capacity_for(by, issue, IssueAction::Merge, &parties)?;
            guard::open_for(issue, IssueAction::Merge, party, now)?;
            if issue.about.is_some() && issue.about == parent.dept {
                return Err("DEPARTMENT_CONCERNED");
            }
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, by: &Person, lead: usize, children: &[usize], now: Second) {
        let act = Act::Merge(Vec::new());
        for (id, action) in
            children.iter().map(|id| (*id, IssueAction::Merge)).chain([(lead, IssueAction::Absorb)])
        {
            let issue = &mut self.issues[id];
            let party = capacity_for(by, issue, action, &access::parties(by, issue, &act));
            issue.acted.extend(party.ok().map(|party| (by.account, party)));
        }
        let (dept, liaison) = (self.issues[lead].dept, self.issues[lead].liaison);
        for child in children {
            let issue = &mut self.issues[*child];
            (issue.dept, issue.liaison) = (dept, liaison);
            issue.merged_into = Some(lead);
            issue.ends(S::Merged, now);
            self.issues[lead].children.push((*child, false));
        }
    }

    /// What the issue that is handled for both has to say to a step with the other one.
    pub(super) fn lead_agrees(&self, by: &Person, id: usize, act: &Act) -> Result<(), Reason> {
        let Some(lead) = self.issues[id].merged_into else { return Ok(()) };
        let parent = &self.issues[lead];
        if matches!(act, Act::FeedBack) {
            let liaison = access::parties(by, parent, act).contains(&IssueParty::Liaison);
            if !liaison || !matches!(parent.state, S::FedBack | S::PendingAudit) {
                return Err("TRANSITION_NOT_ALLOWED");
            }
            guard::duty(by, parent, IssueAction::NoteDelivery, IssueParty::Liaison)?;
        }
        match act {
            Act::Rate(_) | Act::Dispute => guard::duty(by, parent, act.action(), IssueParty::Firm)?,
            Act::Unmerge => guard::duty(by, parent, IssueAction::Release, IssueParty::Operator)?,
            _ => {}
        }
        Ok(())
    }

    /// A firm is told of each reply once.
    pub(super) fn is_news(&self, id: usize, act: &Act) -> Result<(), Reason> {
        let issue = &self.issues[id];
        let Some(lead) = issue.merged_into.filter(|_| matches!(act, Act::FeedBack)) else { return Ok(()) };
        let replied = |issue: &Issue| issue.reply.as_ref().map(|reply| reply.at);
        if replied(issue) == replied(&self.issues[lead]) { Err("HEARD_ALREADY") } else { Ok(()) }
    }

    fn leave(&mut self, id: usize) {
        if let Some(lead) = self.issues[id].merged_into.take() {
            self.issues[lead].children.retain(|(child, _)| *child != id);
        }
    }

    /// A step with a merged issue; false if it is as with any other.
    pub(super) fn take_merged(&mut self, by: &Person, id: usize, act: &Act, now: Second) -> bool {
        let Some(lead) = self.issues[id].merged_into else { return false };
        match *act {
            Act::FeedBack => {
                let parent = &mut self.issues[lead];
                parent.acted.push((by.account, IssueParty::Liaison));
                for (child, heard) in &mut parent.children {
                    *heard |= *child == id;
                }
                let (section, handler, reply) = (parent.section, parent.handler, parent.reply.clone());
                let desk = (parent.dept, parent.liaison);
                let issue = &mut self.issues[id];
                issue.heard_from = Some(desk);
                (issue.section, issue.handler) = (section, handler);
                issue.reply = reply;
                if let Some(reply) = &mut issue.reply {
                    reply.heard = Some(now);
                }
                issue.rounds += 1;
                issue.drop_clock(6, now);
                issue.start(6, limit(6), now);
                true
            }
            Act::Rate(stars) => {
                let issue = &mut self.issues[id];
                issue.ratings.push((issue.rounds, stars));
                if stars < 3 {
                    issue.answered_by_itself(now);
                    self.leave(id);
                } else {
                    issue.stop(6, now);
                }
                true
            }
            Act::Dispute => {
                self.issues[id].answered_by_itself(now);
                self.leave(id);
                true
            }
            Act::Unmerge => {
                let issue = &mut self.issues[id];
                issue.start(1, limit(1), now);
                if issue.has(4) {
                    issue.run_on(4);
                } else {
                    issue.start(4, reply_limit(issue.difficulty), now);
                }
                issue.go(S::Submitted, now);
                self.issues[lead].acted.push((by.account, IssueParty::Operator));
                self.leave(id);
                true
            }
            _ => false,
        }
    }
}

impl Issue {
    /// The firm of a merged issue is not content: those whose reply it heard of answer to it alone.
    fn answered_by_itself(&mut self, now: Second) {
        if let Some((dept, liaison)) = self.heard_from.take() {
            (self.dept, self.liaison) = (dept, liaison);
        }
        self.rectifies(now);
    }
}
