//! What forbids a step that the table allows.

use proto::workflow::v1::{
    Channel, CoTaskState, CommentAudience, IssueAction, IssueParty, IssueState, Outcome,
};

use super::{
    access,
    act::Act,
    calendar::{self, Limit, Second},
    issue::Issue,
};
use crate::model::city::{Person, Section, dept_of, manager_of, on_duty};

/// The reason of a refusal.
pub type Reason = &'static str;

/// Persons are kept apart, whatever posts they hold: who has to do with the firm, with the office or with what is
/// decided on does not take the steps of the other side.
pub fn duty(by: &Person, issue: &Issue, action: IssueAction, party: IssueParty) -> Result<(), Reason> {
    use IssueAction as A;
    use IssueParty as P;
    let account = by.account;
    let mut ties: Vec<P> =
        issue.acted.iter().filter(|(who, _)| *who == account).map(|(_, party)| *party).collect();
    let worked = issue.handler == Some(account)
        || issue.reply.as_ref().is_some_and(|reply| reply.by == account)
        || ties.contains(&P::Section);
    if worked {
        ties.push(P::Section);
    }
    if issue.liaison == Some(account) {
        ties.push(P::Liaison);
    }
    if manager_of(issue.firm) == account {
        ties.push(P::Manager);
    }
    ties.extend(access::belongs(by, issue));
    let any = |of: &[P]| ties.iter().any(|tie| of.contains(tie));
    let others = |but: &[P]| ties.iter().any(|tie| !but.contains(tie));
    let rejected = issue.appealed && issue.rejected.last() == Some(&account);
    let firm = any(&[P::Firm, P::Manager]);
    let office = any(&[P::Liaison, P::Section, P::CoSection]);
    let conflict = match action {
        A::Comment | A::Urge => false,
        A::SupplyInformation => office,
        A::Confirm | A::Rate | A::Dispute | A::Reopen | A::AppealScope | A::RequestWithdrawal => {
            others(&[P::Firm])
        }
        A::Sign | A::Dispatch | A::RequestReturn | A::AddCoSection => firm,
        A::ReviewPlan | A::SendBack | A::FeedBack | A::NoteDelivery => firm || worked,
        A::DecideExtension => firm || any(&[P::Section]),
        A::AnswerInstruction => firm || any(&[P::Leader]) || party == P::Operator && office,
        A::RejectOutOfScope | A::Merge => firm || rejected || party == P::Operator && office,
        A::Absorb => firm || party == P::Operator && office,
        A::Assign => firm || rejected || office,
        A::RuleOnReturn | A::DecideWithdrawal | A::Unmerge | A::Release => firm || office,
        A::Audit => others(&[P::Auditor]),
        A::Supervise => others(&[P::Auditor, P::Leader]),
        // The section's work, and a leader's word.
        _ => any(&[P::Firm]),
    };
    if conflict { Err("CONFLICT_OF_DUTY") } else { Ok(()) }
}

pub fn writes_for(party: IssueParty, audience: CommentAudience) -> bool {
    use CommentAudience as C;
    match party {
        IssueParty::Firm | IssueParty::Manager => audience == C::Firm,
        IssueParty::Liaison | IssueParty::Section => matches!(audience, C::Firm | C::Department | C::Joint),
        IssueParty::CoSection => matches!(audience, C::Department | C::Joint),
        IssueParty::Operator | IssueParty::Auditor | IssueParty::Leader => {
            matches!(audience, C::Firm | C::Joint | C::Audit)
        }
        _ => false,
    }
}

/// Whether the firm may urge again: a working day has begun since it did.
pub fn may_urge(issue: &Issue, now: Second) -> bool {
    let today = calendar::local_day(now);
    issue.urged_on.is_none_or(|last| (last + 1..=today).any(calendar::is_working_day))
}

fn unless(refused: bool, reason: Reason) -> Result<(), Reason> {
    if refused { Err(reason) } else { Ok(()) }
}

/// By how many working days the reply may still be extended: ten in all, and not beyond thirty from the start.
fn days_left(issue: &Issue) -> i64 {
    let Some(c4) = issue.running(4) else { return 0 };
    let extended = issue.clocks[c4].extended;
    let Limit::Days(limit) = issue.clocks[c4].limit else { return 0 };
    (10 - extended).min(30 - limit - extended).max(0)
}

fn new_helper(issue: &Issue, lead: Option<Section>, section: Section) -> Result<(), Reason> {
    unless(issue.confidential, "CO_SECTION_CONFIDENTIAL")?;
    unless(issue.about.is_some() && issue.about == dept_of(section), "DEPARTMENT_CONCERNED")?;
    let helps = |task: &super::issue::CoTask| task.section == section && task.end.is_none();
    let known = lead == Some(section) || issue.co_tasks.iter().any(helps);
    unless(known, "CO_SECTION_ALREADY")
}

/// What of the issue itself has to be so that the step may be taken at all, whatever it says.
pub fn open_for(issue: &Issue, action: IssueAction, party: IssueParty, now: Second) -> Result<(), Reason> {
    use IssueAction as A;
    let over = |kind| {
        let clock = issue.clocks.iter().rev().find(|clock| clock.kind == kind);
        clock.is_some_and(|clock| clock.due() < now)
    };
    match action {
        A::Confirm => {
            let own = issue.raised_as == IssueParty::Firm;
            unless(own || issue.confirmed, "NOTHING_TO_CONFIRM")
        }
        A::Rate | A::Dispute if issue.state == IssueState::Merged => {
            unless(issue.running(6).is_none(), "NOTHING_TO_RATE")?;
            unless(over(6), "WINDOW_OVER")
        }
        A::Rate | A::Dispute => unless(over(6), "WINDOW_OVER"),
        A::Reopen => {
            let until = issue.closed.map(|at| calendar::deadline(at, Limit::Days(10), &[]));
            unless(until.is_some_and(|until| until < now), "WINDOW_OVER")
        }
        A::AppealScope => {
            unless(issue.appealed, "APPEALED_ALREADY")?;
            let until = issue.rejected_at.map(|at| calendar::deadline(at, Limit::Days(10), &[]));
            unless(until.is_some_and(|until| until < now), "WINDOW_OVER")
        }
        A::RejectOutOfScope => {
            unless(issue.rounds > 0, "HEARD_ALREADY")?;
            unless(!issue.children.is_empty(), "HAS_MERGED")?;
            unless(issue.appealed && party == IssueParty::Liaison, "SCOPE_SETTLED")
        }
        A::AskFirm => unless(issue.questions.len() >= 2, "QUESTIONS_EXHAUSTED"),
        A::RequestExtension => {
            unless(issue.extension.is_some(), "EXTENSION_PENDING")?;
            let Some(c4) = issue.running(4) else { return Err("NOTHING_TO_EXTEND") };
            let until = calendar::days_before(issue.clocks[c4].due(), 1);
            unless(until < now, "EXTENSION_TOO_LATE")?;
            unless(days_left(issue) == 0, "EXTENSION_TOO_LONG")
        }
        A::DecideExtension => unless(issue.extension.is_none(), "NO_EXTENSION"),
        A::RequestWithdrawal | A::Merge => {
            unless(issue.rounds > 0, "HEARD_ALREADY")?;
            unless(!issue.children.is_empty(), "HAS_MERGED")
        }
        A::Unmerge => unless(issue.rounds > 0, "HEARD_ALREADY"),
        A::Urge if party == IssueParty::Firm => unless(!may_urge(issue, now), "URGED_TODAY"),
        A::AnswerInstruction => {
            unless(issue.instructions.iter().all(|one| one.answered.is_some()), "INSTRUCTION_NOT_OPEN")
        }
        A::AddCoSection => unless(issue.confidential, "CO_SECTION_CONFIDENTIAL"),
        A::ReplyCoTask => {
            unless(issue.co_tasks.iter().all(|task| task.state != CoTaskState::Open), "CO_TASK_NOT_OPEN")
        }
        _ => Ok(()),
    }
}

/// What the step itself may not say.
pub fn says(issue: &Issue, act: &Act, account: u32, now: Second) -> Result<(), Reason> {
    match *act {
        Act::Assign(dept) => unless(issue.about == Some(dept), "DEPARTMENT_CONCERNED"),
        Act::Uphold(dept) => {
            unless(issue.dept == Some(dept), "SAME_DEPARTMENT")?;
            unless(issue.about == Some(dept), "DEPARTMENT_CONCERNED")
        }
        Act::Sign(_) => {
            let c1 = issue.running(1).map(|i| &issue.clocks[i]);
            let early = c1.is_some_and(|c1| now < calendar::half(c1.start, c1.due()));
            // Whoever is the liaison of the department on this day.
            let liaison = issue.dept.and_then(on_duty);
            unless(liaison != Some(account) && early, "DEPUTY_TOO_EARLY")
        }
        Act::RequestReturn { new_fact } => unless(issue.denied && !new_fact, "RETURN_NEEDS_NEW_FACT"),
        Act::Dispatch { section, ref help } => {
            unless(dept_of(section) != issue.dept, "SECTION_ELSEWHERE")?;
            for (i, helper) in help.iter().enumerate() {
                new_helper(issue, Some(section), *helper)?;
                unless(help[..i].contains(helper), "CO_SECTION_ALREADY")?;
            }
            Ok(())
        }
        Act::AddCoSection(section) => new_helper(issue, issue.section, section),
        Act::RequestExtension(days) => {
            unless(!(1..=days_left(issue)).contains(&i64::from(days)), "EXTENSION_TOO_LONG")
        }
        Act::Plan { day, .. } | Act::Replan { day, .. } => {
            unless(day <= calendar::local_day(now), "PLAN_DATE_PAST")
        }
        Act::Reply { outcome, basis, without_help } => {
            unless(
                outcome == Outcome::PlannedDelivered && issue.state != IssueState::Planned,
                "OUTCOME_NEEDS_PLAN",
            )?;
            let needed = outcome == Outcome::Infeasible
                || outcome == Outcome::Explained && issue.state == IssueState::Rectifying;
            unless(needed && !basis, "LEGAL_BASIS_MISSING")?;
            let open = issue.co_tasks.iter().any(|task| task.state == CoTaskState::Open);
            unless(open && !without_help, "CO_TASKS_OPEN")
        }
        Act::Explain => {
            let open = issue.co_tasks.iter().any(|task| task.state == CoTaskState::Open);
            unless(open, "CO_TASKS_OPEN")
        }
        // Contacted independently: the portal is where the request came from.
        Act::DecideWithdrawal(_, channel) => unless(channel == Channel::Portal, "CHANNEL_NOT_INDEPENDENT"),
        Act::Supervise(level) => unless(issue.level == level, "SUPERVISION_UNCHANGED"),
        Act::AnswerInstruction(number) => {
            let one = usize::try_from(number - 1).ok().and_then(|i| issue.instructions.get(i));
            unless(one.is_none_or(|one| one.answered.is_some()), "INSTRUCTION_NOT_OPEN")
        }
        Act::Audit(true) => {
            unless(issue.instructions.iter().any(|one| one.answered.is_none()), "INSTRUCTIONS_OPEN")?;
            unless(issue.children.iter().any(|(_, heard)| !heard), "MERGED_NOT_FED_BACK")
        }
        _ => Ok(()),
    }
}
