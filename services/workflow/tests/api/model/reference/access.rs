//! Who may call what for which issue, by the contract.

use proto::workflow::v1::IssueParty;

use super::{act::Act, issue::Issue};
use crate::model::city::{Person, Post, dept_of, manager_of};

/// For whom a step is, and how they must relate to the issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grant {
    Firm,
    Manager,
    Liaison,
    Section,
    Operator,
    Auditor,
    Leader,
}

const EVERYBODY: &[Grant] = &[
    Grant::Firm,
    Grant::Manager,
    Grant::Liaison,
    Grant::Section,
    Grant::Operator,
    Grant::Auditor,
    Grant::Leader,
];

fn grants(act: &Act) -> &'static [Grant] {
    use Grant as G;
    match act {
        Act::Confirm | Act::Rate(_) | Act::Dispute | Act::Reopen | Act::Appeal | Act::RequestWithdrawal => {
            &[G::Firm]
        }
        Act::Assign(_) | Act::Uphold(_) | Act::Deny | Act::DecideWithdrawal(..) | Act::Unmerge => {
            &[G::Operator]
        }
        Act::Sign(_)
        | Act::RequestReturn { .. }
        | Act::Dispatch { .. }
        | Act::AddCoSection(_)
        | Act::DecideExtension(_)
        | Act::Review
        | Act::SendBack
        | Act::FeedBack => &[G::Liaison],
        Act::Reject | Act::AnswerInstruction(_) | Act::Merge(_) => &[G::Liaison, G::Operator],
        Act::Accept
        | Act::Object
        | Act::Contact
        | Act::Progress
        | Act::Interim
        | Act::Ask
        | Act::RequestExtension(_)
        | Act::Plan { .. }
        | Act::Replan { .. }
        | Act::Reply { .. }
        | Act::Explain
        | Act::ReplyCoTask(_) => &[G::Section],
        Act::Supply => &[G::Firm, G::Manager],
        Act::Audit(_) | Act::Supervise(_) => &[G::Auditor],
        Act::Instruct => &[G::Leader],
        Act::Comment(_) => EVERYBODY,
        Act::Urge => &[G::Firm, G::Manager, G::Liaison],
    }
}

fn holds(post: Post) -> Grant {
    match post {
        Post::Firm(_) => Grant::Firm,
        Post::Manager => Grant::Manager,
        Post::Liaison(_) => Grant::Liaison,
        Post::Handler(_) => Grant::Section,
        Post::Operator => Grant::Operator,
        Post::Auditor => Grant::Auditor,
        Post::Leader => Grant::Leader,
    }
}

/// How a post relates to an issue.
enum Relation {
    None,
    /// As one that the issue is with.
    Own(IssueParty),
    /// As one that helps.
    Helps,
}

fn relation(person: &Person, post: Post, issue: &Issue) -> Relation {
    let open = !issue.confidential;
    let own = |related: bool, party| if related { Relation::Own(party) } else { Relation::None };
    match post {
        Post::Firm(firm) => own(firm == issue.firm, IssueParty::Firm),
        Post::Manager => {
            let manages = manager_of(issue.firm) == person.account;
            own(manages && (open || issue.raised_by == Some(person.account)), IssueParty::Manager)
        }
        Post::Liaison(dept) if issue.dept == Some(dept) => Relation::Own(IssueParty::Liaison),
        Post::Handler(section) if issue.section == Some(section) => {
            let need = open || issue.handler.is_none_or(|handler| handler == person.account);
            own(need, IssueParty::Section)
        }
        Post::Liaison(dept) if open && issue.co_tasks.iter().any(|task| task.dept == dept) => Relation::Helps,
        Post::Handler(section) if open && issue.co_tasks.iter().any(|task| task.section == section) => {
            Relation::Helps
        }
        Post::Liaison(_) | Post::Handler(_) => Relation::None,
        Post::Operator => Relation::Own(IssueParty::Operator),
        Post::Auditor => Relation::Own(IssueParty::Auditor),
        Post::Leader => Relation::Own(IssueParty::Leader),
    }
}

fn parties_by(person: &Person, issue: &Issue, grants: &[Grant]) -> Vec<IssueParty> {
    let mut found = Vec::new();
    for post in person.posts.iter().filter(|post| grants.contains(&holds(**post))) {
        match relation(person, *post, issue) {
            Relation::None => {}
            Relation::Own(party) => found.push(party),
            Relation::Helps => found.push(IssueParty::CoSection),
        }
        // Who has the issue may have been asked to help before, or for another section of theirs.
        let theirs = |task: &super::issue::CoTask| match *post {
            Post::Liaison(dept) => task.dept == dept,
            Post::Handler(section) => task.section == section,
            _ => false,
        };
        let helps = !issue.confidential && issue.co_tasks.iter().any(theirs);
        if helps && !found.contains(&IssueParty::CoSection) {
            found.push(IssueParty::CoSection);
        }
    }
    found.sort_by_key(|party| match party {
        IssueParty::Firm => 0,
        IssueParty::Manager => 1,
        IssueParty::Liaison => 2,
        IssueParty::Section => 3,
        IssueParty::CoSection => 4,
        IssueParty::Operator => 5,
        IssueParty::Auditor => 6,
        _ => 7,
    });
    found
}

pub fn sees(person: &Person, issue: &Issue) -> bool {
    !parties_by(person, issue, EVERYBODY).is_empty()
}

/// Whether they see it as somebody who is not of the firm and does not manage it.
pub fn is_office(person: &Person, issue: &Issue) -> bool {
    let firm = [IssueParty::Firm, IssueParty::Manager];
    parties_by(person, issue, EVERYBODY).iter().any(|party| !firm.contains(party))
}

/// Whether any post of theirs is one that the call is for at all.
pub fn may_call(person: &Person, act: &Act) -> bool {
    person.posts.iter().any(|post| grants(act).contains(&holds(*post)))
}

/// The capacities in which they take part, by the contract of this step.
pub fn parties(person: &Person, issue: &Issue, act: &Act) -> Vec<IssueParty> {
    parties_by(person, issue, grants(act))
}

/// The same, by what the question about next steps lets in.
pub fn all_parties(person: &Person, issue: &Issue) -> Vec<IssueParty> {
    parties_by(person, issue, EVERYBODY)
}

/// The sides of an issue that a person belongs to, also where it is kept from them.
pub fn belongs(person: &Person, issue: &Issue) -> Vec<IssueParty> {
    let sides = [IssueParty::Firm, IssueParty::Liaison, IssueParty::Section, IssueParty::CoSection];
    let mut found = parties_by(person, &Issue { confidential: false, ..issue.clone() }, EVERYBODY);
    found.retain(|party| sides.contains(party));
    found
}

/// The tasks of sections or departments of theirs, from 1.
pub fn helps_with(person: &Person, issue: &Issue) -> Vec<u32> {
    let theirs = |section| {
        person.posts.iter().any(|post| match *post {
            Post::Handler(own) => own == section,
            Post::Liaison(dept) => dept_of(section) == Some(dept),
            _ => false,
        })
    };
    (1..).zip(&issue.co_tasks).filter(|(_, task)| theirs(task.section)).map(|(number, _)| number).collect()
}
