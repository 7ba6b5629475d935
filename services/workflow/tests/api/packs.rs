//! Policy packs: stored, looked into, and brought into force by two people.

use access::{Role, RoleGrant};
use chrono::TimeDelta;
use kernel::AccountId;
use proto::workflow::v1::{
    self as pb,
    ActivationState::{Approved, Cancelled, Effective, Lapsed, Proposed},
    policy_pack_service_client::PolicyPackServiceClient,
};
use rpc::Bearer;
use testkit::TestSuite;
use tonic::Code;

use crate::world::*;

/// Another operator.
pub const SECOND: AccountId = account(502);

const STRICT: &str = include_str!("../../packs/strict-2h.toml");

pub fn packs(app: &TestSuite, account: AccountId, role: Role) -> PolicyPackServiceClient<Bearer> {
    PolicyPackServiceClient::new(app.person(account, vec![RoleGrant::of(role)]))
}

pub fn first(app: &TestSuite) -> PolicyPackServiceClient<Bearer> {
    packs(app, OPERATOR, Role::Operator)
}

pub fn second(app: &TestSuite) -> PolicyPackServiceClient<Bearer> {
    packs(app, SECOND, Role::Operator)
}

/// The strict pack under another name, with a change.
fn ours(version: u32, from: &str, to: &str) -> String {
    let text = STRICT.replacen("name = \"strict-2h\"", "name = \"ours\"", 1).replacen(
        "version = 1",
        &format!("version = {version}"),
        1,
    );
    assert!(text.contains(from));
    text.replacen(from, to, 1)
}

async fn create(app: &TestSuite, text: String) -> Answer<pb::PolicyPack> {
    let request = pb::CreatePolicyPackRequest { text, request_id: app.request_id() };
    Ok(first(app).create_policy_pack(request).await?.into_inner().pack.unwrap())
}

async fn propose(app: &TestSuite, name: &str, version: i32, day: &str) -> Answer<pb::Activation> {
    let request = pb::ActivatePolicyPackRequest {
        name: name.to_owned(),
        version,
        from_date: date(day),
        request_id: app.request_id(),
    };
    Ok(first(app).activate_policy_pack(request).await?.into_inner().activation.unwrap())
}

pub async fn approve(
    app: &TestSuite,
    mut by: PolicyPackServiceClient<Bearer>,
    activation: &pb::Activation,
) -> Answer<pb::Activation> {
    let request = pb::ApproveActivationRequest {
        activation_id: activation.activation_id.clone(),
        etag: activation.etag.clone(),
        request_id: app.request_id(),
    };
    Ok(by.approve_activation(request).await?.into_inner().activation.unwrap())
}

async fn cancel(
    app: &TestSuite,
    mut by: PolicyPackServiceClient<Bearer>,
    activation: &pb::Activation,
) -> Answer<pb::Activation> {
    let request = pb::CancelActivationRequest {
        activation_id: activation.activation_id.clone(),
        etag: activation.etag.clone(),
        request_id: app.request_id(),
    };
    Ok(by.cancel_activation(request).await?.into_inner().activation.unwrap())
}

async fn listed(app: &TestSuite) -> Vec<String> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListPolicyPacksRequest { page_size: 2, page_token };
        let page = first(app).list_policy_packs(request).await.unwrap().into_inner();
        found.extend(page.packs.into_iter().map(|pack| {
            let in_force = if pack.in_force { " in force" } else { "" };
            format!("{}/{}{in_force}", pack.name, pack.version)
        }));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

async fn simulate(app: &TestSuite, name: &str) -> (Vec<pb::SimulatedIssue>, pb::SimulationSummary) {
    let request = pb::SimulatePolicyPackRequest { name: name.to_owned(), version: 1 };
    let mut answers = first(app).simulate_policy_pack(request).await.unwrap().into_inner();
    let (mut issues, mut summary) = (Vec::new(), None);
    while let Some(answer) = answers.message().await.unwrap() {
        assert!(summary.is_none(), "the summary comes last");
        issues.extend(answer.issue);
        summary = answer.summary;
    }
    (issues, summary.unwrap())
}

async fn n_events(app: &TestSuite) -> i64 {
    let mut tx = db(app).snapshot().await.unwrap();
    let n = store::scalar!(&mut tx, "count", i64, "SELECT COUNT(*) FROM issue_event").unwrap();
    tx.commit().await.unwrap();
    n
}

both_engines! {
    async fn a_pack_comes_into_force_with_its_day_once_a_second_person_approved(app: TestSuite) {
        let before = submitted(app).await;
        assert_eq!((before.policy_pack.as_str(), before.policy_version), ("default", 1));
        let proposed = propose(app, "strict-2h", 1, "03-04").await.unwrap();
        assert_eq!((proposed.state(), proposed.steps.len()), (Proposed, 1));
        let approved = approve(app, second(app), &proposed).await.unwrap();
        assert_eq!(approved.state(), Approved);
        let who: Vec<_> = approved.steps.iter().map(|step| (step.kind(), step.account_id.clone())).collect();
        assert_eq!(who, [
            (pb::ActivationStepKind::Proposed, OPERATOR.to_string()),
            (pb::ActivationStepKind::Approved, SECOND.to_string()),
        ]);
        app.clock.set("2026-03-03T23:59:59+08:00".parse().unwrap());
        assert_eq!(submitted(app).await.policy_pack, "default");
        // Nothing but the first submission of the day makes this process look.
        app.clock.set("2026-03-04T00:00:00+08:00".parse().unwrap());
        let after = submitted(app).await;
        assert_eq!((after.policy_pack.as_str(), after.policy_version), ("strict-2h", 1));
        assert_eq!(listed(app).await, ["default/1", "shandong-2115/1", "strict-2h/1 in force"]);
        // An issue keeps the pack that it was submitted under.
        let kept = liaison(app).sign_issue(&before).await.unwrap();
        let limit = |issue: &pb::Issue| issue.clocks.iter().find(|clock| clock.clock == "C2").unwrap().limit.clone();
        assert_eq!((kept.policy_pack.as_str(), limit(&kept).as_str()), ("default", "4 working hours"));
        assert_eq!(limit(&liaison(app).sign_issue(&after).await.unwrap()), "2 working hours");
    }

    async fn whoever_proposed_does_not_approve_in_whatever_role(app: TestSuite) {
        let proposed = propose(app, "strict-2h", 1, "03-04").await.unwrap();
        for role in [Role::Operator, Role::SystemAdmin] {
            let refused = refusal(approve(app, packs(app, OPERATOR, role), &proposed).await);
            assert_eq!(refused, was(Code::FailedPrecondition, "ACTIVATION_SAME_PERSON"));
        }
        app.clock.set("2026-03-04T09:00:00+08:00".parse().unwrap());
        assert_eq!(submitted(app).await.policy_pack, "default");
    }

    async fn of_two_who_decide_at_once_one_finds_the_activation_changed(app: TestSuite) {
        let proposed = propose(app, "strict-2h", 1, "03-04").await.unwrap();
        let (one, other) = tokio::join!(
            approve(app, second(app), &proposed),
            cancel(app, packs(app, account(503), Role::Operator), &proposed),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let refused = if one.is_ok() { refusal(other) } else { refusal(one) };
        assert_eq!(refused, was(Code::Aborted, "STALE_ETAG"));
    }

    async fn an_activation_is_cancelled_until_shortly_before_its_day(app: TestSuite) {
        let proposed = propose(app, "strict-2h", 1, "03-04").await.unwrap();
        let approved = approve(app, second(app), &proposed).await.unwrap();
        let cancelled = cancel(app, first(app), &approved).await.unwrap();
        assert_eq!(cancelled.state(), Cancelled);
        let again = cancel(app, first(app), &cancelled).await;
        assert_eq!(refusal(again), was(Code::FailedPrecondition, "ACTIVATION_DECIDED"));
        let late = propose(app, "strict-2h", 1, "03-04").await.unwrap();
        let kept = approve(app, second(app), &propose(app, "shandong-2115", 1, "03-05").await.unwrap()).await.unwrap();
        app.clock.set("2026-03-03T23:50:01+08:00".parse().unwrap());
        assert_eq!(refusal(approve(app, second(app), &late).await), was(Code::FailedPrecondition, "ACTIVATION_TOO_LATE"));
        app.clock.set("2026-03-05T09:00:00+08:00".parse().unwrap());
        assert_eq!(submitted(app).await.policy_pack, "shandong-2115");
        assert_eq!(refusal(cancel(app, first(app), &kept).await), was(Code::FailedPrecondition, "ACTIVATION_TOO_LATE"));
        let page = first(app).list_activations(pb::ListActivationsRequest::default()).await.unwrap().into_inner();
        let seen: Vec<_> = page.activations.iter().map(pb::Activation::state).collect();
        assert_eq!(seen, [Effective, Lapsed, Cancelled]);
    }

    async fn what_comes_into_force_does_so_on_a_day_to_come(app: TestSuite) {
        let today = propose(app, "strict-2h", 1, "03-02").await;
        assert_eq!(refusal(today), was(Code::InvalidArgument, "ACTIVATION_DATE_PAST"));
        let unknown = propose(app, "strict-2h", 2, "03-04").await;
        assert_eq!(refusal(unknown), was(Code::NotFound, "POLICY_PACK_NOT_FOUND"));
        let nobody = pb::Activation { activation_id: app.uuid().to_string(), etag: "v1".to_owned(), ..Default::default() };
        assert_eq!(refusal(approve(app, second(app), &nobody).await), was(Code::NotFound, "ACTIVATION_NOT_FOUND"));
    }

    async fn a_stored_pack_stays_as_it_is_and_governs_what_it_is_activated_for(app: TestSuite) {
        let text = ours(1, "C1 = \"2 working hours\"", "C1 = \"3 working hours\"");
        let pack = create(app, text.clone()).await.unwrap();
        assert_eq!((pack.name.as_str(), pack.built_in, pack.text.as_str()), ("ours", false, text.as_str()));
        let again = create(app, ours(1, "C1", "C1")).await;
        assert_eq!(refusal(again), was(Code::AlreadyExists, "POLICY_PACK_EXISTS"));
        assert_eq!(refusal(create(app, STRICT.to_owned()).await), was(Code::InvalidArgument, "POLICY_PACK_RESERVED"));
        create(app, ours(2, "C1", "C1")).await.unwrap();
        assert_eq!(listed(app).await, ["default/1 in force", "ours/1", "ours/2", "shandong-2115/1", "strict-2h/1"]);
        let request = pb::GetPolicyPackRequest { name: "ours".to_owned(), version: 1 };
        let got = first(app).get_policy_pack(request).await.unwrap().into_inner().pack.unwrap();
        assert_eq!((got.text, got.created_by_id), (text, OPERATOR.to_string()));
        let c1 = got.limits.iter().find(|limit| limit.clock == "C1").unwrap();
        assert_eq!(c1.limit, "3 working hours");

        let proposed = propose(app, "ours", 1, "03-04").await.unwrap();
        approve(app, second(app), &proposed).await.unwrap();
        app.clock.set("2026-03-04T09:00:00+08:00".parse().unwrap());
        let issue = submitted(app).await;
        assert_eq!((issue.policy_pack.as_str(), issue.clocks[0].limit.as_str()), ("ours", "3 working hours"));
    }

    async fn a_text_is_checked_and_each_fault_told_with_its_place(app: TestSuite) {
        let check = async |text: String| {
            let request = pb::ValidatePolicyPackRequest { text };
            first(app).validate_policy_pack(request).await.unwrap().into_inner().faults
        };
        assert_eq!(check(STRICT.to_owned()).await, []);
        let text = ours(1, "C1 = \"2 working hours\"", "C1 = \"2 hours\"").replacen("normal = \"4", "normal = \"1", 1);
        let line = |part: &str| i32::try_from(text.lines().position(|line| line.starts_with(part)).unwrap()).unwrap() + 1;
        let (c1, normal) = (line("C1"), line("normal"));
        let faults = check(text.clone()).await;
        let places: Vec<_> = faults.iter().map(|fault| (fault.place.as_str(), fault.line)).collect();
        assert_eq!(places, [("clocks.C1", c1), ("reply.normal", normal)]);
        assert_eq!(faults[0].reason_zh, "“2 hours”不是有效的取值");
        let unknown = check(ours(1, "[windows]", "[windows]\nextra = 1")).await;
        assert_eq!((unknown.len(), unknown[0].reason_zh.as_str()), (1, "未知字段 extra"));
        let refused = create(app, text).await;
        assert_eq!(refusal(refused), was(Code::InvalidArgument, "POLICY_PACK_INVALID"));
        assert_eq!(listed(app).await.len(), 3, "nothing was stored");
    }

    async fn a_simulation_says_what_would_change_and_changes_nothing(app: TestSuite) {
        let waiting = submitted(app).await;
        let signed = liaison(app).sign_issue(&submitted(app).await).await.unwrap();
        closed(app).await;
        app.clock.advance(TimeDelta::hours(2));
        let (events, rows) = (n_events(app).await, operator(app).list(pb::IssueFilter::default()).await.unwrap());
        let (issues, summary) = simulate(app, "strict-2h").await;
        // C1 is the same, C4 a day shorter; C2 has 2 hours instead of 4: due, and past half its time, at once.
        let ids: Vec<_> = issues.iter().map(|issue| issue.issue_id.clone()).collect();
        assert_eq!(ids, [waiting.issue_id, signed.issue_id]);
        let clocks = |n: usize| issues[n].clocks.iter().map(|clock| clock.clock.as_str()).collect::<Vec<_>>();
        assert_eq!((clocks(0), clocks(1)), (vec!["C4"], vec!["C4", "C2"]));
        let c2 = &issues[1].clocks[1];
        assert_eq!(c2.present_due_time.unwrap().seconds - c2.simulated_due_time.unwrap().seconds, 2 * 3_600 + 5_400);
        assert_eq!(summary, pb::SimulationSummary {
            issue_count: 2,
            changed_issue_count: 2,
            earlier_clock_count: 3,
            ..Default::default()
        });
        app.clock.advance(TimeDelta::seconds(1));
        let (issues, summary) = simulate(app, "strict-2h").await;
        assert_eq!((issues[1].present_light(), issues[1].simulated_light()), (pb::Light::Yellow, pb::Light::Red));
        assert_eq!((summary.turned_red_count, summary.no_longer_red_count), (1, 0));
        assert_eq!(simulate(app, "default").await.1.changed_issue_count, 0);
        assert_eq!(n_events(app).await, events);
        assert_eq!(operator(app).list(pb::IssueFilter::default()).await.unwrap().issues.len(), rows.issues.len());
    }

    async fn a_simulation_knows_of_pauses_and_extensions(app: TestSuite) {
        let asked = handler(app).ask_firm(&in_progress(app).await).await.unwrap();
        let extended = handler(app).request_extension(&in_progress(app).await).await.unwrap();
        let extended = liaison(app).grant_extension(&extended).await.unwrap();
        app.clock.set("2026-03-04T09:00:00+08:00".parse().unwrap());
        let clock = |issue: &pb::SimulatedIssue, name: &str| {
            issue.clocks.iter().find(|clock| clock.clock == name).cloned().unwrap()
        };
        let due = |clock: &pb::SimulatedClock| {
            [clock.present_due_time, clock.simulated_due_time].map(|due| {
                let due = kernel::Timestamp::from_timestamp(due.unwrap().seconds, 0).unwrap();
                due.with_timezone(&worktime::ZONE).format("%m-%d %H:%M").to_string()
            })
        };
        let (issues, summary) = simulate(app, "strict-2h").await;
        let ids: Vec<_> = issues.iter().map(|issue| issue.issue_id.clone()).collect();
        assert_eq!(ids, [asked.issue_id.clone(), extended.issue_id.clone()]);
        // The first contact was due today, and would have been on Monday: of the issue that waits for its firm, nothing
        // is overdue either way.
        let (still, runs) = (clock(&issues[0], "C4"), clock(&issues[1], "C4"));
        assert_eq!(due(&still), ["03-09 17:30", "03-06 17:30"]);
        assert_eq!((still.present_light(), still.simulated_light()), (pb::Light::Off, pb::Light::Off));
        assert_eq!((issues[0].present_light(), issues[0].simulated_light()), (pb::Light::Green, pb::Light::Green));
        // Three working days more, under either pack.
        assert_eq!(due(&runs), ["03-12 17:30", "03-11 17:30"]);
        assert_eq!((runs.present_light(), runs.simulated_light()), (pb::Light::Green, pb::Light::Green));
        assert_eq!((issues[1].present_light(), issues[1].simulated_light()), (pb::Light::Red, pb::Light::Red));
        assert_eq!((summary.issue_count, summary.earlier_clock_count, summary.later_clock_count), (2, 4, 0));
        assert_eq!((summary.turned_red_count, summary.no_longer_red_count), (0, 0));
    }

    async fn a_simulation_reads_more_issues_than_it_holds(app: TestSuite) {
        for _ in 0..205 {
            submitted(app).await;
        }
        let (issues, summary) = simulate(app, "strict-2h").await;
        assert_eq!((issues.len(), summary.issue_count), (205, 205));
    }

    async fn only_operators_write_packs_and_the_firm_does_not_read_them(app: TestSuite) {
        let text = ours(1, "C1", "C1");
        let request = || pb::CreatePolicyPackRequest { text: text.clone(), request_id: app.request_id() };
        let auditor = packs(app, AUDITOR, Role::Auditor).create_policy_pack(request()).await;
        assert_eq!(refusal(auditor).0, Code::PermissionDenied);
        let mut firm = PolicyPackServiceClient::new(app.person(OWNER, vec![RoleGrant::enterprise(DAIRY)]));
        let list = firm.list_policy_packs(pb::ListPolicyPacksRequest::default()).await;
        assert_eq!(refusal(list).0, Code::PermissionDenied);
        let asked = request();
        let one = first(app).create_policy_pack(asked.clone()).await.unwrap().into_inner();
        let two = first(app).create_policy_pack(asked).await.unwrap().into_inner();
        assert_eq!(one, two, "a repeat has no second effect");
    }

    async fn what_was_stored_and_decided_cannot_be_changed(app: TestSuite) {
        create(app, ours(1, "C1", "C1")).await.unwrap();
        propose(app, "ours", 1, "03-04").await.unwrap();
        for sql in [
            "UPDATE policy_pack SET body = ''",
            "DELETE FROM policy_pack",
            "UPDATE activation SET subject = 'default/1'",
            "UPDATE activation_step SET kind = 'APPROVED'",
            "DELETE FROM activation_step",
        ] {
            let mut tx = db(app).begin().await.unwrap();
            assert!(store::execute!(&mut tx, "tamper", sql).is_err(), "{sql}");
        }
    }
}
