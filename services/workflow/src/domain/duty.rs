//! Separation of duty: persons are kept apart, whatever roles they hold.

use kernel::AccountId;

use super::{Action, Actor, Issue, Party, Who};

/// The capacity in which the person has to do with the issue that excludes the step. `None`: none does.
///
/// - An auditor is neither the liaison, nor the handler, nor the manager of the firm, nor anybody else who acted on
///   the issue otherwise than as an auditor.
/// - The manager of the firm takes no step of the liaison.
/// - Nobody speaks for the firm who acted on the issue for an office, or manages the firm.
pub(super) fn conflict(issue: &Issue, action: Action, by: &Actor) -> Option<Party> {
    let Who::Account(account) = by.who else { return None };
    match action {
        Action::Audit => manages(issue, account, by)
            .or_else(|| in_charge(issue, account))
            .or_else(|| acted_as(issue, account, |party| party != Party::Auditor)),
        Action::Sign | Action::Dispatch | Action::SendBack | Action::FeedBack => manages(issue, account, by),
        Action::Confirm | Action::Rate | Action::Dispute | Action::Reopen => manages(issue, account, by)
            .or_else(|| in_charge(issue, account))
            .or_else(|| acted_as(issue, account, |party| party != Party::Firm)),
        Action::Submit
        | Action::Assign
        | Action::Accept
        | Action::Object
        | Action::RecordContact
        | Action::RecordProgress
        | Action::RecordInterimMeasure
        | Action::Plan
        | Action::Replan
        | Action::Reply
        | Action::LapseRating
        | Action::Urge
        | Action::ReachRung => None,
    }
}

/// The manager now, at the submission, or at any step in between.
fn manages(issue: &Issue, account: AccountId, by: &Actor) -> Option<Party> {
    let manages = by.manages_firm || issue.manager == Some(account);
    if manages { Some(Party::Manager) } else { acted_as(issue, account, |party| party == Party::Manager) }
}

fn in_charge(issue: &Issue, account: AccountId) -> Option<Party> {
    if issue.handler() == Some(account) {
        Some(Party::Section)
    } else {
        (issue.liaison() == Some(account)).then_some(Party::Liaison)
    }
}

fn acted_as(issue: &Issue, account: AccountId, excluded: impl Fn(Party) -> bool) -> Option<Party> {
    issue.acted.get(&account)?.iter().copied().find(|party| excluded(*party))
}
