use super::world::*;
use crate::domain::*;

fn conflict(action: Action, party: Party) -> Result<(), Refused> {
    Err(Refused::ConflictOfDuty { action, party })
}

#[test]
fn an_auditor_who_failed_an_issue_may_audit_it_again() {
    let mut world = World::submitted();
    world
        .steps(to_progress())
        .steps(to_rating())
        .steps([rate(5), fail_audit()])
        .steps(to_rating())
        .steps([rate(5), Command::PassAudit { note: None }]);
    assert_eq!(world.issue.state(), State::Closed);
}

#[test]
fn the_manager_of_the_firm_takes_no_step_of_the_liaison() {
    let by = Actor::person(MANAGER, [Party::Liaison]);
    let mut world = World::submitted();
    let refused = world.try_step(Command::Sign { difficulty: None }, &by);
    assert_eq!(refused, conflict(Action::Sign, Party::Manager));
    world.steps([Command::Sign { difficulty: None }]);
    assert_eq!(world.try_step(dispatch(), &by), conflict(Action::Dispatch, Party::Manager));
    world.steps([dispatch(), Command::Accept, reply(Outcome::Resolved)]);
    assert_eq!(world.try_step(feed_back(), &by), conflict(Action::FeedBack, Party::Manager));
    let send_back = Command::SendBack { reason: note() };
    assert_eq!(world.try_step(send_back, &by), conflict(Action::SendBack, Party::Manager));
}

#[test]
fn nobody_speaks_for_the_firm_on_what_they_did_for_an_office() {
    let mut world = World::submitted_by(Party::Manager, Some(desk()));
    let both = |person| Actor::person(person, [Party::Firm]);
    assert_eq!(world.try_step(Command::Confirm, &both(MANAGER)), conflict(Action::Confirm, Party::Manager));
    world.steps(to_progress()).steps(to_rating());
    assert_eq!(world.try_step(rate(5), &both(HANDLER)), conflict(Action::Rate, Party::Section));
    let dispute = Command::Dispute { reason: note() };
    assert_eq!(world.try_step(dispute, &both(LIAISON)), conflict(Action::Dispute, Party::Liaison));
    world.steps([rate(5), Command::PassAudit { note: None }]);
    let reopen = Command::Reopen { reason: note() };
    assert_eq!(world.try_step(reopen, &both(AUDITOR)), conflict(Action::Reopen, Party::Auditor));
}

#[test]
fn a_capacity_belongs_to_its_kind_of_actor() {
    let mut world = World::submitted();
    let person = Actor::person(STRANGER, Party::ALL);
    let refused = world.try_step(
        Command::ReachRung { clock: ClockKey::first(ClockId::C1), rung: "half".parse().unwrap() },
        &person,
    );
    assert_eq!(refused, Err(Refused::NotAllowed { from: State::Submitted, action: Action::ReachRung }));
    let machine = Actor { parties: Party::ALL.to_vec(), ..actor(Party::Client) };
    let refused = world.try_step(Command::Sign { difficulty: None }, &machine);
    assert_eq!(refused, Err(Refused::NotAllowed { from: State::Submitted, action: Action::Sign }));
    for party in [Party::Liaison, Party::Section, Party::Operator, Party::Auditor, Party::System] {
        let refused = submit(submission(None), rules(), world.now, &actor(party));
        assert_eq!(refused, Err(Refused::MayNotSubmit), "{party}");
    }
}
