//! Separation of duty: persons are kept apart, whatever roles they hold.
//!
//! What a person has to do with an issue is a tie: they acted on it in some capacity, however long ago; they have it
//! now, as its liaison, its handler, the author of its reply or the manager of its firm; or they belong to the firm,
//! the department or a section that has it, though they did nothing yet. That somebody is an operator, an auditor or a
//! leader ties them to nothing until they act.

use kernel::AccountId;

use super::{
    Action, Actor, Issue,
    Party::{self, Auditor, CoSection, Firm, Leader, Liaison, Manager, Operator, Section},
    Who,
};

/// The tie that keeps the person from taking the step in this capacity. `None`: none does.
///
/// - An auditor has no other tie, to the issue or to one that was merged into it: its firm voted on the same reply. Who
///   sets the level of supervision may be a leader as well.
/// - An operator stands between firm and offices, and is tied to neither.
/// - Nobody speaks for the firm who is tied to anything else. What it supplies ends a pause of the offices' clocks: its
///   manager may supply that, and nobody of those offices.
/// - Who acts for the firm takes no step of an office; its manager takes none of a liaison.
/// - Nobody passes on or looks through what they worked out themselves in the section.
/// - Nobody decides on what they asked for or decided before: a return, an extension, an appeal, an instruction.
pub(super) fn conflict(issue: &Issue, action: Action, (by, party): (&Actor, Party)) -> Option<Party> {
    let Who::Account(account) = by.who else { return None };
    let person = Person { issue, by, account };
    let tied = |to: &[Party]| person.ties().find(|tie| to.contains(tie));
    let tied_beyond = |own: &[Party]| person.ties().find(|tie| !own.contains(tie));
    match (action, party) {
        // They move nothing, and count for nobody.
        (Action::Comment | Action::Urge, _) => None,
        (Action::Audit, _) => tied_beyond(&[Auditor]).or(by.tied_by_merged),
        (Action::Supervise, _) => tied_beyond(&[Auditor, Leader]),
        (Action::SupplyInformation, _) => tied(&[Liaison, Section, CoSection]),
        (Action::DecideExtension, _) => person.asked().or_else(|| tied(&[Firm, Manager, Section])),
        (Action::SendBack | Action::FeedBack | Action::NoteDelivery | Action::ReviewPlan, _) => {
            person.worked().or_else(|| tied(&[Firm, Manager]))
        }
        (Action::AnswerInstruction, Liaison) => tied(&[Firm, Manager, Leader]),
        (Action::AnswerInstruction, _) => tied(&[Firm, Manager, Liaison, Section, CoSection, Leader]),
        (Action::RejectOutOfScope | Action::Merge, Liaison) => {
            person.rejected().or_else(|| tied(&[Firm, Manager]))
        }
        (_, Firm) => tied_beyond(&[Firm]),
        (_, Liaison) => tied(&[Firm, Manager]),
        (_, Section | CoSection | Leader) => tied(&[Firm]),
        (Action::Assign | Action::RejectOutOfScope | Action::Merge, Operator) => {
            person.rejected().or_else(|| tied(&[Firm, Manager, Liaison, Section, CoSection]))
        }
        (_, Operator) => tied(&[Firm, Manager, Liaison, Section, CoSection]),
        // They have no other steps.
        (_, Manager | Auditor | Party::Client | Party::System) => None,
    }
}

/// What keeps the person from auditing the issue that this one was merged into.
pub fn tie_of_merged(issue: &Issue, by: &Actor) -> Option<Party> {
    conflict(issue, Action::Audit, (by, Auditor))
}

struct Person<'a> {
    issue: &'a Issue,
    by: &'a Actor,
    account: AccountId,
}

impl Person<'_> {
    fn ties(&self) -> impl Iterator<Item = Party> {
        let Self { issue, by, account } = *self;
        let manages = by.manages_firm || issue.manager == Some(account);
        let handles = issue.handler() == Some(account) || issue.reply().is_some_and(|it| it.by == account);
        let in_charge = issue.liaison() == Some(account);
        let now = [(manages, Manager), (handles, Section), (in_charge, Liaison)];
        let belongs = |party: &Party| matches!(party, Firm | Liaison | Section | CoSection);
        now.into_iter()
            .filter_map(|(is, party)| is.then_some(party))
            .chain(issue.acted.get(&account).into_iter().flatten().copied())
            .chain(by.stands_as.iter().copied().filter(belongs))
    }

    /// Whether they did what the section has to do. That they belong to it is not enough.
    fn worked(&self) -> Option<Party> {
        let Self { issue, account, .. } = *self;
        let handles = issue.handler() == Some(account) || issue.reply().is_some_and(|it| it.by == account);
        let acted = || issue.acted.get(&account).is_some_and(|acted| acted.contains(&Section));
        (handles || acted()).then_some(Section)
    }

    /// Whether they asked for the extension that waits.
    fn asked(&self) -> Option<Party> {
        self.issue.extension.filter(|extension| extension.by == self.account).map(|_| Section)
    }

    /// Whether they rejected it, and the firm appealed: they decide nothing on that.
    fn rejected(&self) -> Option<Party> {
        let rejection = self.issue.rejection.filter(|rejection| rejection.by == self.account)?;
        rejection.appealed_at.and_then(|_| self.issue.acted.get(&self.account)?.first().copied())
    }
}
