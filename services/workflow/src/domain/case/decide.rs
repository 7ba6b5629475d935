//! Whether a step with a case is taken, and what then happened.

use kernel::{AccountId, CaseId, DepartmentId, Timestamp, Version};

use super::{
    Action, Case, Decision, Event, Fact, Level, Refused, Tie, evolve,
    transition::{ENTRY, TRANSITIONS, targets},
};
use crate::domain::{Actor, By, Issue, NoteRef, Party, State as IssueState, Who};

/// A new case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nomination {
    pub case_id: CaseId,
    /// The department in charge of the issue.
    pub department: DepartmentId,
    /// Both were looked through for what tells whom they are about.
    pub title: NoteRef,
    pub text: NoteRef,
}

/// A step with a case that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Accept { level: Level, reason: Option<NoteRef> },
    Reject { reason: NoteRef },
    Publish,
    Withdraw { reason: NoteRef },
}

impl Step {
    pub const fn action(&self) -> Action {
        match self {
            Self::Accept { .. } | Self::Reject { .. } => Action::Review,
            Self::Publish => Action::Publish,
            Self::Withdraw { .. } => Action::Withdraw,
        }
    }
}

/// Nominates a closed issue. That the issue has no other case is the store's to see.
pub fn nominate(new: Nomination, issue: &Issue, now: Timestamp, by: &Actor) -> Result<Event, Refused> {
    let (action, party, _) = ENTRY;
    if !may_act_as(by, party) {
        return Err(Refused::MayNotNominate);
    }
    if let Some(tie) = speaks_for_the_firm(issue, by) {
        return Err(Refused::ConflictOfDuty { action, tie });
    }
    may_be_told(issue)?;
    let Nomination { case_id, department, title, text } = new;
    let fact = Fact::Nominated {
        case_id,
        issue_id: issue.id,
        category: issue.category.clone(),
        department,
        title,
        text,
    };
    Ok(Event { version: Version::FIRST, at: now, by: By { who: by.who, party }, fact })
}

/// Takes a step, or says why not. `issue` is the one that the case tells of, as it is now.
pub fn decide(case: &Case, step: Step, issue: &Issue, now: Timestamp, by: &Actor) -> Result<Event, Refused> {
    let at = now.max(case.updated_at);
    let (from, action) = (case.state(), step.action());
    let row = TRANSITIONS.iter().find(|row| (row.0, row.1) == (from, action) && may_act_as(by, row.2));
    let party = row.ok_or(Refused::NotAllowed { from, action })?.2;
    if let Some(tie) = conflict(case, action, issue, by) {
        return Err(Refused::ConflictOfDuty { action, tie });
    }
    let fact = match step {
        Step::Accept { level, reason } => {
            may_be_told(issue)?;
            Fact::Reviewed { decision: Decision::Accepted, level: Some(level), reason }
        }
        Step::Reject { reason } => {
            Fact::Reviewed { decision: Decision::Rejected, level: None, reason: Some(reason) }
        }
        Step::Publish => {
            may_be_told(issue)?;
            Fact::Published {}
        }
        Step::Withdraw { reason } => Fact::Withdrawn { reason },
    };
    let event = Event { version: case.version.next(), at, by: By { who: by.who, party }, fact };
    debug_assert!(
        evolve(case.clone(), &event)
            .is_ok_and(|after| targets(from, action, party).any(|to| to == after.state())),
        "{action} broke the table"
    );
    Ok(event)
}

fn may_act_as(by: &Actor, party: Party) -> bool {
    matches!(by.who, Who::Account(_)) && by.parties.contains(&party)
}

/// An example is what was closed and still is, and what anybody may know of.
pub fn may_be_told(issue: &Issue) -> Result<(), Refused> {
    if issue.confidential {
        return Err(Refused::Confidential);
    }
    match issue.state() {
        IssueState::Closed => Ok(()),
        state => Err(Refused::NotClosed { state }),
    }
}

/// What the person is that excludes the step, whatever roles they hold. `None`: nothing.
///
/// - A reviewer is neither the nominator, nor the liaison, handler or manager of the issue, nor anybody else who acted
///   on it otherwise than as an auditor, nor of the firm or an office that has it.
/// - Who publishes or withdraws is not the reviewer.
fn conflict(case: &Case, action: Action, issue: &Issue, by: &Actor) -> Option<Tie> {
    let Who::Account(account) = by.who else { return None };
    match action {
        Action::Review => (case.nominated_by == account)
            .then_some(Tie::Nominator)
            .or_else(|| manages(issue, account, by))
            .or_else(|| in_charge(issue, account))
            .or_else(|| acted_as(issue, account, |party| party != Party::Auditor))
            .or_else(|| belongs(by)),
        Action::Publish | Action::Withdraw => {
            case.review().is_some_and(|review| review.by == account).then_some(Tie::Reviewer)
        }
        Action::Nominate => None,
    }
}

/// Nobody nominates what they raised or followed for the firm.
fn speaks_for_the_firm(issue: &Issue, by: &Actor) -> Option<Tie> {
    let Who::Account(account) = by.who else { return None };
    manages(issue, account, by).or_else(|| acted_as(issue, account, |party| party == Party::Firm))
}

/// The manager now, at the submission, or at any step in between.
fn manages(issue: &Issue, account: AccountId, by: &Actor) -> Option<Tie> {
    if by.manages_firm || issue.manager == Some(account) {
        return Some(Tie::Issue(Party::Manager));
    }
    acted_as(issue, account, |party| party == Party::Manager)
}

fn in_charge(issue: &Issue, account: AccountId) -> Option<Tie> {
    if issue.handler() == Some(account) {
        Some(Tie::Issue(Party::Section))
    } else {
        (issue.liaison() == Some(account)).then_some(Tie::Issue(Party::Liaison))
    }
}

fn acted_as(issue: &Issue, account: AccountId, excluded: impl Fn(Party) -> bool) -> Option<Tie> {
    issue.acted.get(&account)?.iter().copied().find(|party| excluded(*party)).map(Tie::Issue)
}

/// The firm, the department or the section of theirs that the issue is with.
fn belongs(by: &Actor) -> Option<Tie> {
    let sides = [Party::Firm, Party::Liaison, Party::Section, Party::CoSection];
    by.stands_as.iter().find(|party| sides.contains(party)).copied().map(Tie::Issue)
}
