//! Separation of duty: persons are kept apart, whatever roles they hold.

use kernel::AccountId;

use super::{Action, Actor, Issue, Party, Who};

/// The capacity in which the person has to do with the issue that excludes the step. `None`: none does.
///
/// - An auditor is neither the liaison, nor the handler, nor the manager of the firm, nor anybody else who acted on
///   the issue otherwise than as an auditor.
/// - The manager of the firm takes no step of the liaison.
/// - Nobody speaks for the firm who acted on the issue for an office, or manages the firm.
/// - Nobody decides on what they asked for or decided before: a return, an extension, an appeal.
/// - Whoever works on the issue, or manages the firm, does not find out whether the firm wants it withdrawn.
pub(super) fn conflict(issue: &Issue, action: Action, by: &Actor) -> Option<Party> {
    let Who::Account(account) = by.who else { return None };
    match action {
        Action::Audit => manages(issue, account, by)
            .or_else(|| in_charge(issue, account))
            .or_else(|| acted_as(issue, account, |party| party != Party::Auditor)),
        Action::Sign
        | Action::Dispatch
        | Action::SendBack
        | Action::FeedBack
        | Action::NoteDelivery
        | Action::RequestReturn
        | Action::AddCoSection
        | Action::ReviewPlan => manages(issue, account, by),
        Action::RejectOutOfScope => manages(issue, account, by).or_else(|| rejected(issue, account)),
        Action::Assign => rejected(issue, account),
        Action::DecideExtension => manages(issue, account, by)
            .or_else(|| issue.extension.filter(|extension| extension.by == account).map(|_| Party::Section)),
        Action::RuleOnReturn => {
            in_charge(issue, account).or_else(|| acted_as(issue, account, |party| party == Party::Liaison))
        }
        Action::DecideWithdrawal => manages(issue, account, by)
            .or_else(|| in_charge(issue, account))
            .or_else(|| acted_as(issue, account, works)),
        Action::Confirm
        | Action::Rate
        | Action::Dispute
        | Action::Reopen
        | Action::AppealScope
        | Action::RequestWithdrawal => manages(issue, account, by)
            .or_else(|| in_charge(issue, account))
            .or_else(|| acted_as(issue, account, |party| party != Party::Firm)),
        Action::Submit
        | Action::ReplyCoTask
        | Action::Accept
        | Action::Object
        | Action::RecordContact
        | Action::RecordProgress
        | Action::RecordInterimMeasure
        | Action::AskFirm
        | Action::SupplyInformation
        | Action::ResumeWork
        | Action::RequestExtension
        | Action::Plan
        | Action::Replan
        | Action::Reply
        | Action::LapseRating
        | Action::Merge
        | Action::Unmerge
        | Action::Absorb
        | Action::Release
        | Action::Supervise
        | Action::Instruct
        | Action::AnswerInstruction
        | Action::Comment
        | Action::Urge
        | Action::ReachRung
        | Action::ChangeCalendar => None,
    }
}

const fn works(party: Party) -> bool {
    matches!(party, Party::Liaison | Party::Section | Party::CoSection)
}

/// Whoever rejected it decides nothing on the appeal.
fn rejected(issue: &Issue, account: AccountId) -> Option<Party> {
    let rejection = issue.rejection.filter(|rejection| rejection.by == account)?;
    rejection.appealed_at.and_then(|_| acted_as(issue, account, |_| true))
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
