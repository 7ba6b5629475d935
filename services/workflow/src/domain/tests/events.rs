use expect_test::expect;

use super::world::*;
use crate::domain::*;

/// A history with every kind of event in it.
fn long_history() -> World {
    let mut world = World::submitted_by(Party::Manager, None);
    world.steps([Command::Assign { desk: desk() }, Command::Confirm, Command::Urge { note: Some(note()) }]);
    world.steps([
        Command::Sign { difficulty: None },
        dispatch(),
        Command::Object { reason: note() },
        dispatch(),
    ]);
    world.steps([Command::Accept, Command::RecordProgress { note: note() }]);
    world.steps([Command::RecordInterimMeasure { measure: note() }, contact(), plan("2026-03-20")]);
    world.steps([Command::Replan {
        responsible: HANDLER,
        committed: "2026-03-30".parse().unwrap(),
        reason: note(),
    }]);
    world.steps([reply(Outcome::Infeasible), Command::SendBack { reason: note() }, reply(Outcome::Partial)]);
    world.steps([
        feed_back(),
        rate(2),
        reply(Outcome::Resolved),
        feed_back(),
        Command::Dispute { reason: note() },
    ]);
    world.steps([reply(Outcome::Resolved), feed_back()]).set("2026-03-20 09:00");
    for command in due_now(&world.issue, rules(), world.now).unwrap() {
        world.step(command);
    }
    world.steps([
        fail_audit(),
        reply(Outcome::Resolved),
        feed_back(),
        rate(4),
        Command::PassAudit { note: None },
    ]);
    world.steps([Command::Reopen { reason: note() }]);
    world.steps([Command::ChangeCalendar { version: LATER_VERSION.to_owned() }]);
    world
}

fn returned() -> World {
    let mut world = World::submitted();
    let request = || Command::RequestReturn { reason: note(), new_fact: Some(note()) };
    let sign = Command::Sign { difficulty: None };
    world.steps([sign, request(), Command::DenyReturn { reason: note() }, request()]);
    world.steps([Command::DenyReturn { reason: note() }, request()]);
    world.steps([Command::UpholdReturn { desk: other_desk(), reason: note() }]);
    world
}

fn rejected() -> World {
    let mut world = World::submitted();
    world.steps([Command::RejectOutOfScope { reason: note() }, Command::AppealScope { reason: note() }]);
    world
}

fn helped() -> World {
    let mut world = World::submitted();
    world.steps(to_progress()).steps([
        Command::AddCoSection(co_section(22)),
        Command::ReplyCoTask { task: 1, text: note() },
        Command::AskFirm { question: note() },
        Command::SupplyInformation { text: note() },
        Command::AskFirm { question: note() },
    ]);
    world.set("2026-03-10 09:00");
    for command in due_now(&world.issue, rules(), world.now).unwrap() {
        world.step(command);
    }
    world.set("2026-03-10 10:00").steps([
        Command::RequestExtension { working_days: 2, reason: note() },
        Command::GrantExtension { note: None },
        Command::RequestExtension { working_days: 2, reason: note() },
        Command::DenyExtension { reason: note() },
        plan("2026-04-20"),
        Command::ReviewPlan { note: note() },
        Command::Supervise { level: Level::try_from(1_u8).unwrap(), note: note() },
        Command::Instruct { text: note() },
        Command::AnswerInstruction { instruction: 1, text: note() },
        Command::Comment { audience: CommentAudience::Firm, comment: note() },
        Command::Absorb { child: OTHER },
        reply(Outcome::PlannedDelivered),
        feed_back(),
        Command::NoteDelivery { child: OTHER },
        Command::Release { child: OTHER },
    ]);
    world
}

fn withdrawn() -> World {
    let mut world = World::submitted();
    let request = || Command::RequestWithdrawal { reason: note() };
    let channel = Channel::Telephone;
    world.steps([request(), Command::DenyWithdrawal { channel, note: note() }, request()]);
    world.steps([Command::ConfirmWithdrawal { channel, note: note() }]);
    world
}

fn merged() -> World {
    let mut world = World::submitted();
    let merge = || Command::Merge { into: OTHER, desk: desk() };
    world.steps([merge(), Command::Unmerge { reason: note() }, merge()]);
    let reply_at = world.now;
    world.steps([feed_back_merged(reply_at), rate(5)]);
    world
}

#[test]
fn a_history_read_back_from_json_makes_the_same_issue() {
    let world = long_history();
    let json = serde_json::to_string(&world.events).unwrap();
    let read: Vec<Event> = serde_json::from_str(&json).unwrap();
    assert_eq!(read, world.events);
    assert_eq!(fold(&read).unwrap().unwrap(), world.issue);
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    let row = serde_json::to_string(&world.issue).unwrap();
    assert_eq!(serde_json::from_str::<Issue>(&row).unwrap(), world.issue);
}

#[test]
fn every_kind_of_event_is_what_its_json_says_and_can_be_hashed() {
    let mut kinds = std::collections::BTreeSet::new();
    let more = [returned(), rejected(), helped(), withdrawn(), merged()];
    for event in more.iter().chain([&long_history()]).flat_map(|world| &world.events) {
        let json = serde_json::to_value(&event.fact).unwrap();
        assert_eq!(json["kind"], event.kind());
        trail::Value::try_from(json).unwrap();
        kinds.insert(event.kind());
    }
    assert_eq!(kinds.len(), 53, "{kinds:?}");
}

#[test]
fn the_json_form_stays_as_it_is() {
    let world = long_history();
    let json = |kind: &str| {
        let event = world.events.iter().find(|event| event.kind() == kind).unwrap();
        serde_json::to_string_pretty(event).unwrap()
    };
    expect![[r#"
        {
          "version": 6,
          "at": "2026-03-02T01:05:00Z",
          "by": {
            "who": {
              "account": "00000000-0000-0000-0000-000000000003"
            },
            "party": "LIAISON"
          },
          "fact": {
            "kind": "dispatched",
            "section": "00000000-0000-0000-0000-000000000015",
            "note": null
          }
        }"#]]
    .assert_eq(&json("dispatched"));
    expect![[r#"
        {
          "version": 1,
          "at": "2026-03-02T01:00:00Z",
          "by": {
            "who": {
              "account": "00000000-0000-0000-0000-000000000002"
            },
            "party": "MANAGER"
          },
          "fact": {
            "kind": "submitted",
            "issue_id": "00000000-0000-0000-0000-00000000003d",
            "number": "QQ-2026-000001",
            "enterprise_id": "00000000-0000-0000-0000-000000000047",
            "category": "municipal_facilities",
            "title": {
              "note_id": "00000000-0000-0000-0000-000000000029",
              "digest": "0707070707070707070707070707070707070707070707070707070707070707"
            },
            "description": {
              "note_id": "00000000-0000-0000-0000-000000000029",
              "digest": "0707070707070707070707070707070707070707070707070707070707070707"
            },
            "division": "330482101",
            "manager": "00000000-0000-0000-0000-000000000002",
            "policy_version": 1,
            "calendar_version": "china-2026.1",
            "difficulty": "NORMAL",
            "desk": null,
            "about": null,
            "confidential": false
          }
        }"#]]
    .assert_eq(&json("submitted"));
    expect![[r#"
        {
          "version": 25,
          "at": "2026-03-20T01:00:00Z",
          "by": {
            "who": "system",
            "party": "SYSTEM"
          },
          "fact": {
            "kind": "rung_reached",
            "clock": "C6.3",
            "rung": "reminder_1",
            "due_at": "2026-03-09T09:30:00Z",
            "light": null,
            "notify": [
              "FIRM"
            ]
          }
        }"#]]
    .assert_eq(&json("rung_reached"));
    expect![[r#"
        {
          "version": 19,
          "at": "2026-03-02T01:18:00Z",
          "by": {
            "who": {
              "account": "00000000-0000-0000-0000-000000000001"
            },
            "party": "FIRM"
          },
          "fact": {
            "kind": "rated",
            "rating": {
              "stars": 2,
              "speed": null,
              "attitude": null,
              "result": null
            },
            "low": true,
            "comment": null
          }
        }"#]]
    .assert_eq(&json("rated"));
}

#[test]
fn no_free_text_but_the_title_is_in_an_event() {
    let world = long_history();
    let with_notes: Vec<_> = world.events.iter().filter(|event| !event.fact.notes().is_empty()).collect();
    assert!(15 < with_notes.len());
    for event in with_notes {
        for (field, reference) in event.fact.notes() {
            assert_eq!(reference, note(), "{field}");
        }
        let json = serde_json::to_string(event).unwrap();
        assert!(json.contains(&note().digest.to_string()), "{json}");
    }
}

#[test]
fn a_damaged_history_is_refused_at_the_event_that_does_not_fit() {
    let world = long_history();
    for left_out in 0..world.events.len() - 1 {
        let mut events = world.events.clone();
        events.remove(left_out);
        let broken = fold(&events).unwrap_err();
        assert_eq!(broken.version, i64::try_from(left_out).unwrap() + 2);
    }
    let mut swapped = world.events.clone();
    swapped.swap(3, 4);
    assert!(fold(&swapped).is_err());
    let mut back = world.events.clone();
    back.last_mut().unwrap().at = world.issue.submitted_at;
    assert!(fold(&back).is_err(), "time does not go back");
    assert_eq!(fold(&[]), Ok(None));
}
