use kernel::{AccountId, CaseId, DepartmentId, NoteId, Version};
use uuid::Uuid;

use super::*;
use crate::domain::{
    Actor, Command, NoteRef, Party, State as IssueState,
    case::transition::TRANSITIONS,
    tests::world::{self, AUDITOR, FIRM, HANDLER, LIAISON, MANAGER, World, closed},
};

const REVIEWER: AccountId = world::account(201);
const PUBLISHER: AccountId = world::account(202);

fn note() -> NoteRef {
    NoteRef { note_id: NoteId::new(Uuid::from_u128(42)), digest: trail::Hash::new([8; 32]) }
}

fn nomination() -> Nomination {
    Nomination {
        case_id: CaseId::new(Uuid::from_u128(91)),
        department: DepartmentId::new(Uuid::from_u128(31)),
        title: note(),
        text: note(),
    }
}

fn nominated(world: &World) -> (Case, Vec<Event>) {
    let event = nominate(nomination(), &world.issue, world.now, &liaison()).unwrap();
    (create(&event).unwrap(), vec![event])
}

fn liaison() -> Actor {
    Actor::person(LIAISON, [Party::Liaison])
}

fn accept() -> Step {
    Step::Accept { level: Level::City, reason: None }
}

fn take(case: &Case, step: Step, world: &World, by: &Actor) -> Result<Case, Refused> {
    decide(case, step, &world.issue, world.now, by).map(|event| evolve(case.clone(), &event).unwrap())
}

#[test]
fn every_row_is_taken_and_whatever_is_absent_is_refused_in_the_same_words() {
    let world = closed();
    let by = |party| match party {
        Party::Auditor => Actor::person(REVIEWER, [party]),
        other => Actor::person(PUBLISHER, [other]),
    };
    let steps = [accept(), Step::Reject { reason: note() }, Step::Publish, Step::Withdraw { reason: note() }];
    let mut queue = vec![nominated(&world)];
    let mut taken = std::collections::BTreeSet::new();
    while let Some((case, events)) = queue.pop() {
        assert_eq!(fold(&events).unwrap().as_ref(), Some(&case));
        for step in steps {
            for party in Party::ALL {
                let (from, action) = (case.state(), step.action());
                match decide(&case, step, &world.issue, world.now, &by(*party)) {
                    Ok(event) => {
                        let after = evolve(case.clone(), &event).unwrap();
                        assert!(taken.insert((from, action, *party, after.state())));
                        let json = serde_json::to_value(&event).unwrap();
                        assert_eq!(serde_json::from_value::<Event>(json.clone()).unwrap(), event);
                        trail::Value::try_from(json).unwrap();
                        queue.push((after, [events.clone(), vec![event]].concat()));
                    }
                    Err(refused) => assert_eq!(refused, Refused::NotAllowed { from, action }, "{party}"),
                }
            }
        }
    }
    assert_eq!(taken, TRANSITIONS.iter().copied().collect());
}

#[test]
fn a_case_is_made_of_a_closed_issue_and_stands_while_it_is_closed() {
    let mut open = World::submitted();
    let refused = nominate(nomination(), &open.issue, open.now, &liaison());
    assert_eq!(refused, Err(Refused::NotClosed { state: IssueState::Submitted }));
    open.steps(world::to_progress());

    let mut world = closed();
    let mut confidential = world.issue.clone();
    confidential.confidential = true;
    let refused = nominate(nomination(), &confidential, world.now, &liaison());
    assert_eq!(refused, Err(Refused::Confidential));
    let (case, _) = nominated(&world);
    let reviewer = Actor::person(REVIEWER, [Party::Auditor]);
    let accepted = take(&case, accept(), &world, &reviewer).unwrap();
    world.steps([Command::Reopen { reason: world::note() }]);
    let reopened = Err(Refused::NotClosed { state: IssueState::InProgress });
    assert_eq!(take(&case, accept(), &world, &reviewer), reopened);
    let publisher = Actor::person(PUBLISHER, [Party::Operator]);
    assert_eq!(take(&accepted, Step::Publish, &world, &publisher), reopened);
    take(&case, Step::Reject { reason: note() }, &world, &reviewer).unwrap();
    take(&accepted, Step::Withdraw { reason: note() }, &world, &publisher).unwrap();
}

#[test]
fn nobody_reviews_what_they_nominated_or_had_to_do_with_whatever_roles_they_hold() {
    let world = closed();
    let event =
        nominate(nomination(), &world.issue, world.now, &Actor::person(PUBLISHER, [Party::Liaison])).unwrap();
    let case = create(&event).unwrap();
    let conflict = |tie| Err(Refused::ConflictOfDuty { action: Action::Review, tie });
    for (person, tie) in [
        (PUBLISHER, Tie::Nominator),
        (LIAISON, Tie::Issue(Party::Liaison)),
        (HANDLER, Tie::Issue(Party::Section)),
        (MANAGER, Tie::Issue(Party::Manager)),
        (FIRM, Tie::Issue(Party::Firm)),
    ] {
        let by = Actor::person(person, Party::ALL);
        for step in [accept(), Step::Reject { reason: note() }] {
            assert_eq!(take(&case, step, &world, &by), conflict(tie));
        }
    }
    let new_manager = Actor::person(REVIEWER, [Party::Auditor]).managing_the_firm(true);
    assert_eq!(take(&case, accept(), &world, &new_manager), conflict(Tie::Issue(Party::Manager)));
    for party in [Party::Liaison, Party::Section, Party::CoSection, Party::Firm] {
        let colleague = Actor::person(REVIEWER, [Party::Auditor]).standing_as([Party::Auditor, party]);
        assert_eq!(take(&case, accept(), &world, &colleague), conflict(Tie::Issue(party)));
    }
    // Who audited the issue may say that it is an example.
    take(&case, accept(), &world, &Actor::person(AUDITOR, [Party::Auditor])).unwrap();
}

#[test]
fn the_reviewer_neither_publishes_nor_withdraws_and_the_manager_does_not_nominate() {
    let world = closed();
    let (case, _) = nominated(&world);
    let both = Actor::person(REVIEWER, [Party::Auditor, Party::Operator]);
    let accepted = take(&case, accept(), &world, &both).unwrap();
    for step in [Step::Publish, Step::Withdraw { reason: note() }] {
        let refused = Refused::ConflictOfDuty { action: step.action(), tie: Tie::Reviewer };
        assert_eq!(take(&accepted, step, &world, &both), Err(refused));
    }
    for person in [MANAGER, FIRM] {
        let refused =
            nominate(nomination(), &world.issue, world.now, &Actor::person(person, [Party::Liaison]));
        assert!(matches!(refused, Err(Refused::ConflictOfDuty { action: Action::Nominate, .. })));
    }
    let refused = nominate(nomination(), &world.issue, world.now, &Actor::person(REVIEWER, [Party::Auditor]));
    assert_eq!(refused, Err(Refused::MayNotNominate));
}

#[test]
fn a_history_out_of_order_is_none() {
    let world = closed();
    let (case, events) = nominated(&world);
    let publish = Event { version: Version::new(2), fact: Fact::Published {}, ..events[0].clone() };
    assert_eq!(evolve(case, &publish).unwrap_err().kind, "published");
}

const FIRM_NAME: &str = "禾城市晨露乳业有限公司";

fn found(text: &str) -> String {
    findings(text, FIRM_NAME).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_name_of_the_firm_is_found_in_every_guise() {
    assert_eq!(found("由禾城市晨露乳业有限公司提出"), "2-12 FIRM_NAME");
    assert_eq!(found("由禾城市 晨露-乳业有限公司提出"), "2-14 FIRM_NAME");
    assert_eq!(found("禾城市晨露乳业提出"), "1-7 FIRM_NAME");
    assert_eq!(found("晨露乳业的牛奶"), "1-4 FIRM_NAME");
    assert_eq!(found("禾城市的一家乳业公司"), "");
    let english = findings("for ＭＯＲＮＩＮＧ dew dairy", "Morning Dew Dairy Co., Ltd.");
    assert_eq!(english.len(), 1);
    assert_eq!(findings("一家企业", "").len(), 0);
}

#[test]
fn numbers_that_look_like_somebodys_are_found_in_every_guise() {
    for (text, expected) in [
        ("请打13812345678找他", "3-13 PHONE"),
        ("请打138 1234 5678找他", "3-15 PHONE"),
        ("请打１３８-１２３４-５６７８找他", "3-15 PHONE"),
        ("+86 13812345678", "2-15 PHONE"),
        ("(0573) 8765-4321", "2-16 PHONE"),
        ("客服400-820-1234", "3-14 PHONE"),
        ("联系电话：87654321", "6-13 PHONE"),
        ("Tel13812345678", "4-14 PHONE"),
        ("身份证330482199001011234。", "4-21 ID_CARD"),
        ("身份证33048219900101123x。", "4-21 ID_CARD"),
        ("代码91330482MA2B3C4D5E", "3-20 USCC"),
        ("代码91330482 ma2b3c4d5e", "3-21 USCC"),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn ordinary_numbers_are_nobodys() {
    for text in [
        "2026-03-12 14:00 在 S328 省道安装标志 12 块，投入 12345678 元",
        "办理编号 QQ-2026-000123，用时 3 天 14159 分",
        "面积 3.14159 公顷，第 20260312 批",
        "",
    ] {
        assert_eq!(found(text), "", "{text}");
    }
}

#[test]
fn a_draft_holds_nothing_that_would_be_refused_and_no_known_person_or_address() {
    let known = Known {
        firm_name: FIRM_NAME.to_owned(),
        address: "禾城市文昌路128号".to_owned(),
        persons: vec!["欧阳小满".to_owned(), "周".to_owned()],
    };
    let story = Story {
        title: "晨露乳业门口缺少标志".to_owned(),
        description: "我公司（禾城市晨露乳业有限公司，91330482MA2B3C4D5E）位于禾城市文昌路128号，\
            联系人张经理13812345678，{steps}欧阳小满。"
            .to_owned(),
        steps: vec![
            DraftStep {
                day: 0,
                text: "与李女士在人民路9号3幢2单元201室见面，身份证330482199001011234".to_owned(),
            },
            DraftStep { day: 2, text: "在S328省道安排人员执勤，每周总结".to_owned() },
        ],
        reply: "警示标志已安装，可拨打87654321".to_owned(),
    };
    let Draft { title, text } = draft(&story, &known);
    expect_test::expect![[r"
        【企业】门口缺少标志
        一、企业反映的问题
        我公司（【企业】，【信用代码】）位于【地址】，联系人【人员】经理【电话】，{steps}【人员】。

        二、办理经过
        第1日：与【人员】女士在人民路【地址】见面，身份证【证件号码】
        第3日：在S328省道安排人员执勤，每周总结

        三、办理结果
        警示标志已安装，可拨打【电话】"]]
    .assert_eq(&format!("{title}\n{text}"));
    assert_eq!(found(&title) + &found(&text), "");
}

#[test]
fn overlapping_pieces_make_one() {
    let known = Known {
        firm_name: FIRM_NAME.to_owned(),
        persons: vec!["乳业有限公司经理".to_owned()],
        ..Known::default()
    };
    assert_eq!(redact("晨露乳业有限公司经理说", &known), "【企业】说");
    assert_eq!(redact("", &known), "");
}
