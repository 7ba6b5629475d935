//! Returns, scope, extensions, questions, co-sections, withdrawals, merging, supervision.

use super::world::*;
use crate::domain::*;

fn signed() -> World {
    let mut world = World::submitted();
    world.steps([Command::Sign { difficulty: None }]);
    world
}

fn in_progress() -> World {
    let mut world = World::submitted();
    world.steps(to_progress());
    world
}

fn request_return() -> Command {
    Command::RequestReturn { reason: note(), new_fact: None }
}

fn uphold() -> Command {
    Command::UpholdReturn { desk: other_desk(), reason: note() }
}

fn deny() -> Command {
    Command::DenyReturn { reason: note() }
}

fn extend(working_days: u32) -> Command {
    Command::RequestExtension { working_days, reason: note() }
}

#[test]
fn a_denied_return_costs_the_liaison_no_time_and_another_needs_a_new_fact() {
    let mut world = signed(); // 09:01, C2 of 4 working hours is due at 14:31
    assert_eq!(wall(world.clock("C2").due_at), "2026-03-02 14:31");
    world.set("2026-03-02 10:00").step(request_return());
    assert!(!world.clock("C2").counts_down());
    world.set("2026-03-02 11:00").step(deny());
    assert_eq!(world.issue.state(), State::Signed);
    assert_eq!(wall(world.clock("C2").due_at), "2026-03-02 15:31", "the hour is the operator's");
    assert_eq!(world.clock("C9").on_time(), Some(true));
    let again = world.try_step(request_return(), &actor(Party::Liaison));
    assert_eq!(again, Err(Refused::ReturnNeedsNewFact));
    world.steps([Command::RequestReturn { reason: note(), new_fact: Some(note()) }]);
    assert_eq!(world.issue.counts.returns, 2);
}

#[test]
fn an_upheld_return_goes_to_another_department_which_signs_anew_while_the_reply_s_clock_runs_on() {
    let mut world = signed();
    let due = world.clock("C4").due_at;
    world.set("2026-03-02 10:00").step(request_return());
    world.set("2026-03-02 11:00").step(uphold());
    assert_eq!(world.issue.department(), Some(other_desk().department));
    assert_eq!(wall(world.clock("C1.2").due_at), "2026-03-02 14:30");
    assert!(world.clock("C2").void);
    assert_eq!((world.clock("C4").due_at, world.clock("C4").is_running()), (due, true));
    let by = Actor::person(other_desk().liaison, [Party::Liaison]);
    world.try_step(Command::Sign { difficulty: None }, &by).unwrap();
    assert_eq!(world.clock("C2.2").started_at, world.now);
}

#[test]
fn a_return_is_upheld_to_another_department_and_not_by_whoever_asked_for_it() {
    let mut world = signed();
    world.steps([request_return()]);
    let same = Command::UpholdReturn { desk: desk(), reason: note() };
    let department = desk().department;
    assert_eq!(world.try_step(same, &actor(Party::Operator)), Err(Refused::SameDepartment { department }));
    let by = Actor::person(LIAISON, [Party::Operator]);
    let conflict = Refused::ConflictOfDuty { action: Action::RuleOnReturn, party: Party::Liaison };
    assert_eq!(world.try_step(deny(), &by), Err(conflict));
}

#[test]
fn the_third_return_and_the_third_reopening_escalate_an_issue_once() {
    let mut world = signed();
    for round in 1..=3 {
        world.steps([Command::RequestReturn { reason: note(), new_fact: Some(note()) }]);
        assert_eq!(world.issue.supervision.get(), if round < 3 { 0 } else { 2 });
        world.steps([deny()]);
    }
    let mut world = closed();
    for round in 1..=4 {
        world.steps([Command::Reopen { reason: note() }]);
        if world.issue.state() == State::Dispatched {
            world.steps([Command::Accept]);
        }
        world.steps(to_rating()).steps([rate(5), Command::PassAudit { note: None }]);
        let escalations = world.events.iter().filter(|event| event.kind() == "escalated").count();
        assert_eq!(escalations, usize::from(3 <= round), "round {round}");
    }
}

#[test]
fn a_rejection_as_out_of_scope_ends_every_clock_and_one_appeal_sets_the_reply_s_clock_going_again() {
    let mut world = World::submitted();
    let due = world.clock("C4").due_at;
    let reject = || Command::RejectOutOfScope { reason: note() };
    world.set("2026-03-02 10:00").step(reject());
    assert_eq!(world.issue.state(), State::OutOfScope);
    assert!(world.issue.runs.iter().all(|run| !run.is_running()));
    assert_eq!(world.clock("C1").on_time(), Some(true), "a rejection is an answer to the request to sign");
    let appeal = || Command::AppealScope { reason: note() };
    world.set("2026-03-03 09:00").step(appeal());
    let by = Actor::person(LIAISON, [Party::Operator]);
    let conflict = |action| Err(Refused::ConflictOfDuty { action, party: Party::Liaison });
    assert_eq!(world.try_step(reject(), &by), conflict(Action::RejectOutOfScope));
    assert_eq!(world.try_step(Command::Assign { desk: desk() }, &by), conflict(Action::Assign));
    let mut upheld = world.clone();
    upheld.steps([Command::Assign { desk: desk() }]);
    assert_eq!(upheld.clock("C4").due_at, due, "never refreshed");
    let colleague = Actor::person(STRANGER, [Party::Liaison]);
    assert_eq!(upheld.try_step(reject(), &colleague), Err(Refused::ScopeSettled));
    world.steps([reject()]);
    assert_eq!(world.try_step(appeal(), &actor(Party::Firm)), Err(Refused::AppealedAlready));
}

#[test]
fn an_appeal_comes_within_ten_working_days() {
    let mut world = World::submitted();
    world.steps([Command::RejectOutOfScope { reason: note() }]);
    let until = at("2026-03-16 17:30");
    world.now = until + chrono::TimeDelta::microseconds(1);
    let late = world.try_step(Command::AppealScope { reason: note() }, &actor(Party::Firm));
    assert_eq!(late, Err(Refused::WindowOver { action: Action::AppealScope, until }));
}

#[test]
fn a_department_never_gets_what_complains_about_it() {
    let department = desk().department;
    let about = SubmitIssue { about: Some(department), ..submission(Some(desk())) };
    let events = submit(about, rules(), at("2026-03-02 09:00"), &actor(Party::Firm)).unwrap();
    let mut world = World { issue: fold(&events).unwrap().unwrap(), events, now: at("2026-03-02 09:00") };
    assert_eq!(world.issue.state(), State::Triage);
    let refused = || Err(Refused::DepartmentConcerned { department });
    assert_eq!(world.try_step(Command::Assign { desk: desk() }, &actor(Party::Operator)), refused());
    world.step(Command::Assign { desk: other_desk() });
    let by = Actor::person(other_desk().liaison, [Party::Liaison]);
    world.try_step(Command::Sign { difficulty: None }, &by).unwrap();
    let section = SECTION;
    let dispatch = Command::Dispatch {
        section,
        department: other_desk().department,
        note: None,
        co_sections: vec![co_section(22)],
    };
    assert_eq!(world.try_step(dispatch, &by), refused());
    world.try_step(request_return(), &by).unwrap();
    let back = Command::UpholdReturn { desk: desk(), reason: note() };
    assert_eq!(world.try_step(back, &actor(Party::Operator)), refused());
}

#[test]
fn while_the_firm_is_asked_contact_and_reply_stand_still() {
    let mut world = in_progress(); // dispatched 09:02; C3 is due Tuesday, C4 on Monday, 9 March
    assert_eq!(wall(world.clock("C4").due_at), "2026-03-09 17:30");
    world.set("2026-03-03 08:30").step(Command::AskFirm { question: note() });
    assert!(!world.clock("C4").counts_down());
    assert_eq!(world.clock("C1").stopped_at, Some(at("2026-03-02 09:01")));
    world.set("2026-03-05 08:30").step(Command::SupplyInformation { text: note() });
    assert_eq!(wall(world.clock("C4").due_at), "2026-03-11 17:30", "two working days are taken off");
    assert_eq!(wall(world.clock("C3").due_at), "2026-03-05 17:30");
    assert_eq!(world.clock("C4").original_due_at, world.clock("C4").due_at);
}

#[test]
fn work_resumes_after_five_working_days_however_late_that_is_noticed_and_the_firm_is_asked_at_most_twice() {
    let mut world = in_progress();
    let ask = || Command::AskFirm { question: note() };
    world.set("2026-03-03 10:00").step(ask());
    let until = at("2026-03-10 17:30");
    assert_eq!(next_wake(&world.issue, rules()).unwrap(), Some(until));
    world.now = until;
    let early = world.try_step(Command::ResumeWork, &Actor::system());
    assert_eq!(early, Err(Refused::WindowOpen { until }));
    world.set("2026-03-12 09:00");
    assert_eq!(due_now(&world.issue, rules(), world.now).unwrap(), [Command::ResumeWork]);
    world.step(Command::ResumeWork);
    assert_eq!(world.issue.questions.last().unwrap().ended_at, Some(until));
    world.steps([ask(), Command::SupplyInformation { text: note() }]);
    let third = world.try_step(ask(), &actor(Party::Section));
    assert_eq!(third, Err(Refused::QuestionsExhausted { most: 2 }));
}

#[test]
fn an_extension_keeps_the_original_deadline_beside_the_new_one_and_counts_over_a_holiday() {
    let mut world = World::submitted();
    world.set("2026-04-28 09:00");
    let events = submit(submission(Some(desk())), rules(), world.now, &actor(Party::Firm)).unwrap();
    world.issue = fold(&events).unwrap().unwrap();
    world.events = events;
    world.steps(to_progress()).step(contact());
    assert_eq!(wall(world.clock("C4").due_at), "2026-05-08 17:30");
    world.step(extend(3));
    let own = Actor::person(HANDLER, [Party::Liaison]);
    let grant = || Command::GrantExtension { note: None };
    let conflict = Refused::ConflictOfDuty { action: Action::DecideExtension, party: Party::Section };
    assert_eq!(world.try_step(grant(), &own), Err(conflict));
    assert_eq!(world.try_step(extend(1), &actor(Party::Section)), Err(Refused::ExtensionPending));
    world.step(grant());
    let clock = world.clock("C4");
    assert_eq!(wall(clock.original_due_at), "2026-05-08 17:30");
    assert_eq!(wall(clock.due_at), "2026-05-12 17:30", "Saturday the 9th is worked");
    world.set("2026-05-11 10:00").steps([reply(Outcome::Resolved)]);
    assert_eq!(world.clock("C4").on_time(), Some(true));
    assert_eq!(world.clock("C4").on_time_originally(), Some(false));
}

#[test]
fn an_extension_is_asked_a_working_day_ahead_for_ten_working_days_at_most_and_never_beyond_thirty() {
    let mut world = in_progress(); // due on Monday, 9 March, 17:30
    let until = at("2026-03-06 17:30");
    world.now = until + chrono::TimeDelta::microseconds(1);
    let late = world.try_step(extend(1), &actor(Party::Section));
    assert_eq!(late, Err(Refused::ExtensionTooLate { until }));
    world.now = until;
    for days in [0, 11] {
        let refused = world.try_step(extend(days), &actor(Party::Section));
        assert_eq!(refused, Err(Refused::ExtensionTooLong { most_days: 10 }), "{days}");
    }
    world.step(extend(10)).step(Command::GrantExtension { note: None });
    let more = world.try_step(extend(1), &actor(Party::Section));
    assert_eq!(more, Err(Refused::ExtensionTooLong { most_days: 0 }));
}

#[test]
fn the_lead_replies_after_the_co_sections_or_says_why_not() {
    let mut world = signed();
    world.steps([Command::Dispatch {
        section: SECTION,
        department: DEPARTMENT,
        note: None,
        co_sections: vec![co_section(22), co_section(23)],
    }]);
    let lead = co_section(21);
    let again = world.try_step(Command::AddCoSection(lead), &actor(Party::Liaison));
    assert_eq!(again, Err(Refused::CoSectionAlready { section: SECTION }));
    world.steps([Command::Accept, contact(), Command::ReplyCoTask { task: 2, text: note() }]);
    assert_eq!(world.clock("C13.2").on_time(), Some(true));
    let theirs = Actor::person(HELPER, [Party::CoSection]).helping_with(vec![2]);
    let not_theirs = world.try_step(Command::ReplyCoTask { task: 1, text: note() }, &theirs);
    assert_eq!(not_theirs, Err(Refused::CoTaskNotOpen));
    let early = world.try_step(reply(Outcome::Resolved), &actor(Party::Section));
    assert_eq!(early, Err(Refused::CoTasksOpen { open: 1 }));
    world.steps([Command::Reply {
        outcome: Outcome::Resolved,
        text: note(),
        legal_basis: None,
        override_note: Some(note()),
        evidence: Vec::new(),
    }]);
    assert!(world.clock("C13").void, "nobody waits for it any more");
    assert!(matches!(world.issue.co_tasks[0].end, CoTaskEnd::Dropped { .. }));
}

#[test]
fn a_co_section_that_becomes_the_lead_does_not_wait_for_itself() {
    let mut world = signed();
    let to =
        |section, co_sections| Command::Dispatch { section, department: DEPARTMENT, note: None, co_sections };
    world.steps([to(SECTION, vec![co_section(22), co_section(23)]), Command::Object { reason: note() }]);
    world.steps([to(co_section(22).section, Vec::new())]);
    assert!(matches!(world.issue.co_tasks[0].end, CoTaskEnd::Dropped { .. }));
    assert_eq!(world.issue.co_tasks[1].end, CoTaskEnd::Open, "the other one goes on");
    assert_eq!((world.clock("C13").void, world.clock("C13.2").stopped_at), (true, None));
}

#[test]
fn a_plan_is_reviewed_every_twenty_working_days() {
    let mut world = in_progress();
    world.steps([contact(), plan("2026-06-30")]);
    assert_eq!(wall(world.clock("C11").due_at), "2026-03-30 17:30");
    world.set("2026-03-30 10:00").step(Command::ReviewPlan { note: note() });
    assert_eq!(world.clock("C11").on_time(), Some(true));
    assert_eq!(wall(world.clock("C11.2").due_at), "2026-04-28 17:30");
}

#[test]
fn a_withdrawal_under_pressure_is_denied_by_somebody_who_does_not_work_on_it() {
    let mut world = in_progress();
    let before = world.issue.stage.clone();
    let running = world.clock("C4");
    world.steps([Command::RequestWithdrawal { reason: note() }]);
    let deny = || Command::DenyWithdrawal { channel: Channel::Telephone, note: note() };
    for (person, party) in [(LIAISON, Party::Liaison), (HANDLER, Party::Section), (MANAGER, Party::Manager)] {
        let by = Actor::person(person, [Party::Operator]);
        let conflict = Refused::ConflictOfDuty { action: Action::DecideWithdrawal, party };
        assert_eq!(world.try_step(deny(), &by), Err(conflict));
    }
    world.steps([deny()]);
    assert_eq!(world.issue.stage, before, "it goes on where it was");
    assert_eq!(world.clock("C4").due_at, running.due_at);
    world.steps([Command::RequestWithdrawal { reason: note() }]);
    world.steps([Command::ConfirmWithdrawal { channel: Channel::Visit, note: note() }]);
    assert_eq!(world.issue.state(), State::Withdrawn);
    assert_eq!(next_wake(&world.issue, rules()).unwrap(), None);
}

#[test]
fn a_merged_issue_s_firm_is_told_and_votes_by_itself_and_low_stars_bring_the_issue_back() {
    let mut child = World::submitted();
    child.steps([Command::Merge { into: OTHER, desk: desk() }]);
    assert_eq!(child.try_step(rate(5), &actor(Party::Firm)), Err(Refused::NothingToRate));
    let reply_at = child.now;
    child.steps([feed_back_merged(reply_at)]);
    let again = child.try_step(feed_back_merged(reply_at), &actor(Party::Liaison));
    assert_eq!(again, Err(Refused::HeardAlready));
    let unmerge = child.try_step(Command::Unmerge { reason: note() }, &actor(Party::Operator));
    assert_eq!(unmerge, Err(Refused::HeardAlready));
    let mut content = child.clone();
    content.steps([rate(5)]);
    assert_eq!(content.issue.state(), State::Merged);
    assert_eq!(content.try_step(rate(1), &actor(Party::Firm)), Err(Refused::NothingToRate), "one vote");
    child.steps([rate(2)]);
    assert_eq!((child.issue.state(), child.issue.handler()), (State::Rectifying, Some(HANDLER)));
    child.steps([reply(Outcome::Resolved), feed_back(), rate(4), Command::PassAudit { note: None }]);
    assert_eq!(child.issue.state(), State::Closed);
}

#[test]
fn an_issue_is_not_closed_before_merged_firms_heard_of_it_and_instructions_were_answered() {
    let mut world = in_progress();
    world.steps([Command::Absorb { child: OTHER }, Command::Instruct { text: note() }]);
    let command = Command::RequestWithdrawal { reason: note() };
    assert_eq!(world.try_step(command, &actor(Party::Firm)), Err(Refused::HasMerged));
    world.steps(to_rating()).steps([rate(5)]);
    let pass = || Command::PassAudit { note: None };
    assert_eq!(world.try_step(pass(), &actor(Party::Auditor)), Err(Refused::InstructionsOpen { open: 1 }));
    world.steps([Command::AnswerInstruction { instruction: 1, text: note() }]);
    assert_eq!(world.try_step(pass(), &actor(Party::Auditor)), Err(Refused::MergedNotFedBack { open: 1 }));
    world.steps([Command::NoteDelivery { child: OTHER }, pass()]);
    assert_eq!(world.issue.state(), State::Closed);
}

#[test]
fn an_unmerged_issue_is_signed_anew_and_its_reply_is_due_when_it_always_was() {
    let mut world = World::submitted();
    let due = world.clock("C4").due_at;
    world.steps([Command::Merge { into: OTHER, desk: desk() }]).set("2026-03-04 10:00");
    world.step(Command::Unmerge { reason: note() });
    assert_eq!((world.clock("C4").due_at, world.clock("C4").gaps.len()), (due, 1));
    assert_eq!(world.clock("C1.2").started_at, world.now);
}

#[test]
fn comments_are_written_for_those_whom_the_writer_may_address_and_move_nothing() {
    use CommentAudience::{Audit, Department, Firm, Joint};
    let world = in_progress();
    for (party, audiences) in [
        (Party::Firm, vec![Firm]),
        (Party::Manager, vec![Firm]),
        (Party::Liaison, vec![Firm, Department, Joint]),
        (Party::Section, vec![Firm, Department, Joint]),
        (Party::CoSection, vec![Department, Joint]),
        (Party::Operator, vec![Firm, Joint, Audit]),
        (Party::Auditor, vec![Firm, Joint, Audit]),
        (Party::Leader, vec![Firm, Joint, Audit]),
    ] {
        for audience in CommentAudience::ALL {
            let mut world = world.clone();
            let before = world.issue.clone();
            let comment = Command::Comment { audience: *audience, comment: note() };
            let result = world.try_step(comment, &actor(party));
            if audiences.contains(audience) {
                result.unwrap();
                assert_eq!((&world.issue.runs, world.issue.etag), (&before.runs, before.etag));
            } else {
                assert_eq!(result, Err(Refused::AudienceNotAllowed { party, audience: *audience }));
            }
        }
    }
}

#[test]
fn supervision_changes_by_a_step_that_changes_it() {
    let mut world = World::submitted();
    let supervise = |level: u8| Command::Supervise { level: Level::try_from(level).unwrap(), note: note() };
    world.steps([supervise(3)]);
    let level = Level::try_from(3_u8).unwrap();
    let same = world.try_step(supervise(3), &actor(Party::Auditor));
    assert_eq!(same, Err(Refused::SupervisionUnchanged { level }));
    assert!(Level::try_from(4_u8).is_err());
    world.steps([supervise(0)]);
}

#[test]
fn every_firm_hears_of_the_reply_that_stands_before_an_issue_is_closed() {
    let pass = || Command::PassAudit { note: None };
    let delivered = || Command::NoteDelivery { child: OTHER };
    let mut heard = in_progress();
    heard.steps([Command::Absorb { child: OTHER }]).steps(to_rating()).steps([delivered()]);
    let mut failed = heard.clone();
    failed.steps([rate(5), fail_audit()]);
    let mut rectified = heard.clone();
    rectified.steps([rate(1)]);
    let mut reopened = heard.clone();
    reopened.steps([rate(5), pass(), Command::Reopen { reason: note() }]);
    for mut world in [failed, rectified, reopened] {
        let explained = Command::Reply {
            outcome: Outcome::Explained,
            text: note(),
            legal_basis: Some(note()),
            override_note: None,
            evidence: Vec::new(),
        };
        world.steps([explained, feed_back(), rate(5)]);
        let unheard = Err(Refused::MergedNotFedBack { open: 1 });
        assert_eq!(world.try_step(pass(), &actor(Party::Auditor)), unheard);
        world.steps([delivered(), pass()]);
    }
}

#[test]
fn whether_the_firm_wants_a_withdrawal_is_not_asked_where_the_request_came_from() {
    let mut world = in_progress();
    world.steps([Command::RequestWithdrawal { reason: note() }]);
    let channel = Channel::Portal;
    let decisions = [
        Command::ConfirmWithdrawal { channel, note: note() },
        Command::DenyWithdrawal { channel, note: note() },
    ];
    for decision in decisions {
        let refused = world.try_step(decision, &actor(Party::Operator));
        assert_eq!(refused, Err(Refused::ChannelNotIndependent { channel }));
    }
    world.steps([Command::ConfirmWithdrawal { channel: Channel::Visit, note: note() }]);
    assert_eq!(world.issue.state(), State::Withdrawn);
}

#[test]
fn a_confidential_issue_is_shared_with_no_other_section() {
    let confidential = SubmitIssue { confidential: true, ..submission(Some(desk())) };
    let mut world = World::submitted();
    let events = submit(confidential, rules(), world.now, &actor(Party::Firm)).unwrap();
    world.issue = fold(&events).unwrap().unwrap();
    world.steps([Command::Sign { difficulty: None }]);
    let with_help = Command::Dispatch {
        section: SECTION,
        department: DEPARTMENT,
        note: None,
        co_sections: vec![co_section(22)],
    };
    assert_eq!(world.try_step(with_help, &actor(Party::Liaison)), Err(Refused::CoSectionConfidential));
    world.steps([dispatch(), Command::Accept]);
    let refused = world.try_step(Command::AddCoSection(co_section(22)), &actor(Party::Liaison));
    assert_eq!(refused, Err(Refused::CoSectionConfidential));
    let offered = next_actions(&world.issue, rules(), world.now, &actor(Party::Liaison)).unwrap();
    assert!(!offered.contains(&Action::AddCoSection));
}
