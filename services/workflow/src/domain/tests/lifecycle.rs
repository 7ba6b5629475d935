use super::world::*;
use crate::domain::*;

#[test]
fn the_s328_story_is_planned_measured_delivered_and_only_then_solved() {
    let mut world = World::submitted_by(Party::Manager, Some(desk()));
    world.steps(to_progress()).steps([
        Command::Confirm,
        contact(),
        Command::RecordInterimMeasure { measure: note() },
        plan("2026-03-20"),
    ]);
    assert_eq!(world.issue.state(), State::Planned);
    assert_eq!(world.issue.counts.interim_measures, 1);
    assert_eq!(world.issue.reply(), None);
    world.set("2026-03-19 10:00").steps([reply(Outcome::PlannedDelivered), feed_back(), rate(5)]);
    let reply = *world.issue.reply().unwrap();
    assert!(reply.outcome.is_solved());
    assert_eq!(reply.plan_kept(), Some(true));
    world.steps([Command::PassAudit { note: None }]);
    assert_eq!(world.issue.state(), State::Closed);
    assert!(world.clock("C4").late, "a plan does not stop the clock of the reply");
}

#[test]
fn delivering_what_was_never_planned_is_refused() {
    let mut world = World::submitted();
    world.steps(to_progress());
    let refused = world.try_step(reply(Outcome::PlannedDelivered), &actor(Party::Section));
    assert_eq!(refused, Err(Refused::NeedsPlan { from: State::InProgress }));
}

#[test]
fn a_plan_names_a_day_after_today() {
    let mut world = World::submitted();
    world.steps(to_progress());
    let refused = world.try_step(plan("2026-03-02"), &actor(Party::Section));
    assert_eq!(refused, Err(Refused::PlanDatePast { committed: "2026-03-02".parse().unwrap() }));
    world.set("2026-03-02 23:59").step(plan("2026-03-03"));
    let replan =
        Command::Replan { responsible: STRANGER, committed: "2026-03-30".parse().unwrap(), reason: note() };
    world.steps([replan]);
    assert_eq!(world.issue.counts.replans, 1);
    assert_eq!(world.issue.plan().unwrap().responsible, STRANGER);
}

#[test]
fn what_cannot_be_done_needs_a_legal_basis_and_so_does_an_explanation_in_rectification() {
    let bare = |outcome| Command::Reply {
        outcome,
        text: note(),
        legal_basis: None,
        override_note: None,
        evidence: Vec::new(),
    };
    let mut world = World::submitted();
    world.steps(to_progress());
    let refused = world.try_step(bare(Outcome::Infeasible), &actor(Party::Section));
    assert_eq!(refused, Err(Refused::LegalBasisMissing { outcome: Outcome::Infeasible }));
    world.steps([bare(Outcome::Explained), feed_back(), Command::Dispute { reason: note() }]);
    let refused = world.try_step(bare(Outcome::Explained), &actor(Party::Section));
    assert_eq!(refused, Err(Refused::LegalBasisMissing { outcome: Outcome::Explained }));
    world.steps([Command::Reply {
        outcome: Outcome::Explained,
        text: note(),
        legal_basis: Some(note()),
        override_note: None,
        evidence: Vec::new(),
    }]);
    assert_eq!(world.issue.state(), State::Replied);
}

#[test]
fn an_objection_sends_the_issue_back_to_the_liaison_and_is_counted() {
    let mut world = World::submitted();
    world.steps([Command::Sign { difficulty: None }, dispatch(), Command::Object { reason: note() }]);
    assert_eq!(world.issue.state(), State::Signed);
    assert_eq!(world.issue.section(), None);
    assert_eq!(world.issue.counts.objections, 1);
}

#[test]
fn an_issue_is_dispatched_within_the_department_alone() {
    let mut world = World::submitted();
    world.steps([Command::Sign { difficulty: None }]);
    let elsewhere = kernel::DepartmentId::new(uuid::Uuid::from_u128(99));
    let command =
        Command::Dispatch { section: SECTION, department: elsewhere, note: None, co_sections: Vec::new() };
    let refused = world.try_step(command, &actor(Party::Liaison));
    assert_eq!(refused, Err(Refused::SectionElsewhere { section: SECTION }));
}

#[test]
fn a_reply_sent_back_returns_to_where_it_was_given() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps([reply(Outcome::Partial), Command::SendBack { reason: note() }]);
    assert_eq!(world.issue.state(), State::InProgress);
    world.steps([reply(Outcome::Partial), feed_back(), rate(2), reply(Outcome::Resolved)]);
    world.steps([Command::SendBack { reason: note() }]);
    assert_eq!(world.issue.state(), State::Rectifying);
    assert_eq!(world.issue.counts.send_backs, 2);
}

#[test]
fn low_stars_lead_to_rectification_and_three_to_the_audit() {
    for (stars, state) in [
        (1, State::Rectifying),
        (2, State::Rectifying),
        (3, State::PendingAudit),
        (4, State::PendingAudit),
        (5, State::PendingAudit),
    ] {
        let mut world = World::submitted();
        world.steps(to_progress()).steps(to_rating()).steps([rate(stars)]);
        assert_eq!(world.issue.state(), state, "{stars} stars");
        assert_eq!(world.issue.rating().unwrap().rating.stars.get(), stars);
    }
}

#[test]
fn a_rating_that_lapsed_leaves_the_issue_unrated() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps(to_rating());
    let until = world.clock("C6").due_at;
    world.now = until;
    let early = world.try_step(Command::LapseRating, &Actor::system());
    assert_eq!(early, Err(Refused::WindowOpen { until }));
    world.now = until + chrono::TimeDelta::microseconds(1);
    for command in [rate(5), Command::Dispute { reason: note() }] {
        let action = command.action();
        assert_eq!(world.try_step(command, &actor(Party::Firm)), Err(Refused::WindowOver { action, until }));
    }
    world.steps([Command::LapseRating]);
    assert_eq!(world.issue.state(), State::PendingAudit);
    assert_eq!(world.issue.rating(), None);
}

#[test]
fn a_failed_audit_needs_a_reason_of_the_pack_and_returns_to_the_section() {
    let mut world = World::submitted();
    world.steps(to_progress()).steps(to_rating()).steps([rate(5)]);
    let unknown = Command::FailAudit { code: "bad_mood".parse().unwrap(), note: note() };
    let refused = world.try_step(unknown, &actor(Party::Auditor));
    assert_eq!(refused, Err(Refused::UnknownAuditFailure("bad_mood".parse().unwrap())));
    world.steps([fail_audit()]);
    assert_eq!(world.issue.state(), State::InProgress);
    assert_eq!(world.issue.handler(), Some(HANDLER));
    assert_eq!(world.issue.counts.audit_failures, 1);
}

#[test]
fn the_first_reopening_returns_to_the_handler_and_the_second_to_the_section() {
    let mut world = closed();
    let reopen = || Command::Reopen { reason: note() };
    world.steps([reopen()]);
    assert_eq!((world.issue.state(), world.issue.handler()), (State::InProgress, Some(HANDLER)));
    assert_eq!(world.issue.closed_at(), None);
    world.steps(to_rating()).steps([rate(5), Command::PassAudit { note: None }, reopen()]);
    assert_eq!((world.issue.state(), world.issue.handler()), (State::Dispatched, None));
    assert_eq!(world.issue.section(), Some(SECTION));
    assert_eq!(world.issue.counts.reopens, 2);
    assert!(world.issue.closings.iter().all(|closing| closing.reopened_at.is_some()));
}

#[test]
fn a_closed_issue_is_reopened_within_ten_working_days() {
    let mut world = closed();
    let until = world.issue.reopen_until(rules()).unwrap().unwrap();
    assert_eq!(wall(until), "2026-03-16 17:30");
    world.now = until + chrono::TimeDelta::microseconds(1);
    let late = world.try_step(Command::Reopen { reason: note() }, &actor(Party::Firm));
    assert_eq!(late, Err(Refused::WindowOver { action: Action::Reopen, until }));
    world.now = until;
    world.step(Command::Reopen { reason: note() });
}

#[test]
fn the_firm_urges_once_a_working_day_and_its_manager_at_will() {
    let mut world = World::submitted();
    let urge = || Command::Urge { note: None };
    world.set("2026-03-06 10:00").step(urge()); // a Friday
    for moment in ["2026-03-06 23:00", "2026-03-08 12:00"] {
        let refused = world.set(moment).try_step(urge(), &actor(Party::Firm));
        assert_eq!(refused, Err(Refused::UrgedToday { again_after: at("2026-03-09 00:00") }), "{moment}");
        world.try_step(urge(), &actor(Party::Manager)).unwrap();
    }
    world.set("2026-03-09 00:00").step(urge());
    assert_eq!(world.issue.counts.urges, 4);
}

#[test]
fn how_often_a_firm_urges_on_a_working_day_the_pack_says() {
    let policy = Policy { urges_per_working_day: 2, ..Policy::default_pack().clone() };
    let rules = Rules { policy: &policy, ..rules() };
    let mut world = World::submitted();
    let mut urge = |moment: &str| {
        let by = actor(Party::Firm);
        world.set(moment);
        let events = decide(&world.issue, Command::Urge { note: None }, rules, world.now, &by)?;
        world = world.clone().after(events);
        Ok(())
    };
    assert_eq!(urge("2026-03-06 10:00"), Ok(()));
    assert_eq!(urge("2026-03-07 10:00"), Ok(()));
    assert_eq!(urge("2026-03-08 10:00"), Err(Refused::UrgedToday { again_after: at("2026-03-09 00:00") }));
    assert_eq!(urge("2026-03-09 10:00"), Ok(()));
    assert_eq!(urge("2026-03-09 10:01"), Ok(()));
    assert!(urge("2026-03-09 10:02").is_err());
}

#[test]
fn a_rating_has_the_dimensions_that_the_pack_asks_for() {
    let mut policy = Policy::default_pack().clone();
    policy.rating_dimensions.retain(|known| known.dimension != Dimension::Attitude);
    policy.rating_dimensions[0].required = true;
    let rules = Rules { policy: &policy, ..rules() };
    let mut world = World::submitted();
    world.steps(to_progress()).steps(to_rating());
    let five = rating(5);
    let rated = |rating| {
        let command = Command::Rate { rating, comment: None };
        decide(&world.issue, command, rules, world.now, &actor(Party::Firm)).map(|_| ())
    };
    let stars = Some(five.stars);
    let speed = Rating { speed: stars, ..five };
    assert_eq!(rated(speed), Ok(()));
    assert_eq!(rated(Rating { result: stars, ..speed }), Ok(()));
    let missing = Refused::RatingDimensionMissing { dimension: Dimension::Speed };
    assert_eq!(rated(five), Err(missing));
    let unknown = Refused::RatingDimensionUnknown { dimension: Dimension::Attitude };
    assert_eq!(rated(Rating { attitude: stars, ..speed }), Err(unknown));
}

#[test]
fn urges_and_rungs_leave_the_etag_and_every_other_step_moves_it() {
    let mut world = World::submitted();
    let etag = world.issue.etag;
    world.steps([Command::Urge { note: None }]);
    world.set("2026-03-02 11:00");
    for command in due_now(&world.issue, rules(), world.now).unwrap() {
        world.step(command);
    }
    assert_eq!(world.events.last().unwrap().kind(), "rung_reached");
    assert_eq!(world.issue.etag, etag);
    assert_ne!(world.issue.version, etag);
    world.steps([Command::Sign { difficulty: None }]);
    assert_eq!(world.issue.etag, world.issue.version);
}

#[test]
fn what_was_raised_on_behalf_is_flagged_unconfirmed_after_two_working_days_and_may_still_be_confirmed() {
    let mut world = World::submitted_by(Party::Client, Some(desk()));
    let until = at("2026-03-04 17:30");
    let confirmation = |world: &World| world.issue.confirmation(rules(), world.now).unwrap();
    assert_eq!(confirmation(&world), Confirmation::Awaited { until });
    world.set("2026-03-05 09:00");
    assert_eq!(confirmation(&world), Confirmation::Unconfirmed { since: until });
    world.step(Command::Confirm);
    assert_eq!(confirmation(&world), Confirmation::Confirmed { at: world.now });
    let again = world.try_step(Command::Confirm, &actor(Party::Firm));
    assert_eq!(again, Err(Refused::NothingToConfirm));
    let mut own = World::submitted();
    assert_eq!(own.try_step(Command::Confirm, &actor(Party::Firm)), Err(Refused::NothingToConfirm));
}

#[test]
fn the_one_who_signs_becomes_the_liaison_in_charge_and_may_grade_the_issue() {
    let mut world = World::submitted();
    let deputy = Actor::person(STRANGER, [Party::Liaison]);
    let sign = || Command::Sign { difficulty: Some(Difficulty::Hard) };
    let from = at("2026-03-02 10:00");
    world.set("2026-03-02 09:59");
    assert_eq!(world.try_step(sign(), &deputy), Err(Refused::DeputyTooEarly { from }), "half of C1");
    world.set("2026-03-02 10:00");
    world.try_step(sign(), &deputy).unwrap();
    assert_eq!(world.issue.liaison(), Some(STRANGER));
    assert_eq!(world.issue.difficulty, Difficulty::Hard);
    assert_eq!(world.clock("C4").limit.to_string(), "15 working days");
}
