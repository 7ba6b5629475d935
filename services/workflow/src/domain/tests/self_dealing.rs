//! Nobody changes what they, their section or their firm's manager are scored on: points, ratings, clocks, outcomes.
//!
//! In every reachable combination each step that anybody may take is tried by one and the same person who has to do
//! with the issue in another capacity as well, and the outcome is compared with a table that says what is allowed and
//! why. What the table does not name is refused, and there is no other way to be refused than by name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::{explore::explore_rows, world::*};
use crate::domain::{Party::*, *};

/// What a person may be at once, or may have been before.
const CAPACITIES: [Party; 8] = [Firm, Manager, Liaison, Section, CoSection, Operator, Auditor, Leader];

/// What somebody takes who also has to do with the issue as one of these, and why that is no way to serve themselves.
struct Allowed {
    steps: &'static [Action],
    taken_as: Party,
    /// Who acted as one of these before, in whatever state.
    after: &'static [Party],
    why: &'static str,
}

const fn allowed(
    steps: &'static [Action],
    taken_as: Party,
    after: &'static [Party],
    why: &'static str,
) -> Allowed {
    Allowed { steps, taken_as, after, why }
}

use Action::{
    Absorb, Accept, AddCoSection, AnswerInstruction, AppealScope, AskFirm, Assign, Audit, Comment, Confirm,
    DecideExtension, DecideWithdrawal, Dispatch, Dispute, FeedBack, Instruct, Merge, NoteDelivery, Object,
    Plan, Rate, RecordContact, RecordInterimMeasure, RecordProgress, RejectOutOfScope, Release, Reopen,
    Replan, Reply, ReplyCoTask, RequestExtension, RequestReturn, RequestWithdrawal, ReviewPlan, RuleOnReturn,
    SendBack, Sign, Supervise, SupplyInformation, Unmerge, Urge,
};

const VOICE: &[Action] = &[Confirm, Rate, Dispute, Reopen, AppealScope, RequestWithdrawal];
const LIAISON_WORK: &[Action] =
    &[Sign, Dispatch, RequestReturn, AddCoSection, RejectOutOfScope, Merge, Absorb];
const LIAISON_CHECK: &[Action] = &[SendBack, FeedBack, NoteDelivery, ReviewPlan];
const SECTION_WORK: &[Action] = &[
    Accept,
    Object,
    RecordContact,
    RecordProgress,
    RecordInterimMeasure,
    AskFirm,
    RequestExtension,
    Plan,
    Replan,
    Reply,
];
const RULING: &[Action] =
    &[Assign, RejectOutOfScope, RuleOnReturn, DecideWithdrawal, Merge, Unmerge, Absorb, Release];

const MOVES_NOTHING: &str = "it moves no clock, changes no outcome and counts for nobody";
const OWN_WORK: &str = "it is the step that the clock waits for, by whoever is there; another reviews it";

/// After acting in one capacity.
const TABLE: &[Allowed] = &[
    allowed(VOICE, Firm, &[Firm], "the firm's own voice"),
    allowed(
        &[SupplyInformation],
        Firm,
        &[Firm, Manager, Operator, Auditor, Leader],
        "it ends a pause of C3 and C4, and none of these clocks is theirs",
    ),
    allowed(
        &[SupplyInformation],
        Manager,
        &[Firm, Manager, Operator, Auditor, Leader],
        "it ends a pause of C3 and C4, and none of these clocks is theirs",
    ),
    allowed(LIAISON_WORK, Liaison, &[Liaison, Section, CoSection, Operator, Auditor, Leader], OWN_WORK),
    allowed(
        LIAISON_CHECK,
        Liaison,
        &[Liaison, CoSection, Operator, Auditor, Leader],
        "the reply and the plan are the lead section's, in which they did nothing",
    ),
    allowed(
        &[DecideExtension],
        Liaison,
        &[Liaison, CoSection, Operator, Auditor, Leader],
        "C4 is the lead section's, in which they did nothing; nor did they ask for it",
    ),
    allowed(
        &[AnswerInstruction],
        Liaison,
        &[Liaison, Section, CoSection, Operator, Auditor],
        "the instruction was another's",
    ),
    allowed(
        SECTION_WORK,
        Section,
        &[Manager, Liaison, Section, CoSection, Operator, Auditor, Leader],
        "the section's own work: another liaison passes it on, the firm rates it, another person audits it",
    ),
    allowed(
        &[ReplyCoTask],
        CoSection,
        &[Manager, Liaison, Section, CoSection, Operator, Auditor, Leader],
        "a helping section's own work, which the lead section answers for",
    ),
    allowed(
        RULING,
        Operator,
        &[Operator, Auditor, Leader],
        "nothing that operators, auditors or leaders are scored on hangs on it",
    ),
    allowed(&[AnswerInstruction], Operator, &[Operator, Auditor], "the instruction was another's"),
    allowed(&[Audit], Auditor, &[Auditor], "to have failed it before is no interest in it"),
    allowed(&[Supervise], Auditor, &[Auditor, Leader], "both watch from above"),
    allowed(
        &[Instruct],
        Leader,
        &[Manager, Liaison, Section, CoSection, Operator, Auditor, Leader],
        "it adds a duty with a clock of its own, takes none away, and another answers it",
    ),
    allowed(&[Comment, Urge], Firm, &CAPACITIES, MOVES_NOTHING),
    allowed(&[Comment, Urge], Manager, &CAPACITIES, MOVES_NOTHING),
    allowed(&[Comment, Urge], Liaison, &CAPACITIES, MOVES_NOTHING),
    allowed(&[Comment], Section, &CAPACITIES, MOVES_NOTHING),
    allowed(&[Comment], CoSection, &CAPACITIES, MOVES_NOTHING),
    allowed(&[Comment], Operator, &CAPACITIES, MOVES_NOTHING),
    allowed(&[Comment], Auditor, &CAPACITIES, MOVES_NOTHING),
    allowed(&[Comment], Leader, &CAPACITIES, MOVES_NOTHING),
];

/// Whether the person who acted as `other` takes the step.
fn is_allowed(action: Action, taken_as: Party, other: Party) -> bool {
    let mut rows = TABLE.iter().filter(|row| row.taken_as == taken_as && row.steps.contains(&action));
    rows.any(|row| row.after.contains(&other))
}

/// The same for whoever holds the other capacity now, and has not acted on the issue yet.
fn is_allowed_beside(action: Action, taken_as: Party, other: Party) -> bool {
    // An operator, an auditor or a leader is one for all issues alike: nobody would be left.
    let of_the_city = matches!(other, Operator | Auditor | Leader);
    // A liaison who belongs to the section may pass on what a colleague worked out.
    let of_the_section = other == Section && LIAISON_CHECK.contains(&action);
    of_the_city || of_the_section || is_allowed(action, taken_as, other)
}

/// A person without any tie, in this capacity alone.
fn newcomer(party: Party) -> Actor {
    let parties = if matches!(party, Manager) { Vec::new() } else { vec![party] };
    Actor { stands_as: parties, ..Actor::person(STRANGER, [party]) }
        .managing_the_firm(party == Manager)
        .helping_with(if party == CoSection { (1..=20).collect() } else { Vec::new() })
}

fn is_conflict(result: &Result<Vec<Event>, Refused>) -> bool {
    matches!(result, Err(Refused::ConflictOfDuty { .. }))
}

/// Which pairs of a step and another capacity were tried, and whether one of them was ever let through or refused.
#[derive(Default)]
struct Seen(BTreeMap<(Action, Party, Party), (bool, bool)>);

impl Seen {
    /// Tries the step, unless that is allowed and was seen to be.
    fn try_step(
        &mut self,
        (action, taken_as, other): (Action, Party, Party),
        expected: bool,
        step: impl FnOnce() -> Result<Vec<Event>, Refused>,
    ) {
        let seen = self.0.entry((action, taken_as, other)).or_default();
        if expected && seen.0 {
            return;
        }
        let result = step();
        assert!(result.is_ok() || is_conflict(&result), "{action} as {taken_as}: {result:?}");
        seen.0 |= result.is_ok();
        seen.1 |= result.is_err();
    }

    /// Every step that was tried with every other capacity, and whether it is as expected.
    fn assert_is(&self, expected: impl Fn(Action, Party, Party) -> bool) {
        let mut wrong = String::new();
        for (&(action, taken_as, other), &(passed, refused)) in &self.0 {
            let expected = expected(action, taken_as, other);
            if (passed, refused) != (expected, !expected) {
                let _ = writeln!(
                    wrong,
                    "{action} as {taken_as}, {other} too: passed {passed}, refused {refused}"
                );
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
        let pairs: BTreeSet<_> = self.0.keys().map(|(action, party, _)| (*action, *party)).collect();
        assert_eq!(self.0.len(), pairs.len() * CAPACITIES.len());
        let steps = transition::TRANSITIONS.iter().filter(|row| CAPACITIES.contains(&row.2));
        let all: BTreeSet<_> = steps.map(|row| (row.1, row.2)).collect();
        assert_eq!(pairs, all, "every step of a person was tried");
    }
}

/// Calls `visit` with every step that a newcomer may take in any reachable combination.
fn every_step_of_a_newcomer(mut visit: impl FnMut(&World, &Command, &Actor, Party)) {
    explore_rows(|before, party, results| {
        if CAPACITIES.contains(&party) {
            let by = newcomer(party);
            for (command, _) in results.iter().filter(|(_, result)| result.is_ok()) {
                if decide(&before.issue, command.clone(), rules(), before.now, &by).is_ok() {
                    visit(before, command, &by, party);
                }
            }
        }
    });
}

#[test]
fn whoever_acted_in_one_capacity_takes_only_the_reviewed_steps_in_another() {
    let mut seen = Seen::default();
    every_step_of_a_newcomer(|before, command, by, party| {
        for other in CAPACITIES {
            let step = (command.action(), party, other);
            seen.try_step(step, is_allowed(step.0, party, other), || {
                let mut issue = before.issue.clone();
                issue.acted.insert(STRANGER, [other].into());
                decide(&issue, command.clone(), rules(), before.now, by)
            });
        }
    });
    seen.assert_is(is_allowed);
}

#[test]
fn whoever_holds_two_capacities_at_once_takes_only_the_reviewed_steps_in_either() {
    let mut seen = Seen::default();
    every_step_of_a_newcomer(|before, command, by, party| {
        for other in CAPACITIES {
            let step = (command.action(), party, other);
            seen.try_step(step, is_allowed_beside(step.0, party, other), || {
                let by = by.clone().standing_as([party, other]);
                let by = by.managing_the_firm(party == Manager || other == Manager);
                decide(&before.issue, command.clone(), rules(), before.now, &by)
            });
        }
    });
    seen.assert_is(is_allowed_beside);
}

#[test]
fn those_who_have_an_issue_take_no_step_beyond_the_reviewed_ones_in_any_other_capacity() {
    let usual = |party| actor(party).who.account().unwrap();
    let mut n_refused = 0;
    every_step_of_a_newcomer(|before, command, by, party| {
        let action = command.action();
        for other in CAPACITIES.into_iter().filter(|other| *other != party) {
            let account = usual(other);
            let has = |tied: bool| tied.then_some(other);
            let issue = &before.issue;
            let has_it = match other {
                Manager => has(issue.manager == Some(account)),
                Liaison => has(issue.liaison() == Some(account)),
                Section => has(issue.handler() == Some(account)),
                _ => has(issue.acted.contains_key(&account)),
            };
            if has_it.is_some() && !is_allowed(action, party, other) {
                let by = Actor { who: Who::Account(account), ..by.clone() };
                let result = decide(issue, command.clone(), rules(), before.now, &by);
                assert!(is_conflict(&result), "{action} as {party} by the {other}: {result:?}");
                n_refused += 1;
            }
        }
    });
    assert!(10_000 < n_refused, "{n_refused}");
}

#[test]
fn another_capacity_is_used_where_the_first_is_forbidden_and_only_if_it_is_free() {
    // The liaison may merge what waits for the signature; as an operator the same person rules on nothing of theirs.
    let mut world = World::submitted();
    let merge = || Command::Merge { into: OTHER, desk: desk() };
    let both = Actor::person(LIAISON, [Operator, Liaison]);
    let mut merged = world.clone();
    merged.try_step(merge(), &both).unwrap();
    assert_eq!(merged.events.last().unwrap().by.party, Liaison);
    world.steps([Command::Sign { difficulty: None }]);
    let refused = world.try_step(merge(), &both);
    assert_eq!(refused, Err(Refused::ConflictOfDuty { action: Merge, party: Liaison }));
}

#[test]
fn whoever_rejected_an_issue_decides_nothing_on_the_appeal() {
    let mut world = World::submitted();
    let steps = [
        Command::RejectOutOfScope { reason: note() },
        Command::AppealScope { reason: note() },
        Command::Assign { desk: desk() },
    ];
    world.steps(steps);
    let merge = || Command::Merge { into: OTHER, desk: desk() };
    let refused = world.try_step(merge(), &actor(Liaison));
    assert_eq!(refused, Err(Refused::ConflictOfDuty { action: Merge, party: Liaison }));
    world.try_step(merge(), &actor(Operator)).unwrap();
    // An operator who rejected what waited for an assignment leaves the appeal to another.
    let mut world = World::submitted_by(Firm, None);
    world.steps([Command::RejectOutOfScope { reason: note() }, Command::AppealScope { reason: note() }]);
    for command in [Command::Assign { desk: desk() }, Command::RejectOutOfScope { reason: note() }, merge()] {
        let action = command.action();
        let refused = world.clone().try_step(command.clone(), &actor(Operator));
        assert_eq!(refused, Err(Refused::ConflictOfDuty { action, party: Operator }));
        world.clone().try_step(command, &Actor::person(STRANGER, [Operator])).unwrap();
    }
}

#[test]
fn nobody_decides_on_the_extension_of_a_clock_that_is_their_own() {
    let mut world = World::submitted();
    world.steps(to_progress());
    // A colleague of the section asks.
    let ask = Command::RequestExtension { working_days: 3, reason: note() };
    world.try_step(ask, &Actor::person(STRANGER, [Section])).unwrap();
    for (account, beside) in [(STRANGER, vec![]), (HANDLER, vec![]), (HELPER, vec![Section])] {
        let by = Actor::person(account, [Liaison]).standing_as(beside);
        let refused = world.try_step(Command::GrantExtension { note: None }, &by);
        assert_eq!(refused, Err(Refused::ConflictOfDuty { action: DecideExtension, party: Section }));
    }
}

#[test]
fn nobody_rates_what_they_answered_for_two_firms_as_one_of_them() {
    let mut child = World::submitted();
    child.steps([Command::Merge { into: OTHER, desk: desk() }]);
    let reply_at = child.now;
    child.steps([feed_back_merged(reply_at)]);
    let refused = child.try_step(rate(5), &Actor::person(HANDLER, [Firm]));
    assert_eq!(refused, Err(Refused::ConflictOfDuty { action: Rate, party: Section }));
    // The issue that is handled for both knows everybody who worked on it.
    let mut lead = World::submitted();
    lead.steps(to_progress());
    lead.try_step(contact(), &Actor::person(STRANGER, [Section])).unwrap();
    for (account, party) in [(STRANGER, Section), (LIAISON, Liaison)] {
        let by = Actor::person(account, [Firm]);
        let refused = speaks_for_a_merged_firm(&lead.issue, Rate, &by);
        assert_eq!(refused, Err(Refused::ConflictOfDuty { action: Rate, party }));
    }
    speaks_for_a_merged_firm(&lead.issue, Rate, &Actor::person(HELPER, [Firm])).unwrap();
}

#[test]
fn every_row_of_the_table_says_why() {
    for Allowed { steps, taken_as, after, why } in TABLE {
        assert!(!why.is_empty() && !after.is_empty(), "{steps:?} as {taken_as}");
        for step in *steps {
            let row = transition::TRANSITIONS.iter().find(|row| (row.1, row.2) == (*step, *taken_as));
            assert!(row.is_some(), "{step} as {taken_as} is no step");
        }
    }
}
