//! The issues of a small city as the mission describes them, written without a look at the code. With the code it shares
//! the enums of the contract and the numbers of the pack, and nothing else.

pub mod access;
pub mod act;
pub mod calendar;
pub mod guard;
pub mod issue;
mod merging;
mod passing;
mod steps;
pub mod table;
pub mod view;

use proto::workflow::v1::{Difficulty, IssueAction, IssueParty, IssueState};

use self::{
    act::{Act, Submission},
    calendar::{Limit, Second},
    guard::Reason,
    issue::Issue,
};
use crate::model::city::{self, Person, Post};

/// All issues, by the order of their submission.
#[derive(Debug, Default)]
pub struct Model {
    pub issues: Vec<Issue>,
}

impl Model {
    /// Somebody, or a machine client, submits an issue.
    pub fn submit(&mut self, by: Option<&Person>, asked: &Submission, now: Second) -> Result<usize, Reason> {
        let raised_as = match by {
            None => IssueParty::Client,
            Some(person) => {
                let may_call = |post: &Post| matches!(post, Post::Firm(_) | Post::Manager);
                if !person.posts.iter().any(may_call) {
                    return Err("NOT_PERMITTED");
                }
                let own = person.posts.contains(&Post::Firm(asked.firm));
                let manages =
                    person.posts.contains(&Post::Manager) && city::manager_of(asked.firm) == person.account;
                match (own, manages) {
                    (true, _) => IssueParty::Firm,
                    (false, true) => IssueParty::Manager,
                    (false, false) => return Err("ENTERPRISE_NOT_FOUND"),
                }
            }
        };
        if asked.about == Some(city::Dept::Nowhere) {
            return Err("DEPARTMENT_NOT_FOUND");
        }
        let issue = steps::submitted(by.map(|person| person.account), raised_as, asked, now);
        self.issues.push(issue);
        Ok(self.issues.len() - 1)
    }

    /// Somebody takes a step with an issue. `fresh`: they name the etag that it has.
    pub fn step(
        &mut self,
        by: &Person,
        id: usize,
        act: &Act,
        fresh: bool,
        now: Second,
    ) -> Result<(), Reason> {
        self.check(by, id, act, fresh, now)?;
        if let Act::Merge(children) = act {
            self.merge(by, id, children, now);
        } else {
            let party = self.capacity(by, id, act);
            self.issues[id].acted.extend(party.ok().map(|party| (by.account, party)));
            self.take(by, id, act, now);
        }
        Ok(())
    }

    /// Whether the model would let them, if they have read the issue as it is.
    pub fn would_take(&self, by: &Person, id: usize, act: &Act, now: Second) -> bool {
        self.check(by, id, act, true, now).is_ok()
    }

    fn check(&self, by: &Person, id: usize, act: &Act, fresh: bool, now: Second) -> Result<(), Reason> {
        if !access::may_call(by, act) {
            return Err("NOT_PERMITTED");
        }
        steps::names_what_there_is(by, act)?;
        if let Act::Merge(children) = act {
            return self.may_merge(by, id, children, fresh, now);
        }
        let issue = &self.issues[id];
        self.admitted(by, id, act, fresh)?;
        self.lead_agrees(by, id, act)?;
        let party = self.capacity(by, id, act)?;
        decide(by, issue, act, party, now)?;
        self.is_news(id, act)
    }

    /// As what they take the step.
    fn capacity(&self, by: &Person, id: usize, act: &Act) -> Result<IssueParty, Reason> {
        let parties = access::parties(by, &self.seen_with_lead(id, act), act);
        let party = capacity_for(by, &self.issues[id], act.action(), &parties)?;
        self.heard_as_auditor(by, id, act.action())?;
        Ok(party)
    }

    /// Who audits has nothing to do with the issues that were merged into it either.
    fn heard_as_auditor(&self, by: &Person, id: usize, action: IssueAction) -> Result<(), Reason> {
        if action != IssueAction::Audit {
            return Ok(());
        }
        let mut merged = self.issues[id].children.iter().map(|(child, _)| &self.issues[*child]);
        merged.try_for_each(|child| guard::duty(by, child, action, IssueParty::Auditor))
    }

    /// Whether they may call this for the issue, and have read it as it is.
    fn admitted(&self, by: &Person, id: usize, act: &Act, fresh: bool) -> Result<(), Reason> {
        let issue = &self.issues[id];
        let has = |issue: &Issue| !access::parties(by, issue, act).is_empty();
        if !has(issue) && !has(&self.seen_with_lead(id, act)) {
            return Err(if access::sees(by, issue) { "NOT_PERMITTED" } else { "ISSUE_NOT_FOUND" });
        }
        if fresh { Ok(()) } else { Err("STALE_ETAG") }
    }

    /// The steps that this person may take now; `None` if they do not see the issue.
    pub fn next_actions(&self, by: &Person, id: usize, now: Second) -> Option<Vec<IssueAction>> {
        let issue = &self.issues[id];
        let parties = access::all_parties(by, issue);
        if parties.is_empty() {
            return None;
        }
        let mut found: Vec<IssueAction> = Vec::new();
        for (action, ..) in table::ROWS.iter().filter(|(_, states, _)| states.contains(&issue.state)) {
            let Ok(party) = capacity_for(by, issue, *action, &parties) else { continue };
            if self.heard_as_auditor(by, id, *action).is_err() {
                continue;
            }
            let possible = guard::open_for(issue, *action, party, now).is_ok();
            let early = *action == IssueAction::Sign
                && guard::says(issue, &Act::Sign(None), by.account, now).is_err();
            let idle = *action == IssueAction::ReplyCoTask && open_tasks(by, issue).is_empty();
            if possible && !early && !idle && !found.contains(action) {
                found.push(*action);
            }
        }
        Some(found)
    }
}

/// As what they take the step: the first of their capacities in the table that duty does not forbid.
fn capacity_for(
    by: &Person,
    issue: &Issue,
    action: IssueAction,
    parties: &[IssueParty],
) -> Result<IssueParty, Reason> {
    let mut why = "TRANSITION_NOT_ALLOWED";
    for party in table::fitting(action, issue.state, parties) {
        match guard::duty(by, issue, action, party) {
            Ok(()) => return Ok(party),
            Err(conflict) => why = conflict,
        }
    }
    Err(why)
}

/// Tasks of theirs that are open.
fn open_tasks(by: &Person, issue: &Issue) -> Vec<u32> {
    let open = |number: &u32| {
        let task =
            usize::try_from(*number).ok().and_then(|number| issue.co_tasks.get(number.checked_sub(1)?));
        task.is_some_and(|task| task.end.is_none())
    };
    access::helps_with(by, issue).into_iter().filter(open).collect()
}

/// What the issue and the step itself have to say to it.
fn decide(by: &Person, issue: &Issue, act: &Act, party: IssueParty, now: Second) -> Result<(), Reason> {
    let action = act.action();
    match act {
        Act::Comment(audience) if guard::writes_for(party, *audience) => Ok(()),
        Act::Comment(_) => Err("AUDIENCE_NOT_ALLOWED"),
        Act::ReplyCoTask(number) if open_tasks(by, issue).contains(number) => Ok(()),
        Act::ReplyCoTask(_) => Err("CO_TASK_NOT_OPEN"),
        _ => {
            guard::open_for(issue, action, party, now)?;
            guard::says(issue, act, by.account, now)
        }
    }
}

/// How long a reply may take, by the pack.
pub fn reply_limit(difficulty: Difficulty) -> Limit {
    match difficulty {
        Difficulty::Consultation => Limit::Days(3),
        Difficulty::Hard => Limit::Days(15),
        _ => Limit::Days(5),
    }
}

/// How long everything else may take, by the pack.
pub fn limit(kind: u8) -> Limit {
    match kind {
        0 | 1 => Limit::Hours(2),
        2 | 9 => Limit::Hours(4),
        3 | 5 => Limit::Days(1),
        7 | 10 => Limit::Days(2),
        11 => Limit::Days(20),
        12 | 13 => Limit::Days(3),
        _ => Limit::Days(5),
    }
}

/// The state of an issue that was just submitted to this department.
fn first_state(has_department: bool) -> IssueState {
    if has_department { IssueState::Submitted } else { IssueState::Triage }
}
