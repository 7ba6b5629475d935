use access::{Role, RoleGrant};
use kernel::AccountId;
use prost::{Message, Name};
use proto::workflow::v1::{
    self as pb,
    CaseState::{Accepted, Nominated, Published, Rejected, Withdrawn},
    case_service_client::CaseServiceClient,
};
use qinqing_workflow::domain::case::{Case, Event, fold};
use rpc::Bearer;
use testkit::TestSuite;
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::world::*;

const REVIEWER: AccountId = account(602);
const PUBLISHER: AccountId = account(502);
pub const TEXT: &str = "省道路段缺少警示标志，职工上下班有危险。办理单位先安排人员执勤，后安装标志。";

pub type Client = CaseServiceClient<Bearer>;

fn as_role(app: &TestSuite, who: AccountId, role: RoleGrant) -> Client {
    CaseServiceClient::new(app.person(who, vec![role]))
}

pub fn nominator(app: &TestSuite) -> Client {
    as_role(app, LIAISON, RoleGrant::liaison(HOUSING))
}

pub fn reviewer(app: &TestSuite) -> Client {
    as_role(app, REVIEWER, RoleGrant::of(Role::Auditor))
}

pub fn publisher(app: &TestSuite) -> Client {
    as_role(app, PUBLISHER, RoleGrant::of(Role::Operator))
}

pub fn public(app: &TestSuite) -> Client {
    CaseServiceClient::new(app.anonymous())
}

pub fn nomination(app: &TestSuite, issue: &pb::Issue) -> pb::NominateCaseRequest {
    pb::NominateCaseRequest {
        issue_id: issue.issue_id.clone(),
        title: "一处路段装上了警示标志".to_owned(),
        text: TEXT.to_owned(),
        deidentified: true,
        request_id: app.request_id(),
    }
}

pub async fn nominate(app: &TestSuite, issue: &pb::Issue) -> Answer<pb::Case> {
    Ok(nominator(app).nominate_case(nomination(app, issue)).await?.into_inner().case.unwrap())
}

pub async fn accept(app: &TestSuite, mut who: Client, case: &pb::Case) -> Answer<pb::Case> {
    let request = pb::ReviewCaseRequest {
        case_id: case.case_id.clone(),
        decision: pb::CaseDecision::Accepted.into(),
        level: pb::CaseLevel::City.into(),
        reason: "做法可推广".to_owned(),
        etag: case.etag.clone(),
        request_id: app.request_id(),
    };
    Ok(who.review_case(request).await?.into_inner().case.unwrap())
}

async fn reject(app: &TestSuite, mut who: Client, case: &pb::Case) -> Answer<pb::Case> {
    let request = pb::ReviewCaseRequest {
        case_id: case.case_id.clone(),
        decision: pb::CaseDecision::Rejected.into(),
        level: 0,
        reason: "做法平常".to_owned(),
        etag: case.etag.clone(),
        request_id: app.request_id(),
    };
    Ok(who.review_case(request).await?.into_inner().case.unwrap())
}

pub async fn publish(app: &TestSuite, mut who: Client, case: &pb::Case) -> Answer<pb::Case> {
    let (case_id, etag) = (case.case_id.clone(), case.etag.clone());
    let request = pb::PublishCaseRequest { case_id, etag, request_id: app.request_id() };
    Ok(who.publish_case(request).await?.into_inner().case.unwrap())
}

async fn withdraw(app: &TestSuite, mut who: Client, case: &pb::Case) -> Answer<pb::Case> {
    let (case_id, etag) = (case.case_id.clone(), case.etag.clone());
    let reason = "情况有变".to_owned();
    let request = pb::WithdrawCaseRequest { case_id, reason, etag, request_id: app.request_id() };
    Ok(who.withdraw_case(request).await?.into_inner().case.unwrap())
}

pub async fn get(mut who: Client, case: &pb::Case) -> Answer<pb::Case> {
    let request = pb::GetCaseRequest { case_id: case.case_id.clone() };
    Ok(who.get_case(request).await?.into_inner().case.unwrap())
}

async fn list(mut who: Client, request: pb::ListCasesRequest) -> Vec<pb::Case> {
    let (mut cases, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListCasesRequest { page_size: 1, page_token, ..request.clone() };
        let page = who.list_cases(request).await.unwrap().into_inner();
        cases.extend(page.cases);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            assert_eq!(i64::try_from(cases.len()).unwrap(), page.total_count);
            return cases;
        }
    }
}

pub async fn read(mut who: Client, case: &pb::Case) -> Answer<pb::PublishedCase> {
    let request = pb::GetPublishedCaseRequest { case_id: case.case_id.clone() };
    Ok(who.get_published_case(request).await?.into_inner().case.unwrap())
}

async fn read_all(mut who: Client, levels: &[pb::CaseLevel]) -> Vec<pb::PublishedCase> {
    let levels: Vec<i32> = levels.iter().map(|level| (*level).into()).collect();
    let (mut cases, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListPublishedCasesRequest { levels: levels.clone(), page_size: 1, page_token };
        let page = who.list_published_cases(request).await.unwrap().into_inner();
        cases.extend(page.cases);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            assert_eq!(i64::try_from(cases.len()).unwrap(), page.total_count);
            return cases;
        }
    }
}

pub async fn history(mut who: Client, case: &pb::Case) -> Answer<pb::GetCaseHistoryResponse> {
    let request = pb::GetCaseHistoryRequest { case_id: case.case_id.clone(), ..Default::default() };
    Ok(who.get_case_history(request).await?.into_inner())
}

async fn last<M: Message + Name + Default>(app: &TestSuite) -> M {
    crate::orders::last(app).await
}

fn hidden() -> (Code, String) {
    was(Code::NotFound, "CASE_NOT_FOUND")
}

fn conflict() -> (Code, String) {
    was(Code::FailedPrecondition, "CASE_CONFLICT_OF_DUTY")
}

both_engines! {
    async fn a_case_is_nominated_reviewed_and_published(app: TestSuite) {
        let issue = closed(app).await;
        let case = nominate(app, &issue).await.unwrap();
        assert_eq!((case.state(), case.issue_id.clone(), case.text.as_str()), (Nominated, issue.issue_id.clone(), TEXT));
        assert_eq!((case.nominated_by_id.clone(), case.category.as_str()), (LIAISON.to_string(), "municipal_facilities"));
        let told: pb::CaseNominated = last(app).await;
        let parties = told.case.unwrap();
        assert_eq!((parties.handler_id, parties.department_id), (HANDLER.to_string(), HOUSING.to_string()));
        assert_eq!((parties.issue_id, parties.issue_number), (issue.issue_id.clone(), issue.number.clone()));
        let case = accept(app, reviewer(app), &case).await.unwrap();
        assert_eq!((case.state(), case.level(), case.review_reason.as_str()), (Accepted, pb::CaseLevel::City, "做法可推广"));
        let told: pb::CaseReviewed = last(app).await;
        assert_eq!((told.decision(), told.level()), (pb::CaseDecision::Accepted, pb::CaseLevel::City));
        let case = publish(app, publisher(app), &case).await.unwrap();
        assert_eq!((case.state(), case.publish_time.is_some()), (Published, true));
        assert_eq!(last::<pb::CasePublished>(app).await.level(), pb::CaseLevel::City);
        assert_eq!(get(publisher(app), &case).await.unwrap(), case);
        let case = withdraw(app, publisher(app), &case).await.unwrap();
        assert_eq!((case.state(), case.withdraw_reason.as_str()), (Withdrawn, "情况有变"));
        assert_eq!(last::<pb::CaseWithdrawn>(app).await.from_state(), Published);
    }

    async fn the_public_reads_what_is_published_and_nothing_that_leads_to_anybody(app: TestSuite) {
        let case = nominate(app, &closed(app).await).await.unwrap();
        let firm = || as_role(app, OWNER, RoleGrant::enterprise(DAIRY));
        let everybody = || [public(app), firm(), nominator(app), reviewer(app)];
        for who in everybody() {
            assert_eq!(refusal(read(who.clone(), &case).await), hidden());
            assert!(read_all(who, &[]).await.is_empty());
        }
        let case = accept(app, reviewer(app), &case).await.unwrap();
        assert_eq!(refusal(read(public(app), &case).await), hidden());
        let case = publish(app, publisher(app), &case).await.unwrap();
        let shown = pb::PublishedCase {
            case_id: case.case_id.clone(),
            level: pb::CaseLevel::City.into(),
            category: case.category.clone(),
            title: case.title.clone(),
            text: TEXT.to_owned(),
            publish_time: case.publish_time,
        };
        for who in everybody() {
            assert_eq!(read(who.clone(), &case).await.unwrap(), shown);
            assert_eq!(read_all(who.clone(), &[pb::CaseLevel::City]).await, std::slice::from_ref(&shown));
            assert!(read_all(who, &[pb::CaseLevel::County]).await.is_empty());
        }
        app.clock.advance(chrono::TimeDelta::seconds(1));
        let later = accept(app, reviewer(app), &nominate(app, &closed(app).await).await.unwrap()).await.unwrap();
        let later = publish(app, publisher(app), &later).await.unwrap();
        let ids: Vec<_> = read_all(public(app), &[]).await.into_iter().map(|case| case.case_id).collect();
        assert_eq!(ids, [later.case_id, case.case_id.clone()]);
        let case = withdraw(app, publisher(app), &case).await.unwrap();
        assert_eq!(refusal(read(public(app), &case).await), hidden());
        assert_eq!(read_all(public(app), &[]).await.len(), 1);
    }

    async fn what_belongs_to_a_case_is_for_the_offices_that_have_to_do_with_it(app: TestSuite) {
        let case = nominate(app, &closed(app).await).await.unwrap();
        for who in [nominator(app), reviewer(app), publisher(app)] {
            assert_eq!(get(who.clone(), &case).await.unwrap(), case);
            assert_eq!(list(who, pb::ListCasesRequest::default()).await, std::slice::from_ref(&case));
        }
        let elsewhere = || as_role(app, account(303), RoleGrant::liaison(FINANCE));
        assert_eq!(refusal(get(elsewhere(), &case).await), hidden());
        assert_eq!(refusal(history(elsewhere(), &case).await), hidden());
        assert!(list(elsewhere(), pb::ListCasesRequest::default()).await.is_empty());
        let firm = || as_role(app, OWNER, RoleGrant::enterprise(DAIRY));
        let denied = || was(Code::PermissionDenied, "NOT_PERMITTED");
        assert_eq!(refusal(get(firm(), &case).await), denied());
        assert_eq!(refusal(history(firm(), &case).await), denied());
        assert_eq!(refusal(get(public(app), &case).await).0, Code::Unauthenticated);
    }

    async fn cases_are_listed_by_state_and_level(app: TestSuite) {
        let first = nominate(app, &closed(app).await).await.unwrap();
        app.clock.advance(chrono::TimeDelta::seconds(1));
        let second = nominate(app, &closed(app).await).await.unwrap();
        app.clock.advance(chrono::TimeDelta::seconds(1));
        accept(app, reviewer(app), &first).await.unwrap();
        let ids = async |request| {
            list(reviewer(app), request).await.into_iter().map(|case| case.case_id).collect::<Vec<_>>()
        };
        assert_eq!(ids(pb::ListCasesRequest::default()).await, [first.case_id.clone(), second.case_id.clone()]);
        let nominated = pb::ListCasesRequest { states: vec![Nominated.into()], ..Default::default() };
        assert_eq!(ids(nominated).await, [second.case_id]);
        let city = pb::ListCasesRequest { levels: vec![pb::CaseLevel::City.into()], ..Default::default() };
        assert_eq!(ids(city).await, [first.case_id]);
        let county = pb::ListCasesRequest { levels: vec![pb::CaseLevel::County.into()], ..Default::default() };
        assert!(ids(county).await.is_empty());
    }

    async fn whoever_has_to_do_with_case_or_issue_does_not_review_it(app: TestSuite) {
        let case = nominate(app, &closed(app).await).await.unwrap();
        for (account, who) in [(LIAISON, "liaison and nominator"), (HANDLER, "handler"), (WANG, "manager"), (OWNER, "owner")] {
            let both = || as_role(app, account, RoleGrant::of(Role::Auditor));
            assert_eq!(refusal(accept(app, both(), &case).await), conflict(), "{who}");
            assert_eq!(refusal(reject(app, both(), &case).await), conflict(), "{who}");
        }
        appointed(app, LI, DAIRY, "03-01").await;
        let manager_now = as_role(app, LI, RoleGrant::of(Role::Auditor));
        assert_eq!(refusal(accept(app, manager_now, &case).await), conflict());
        let case = accept(app, reviewer(app), &case).await.unwrap();
        let both = || as_role(app, REVIEWER, RoleGrant::of(Role::Operator));
        assert_eq!(refusal(publish(app, both(), &case).await), conflict());
        assert_eq!(refusal(withdraw(app, both(), &case).await), conflict());
        let denied = was(Code::PermissionDenied, "NOT_PERMITTED");
        assert_eq!(refusal(publish(app, nominator(app), &case).await), denied);
        assert_eq!(refusal(accept(app, publisher(app), &case).await), denied);
    }

    async fn an_issue_has_one_case_at_a_time(app: TestSuite) {
        let issue = closed(app).await;
        let case = nominate(app, &issue).await.unwrap();
        let exists = || was(Code::AlreadyExists, "CASE_EXISTS");
        assert_eq!(refusal(nominate(app, &issue).await), exists());
        let rejected = reject(app, reviewer(app), &case).await.unwrap();
        assert_eq!((rejected.state(), rejected.review_reason.as_str()), (Rejected, "做法平常"));
        let again = accept(app, reviewer(app), &nominate(app, &issue).await.unwrap()).await.unwrap();
        assert_eq!(refusal(nominate(app, &issue).await), exists());
        withdraw(app, publisher(app), &again).await.unwrap();
        let deputy = as_role(app, account(302), RoleGrant::liaison(HOUSING));
        let (mut one, mut other) = (nominator(app), deputy);
        let (a, b) = tokio::join!(one.nominate_case(nomination(app, &issue)), other.nominate_case(nomination(app, &issue)));
        let lost = match (a, b) {
            (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
            both => unreachable!("{both:?}"),
        };
        assert_eq!(testkit::reason(&lost), exists());
    }

    async fn cases_are_made_of_closed_issues_of_the_own_department(app: TestSuite) {
        let open = in_progress(app).await;
        let not_closed = was(Code::FailedPrecondition, "CASE_ISSUE_NOT_CLOSED");
        assert_eq!(refusal(nominate(app, &open).await), not_closed);
        let request = pb::GetCaseDraftRequest { issue_id: open.issue_id.clone() };
        assert_eq!(refusal(nominator(app).get_case_draft(request.clone()).await), not_closed);
        let elsewhere = || as_role(app, account(303), RoleGrant::liaison(FINANCE));
        let hidden = was(Code::NotFound, "ISSUE_NOT_FOUND");
        assert_eq!(refusal(elsewhere().nominate_case(nomination(app, &open)).await), hidden);
        assert_eq!(refusal(elsewhere().get_case_draft(request).await), hidden);
        let issue = closed(app).await;
        let case = nominate(app, &issue).await.unwrap();
        owner(app).reopen_issue(&issue).await.unwrap();
        assert_eq!(refusal(accept(app, reviewer(app), &case).await), not_closed);
    }

    async fn a_text_that_tells_whom_it_is_about_is_refused_with_each_place(app: TestSuite) {
        let issue = closed(app).await;
        let refused = async |title: &str, text: &str| {
            let request = pb::NominateCaseRequest { title: title.to_owned(), text: text.to_owned(), ..nomination(app, &issue) };
            let status = nominator(app).nominate_case(request).await.unwrap_err();
            assert_eq!(testkit::reason(&status), was(Code::InvalidArgument, "CASE_NOT_DEIDENTIFIED"));
            status.get_details_error_info().unwrap().metadata["findings"].clone()
        };
        assert_eq!(refused("晨露乳业的路", TEXT).await, "title 1-4 FIRM_NAME");
        assert_eq!(
            refused("一处路段", "联系13812345678，身份证330482199001011234，代码91330482MA2B3C4D5E").await,
            "text 3-13 PHONE, text 18-35 ID_CARD, text 39-56 USCC"
        );
        let unconfirmed = pb::NominateCaseRequest { deidentified: false, ..nomination(app, &issue) };
        let status = nominator(app).nominate_case(unconfirmed).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&status), ["deidentified"]);
        nominate(app, &issue).await.unwrap();
    }

    async fn a_draft_tells_the_trace_without_anybody_and_may_be_nominated(app: TestSuite) {
        let issue = handler(app).record_interim_measure(&in_progress(app).await).await.unwrap();
        app.clock.advance(chrono::TimeDelta::days(1));
        let request = pb::RecordProgressRequest {
            issue_id: issue.issue_id.clone(),
            note: "欧阳小满到禾城市文昌路128号与晨露乳业有限公司李女士（13812345678）见面".to_owned(),
            etag: issue.etag.clone(),
            request_id: app.request_id(),
        };
        let issue = handler(app).issues().record_progress(request).await.unwrap().into_inner().issue.unwrap();
        let issue = handler(app).record_contact(&issue).await.unwrap();
        let issue = handler(app).reply_issue(&issue).await.unwrap();
        let issue = liaison(app).feed_back_issue(&issue).await.unwrap();
        let issue = auditor(app).pass(&owner(app).rate(&issue, 5).await.unwrap()).await.unwrap();
        let request = pb::GetCaseDraftRequest { issue_id: issue.issue_id.clone() };
        let draft = nominator(app).get_case_draft(request).await.unwrap().into_inner();
        assert_eq!(draft.title, "S328 省道缺少警示标志");
        for part in ["厂门口路段没有警示标志", "第1日：安排人员执勤", "第2日：【人员】到【地址】与【企业】", "【人员】女士", "【电话】", "警示标志已安装"] {
            assert!(draft.text.contains(part), "{part}: {}", draft.text);
        }
        for gone in ["欧阳", "文昌路", "晨露", "1381", FIRM_NAME] {
            assert!(!draft.text.contains(gone), "{gone}: {}", draft.text);
        }
        // What is internal between offices is no part of it.
        assert!(!draft.text.contains("请尽快处理"));
        let request = pb::NominateCaseRequest { title: draft.title, text: draft.text, ..nomination(app, &issue) };
        nominator(app).nominate_case(request).await.unwrap();
    }

    async fn a_stale_etag_a_repeat_and_a_step_out_of_turn(app: TestSuite) {
        let request = nomination(app, &closed(app).await);
        let case = nominator(app).nominate_case(request.clone()).await.unwrap().into_inner().case.unwrap();
        let again = nominator(app).nominate_case(request).await.unwrap();
        assert!(again.metadata().contains_key(rpc::REPLAYED));
        assert_eq!(again.into_inner().case.unwrap(), case);
        let turn = was(Code::FailedPrecondition, "CASE_TRANSITION_NOT_ALLOWED");
        assert_eq!(refusal(publish(app, publisher(app), &case).await), turn);
        let accepted = accept(app, reviewer(app), &case).await.unwrap();
        assert_eq!(refusal(accept(app, reviewer(app), &case).await), was(Code::Aborted, "STALE_ETAG"));
        assert_eq!(refusal(accept(app, reviewer(app), &accepted).await), turn);
        let nothing = pb::Case { case_id: app.uuid().to_string(), ..accepted.clone() };
        assert_eq!(refusal(publish(app, publisher(app), &nothing).await), hidden());
        let request = pb::ReviewCaseRequest {
            case_id: case.case_id.clone(),
            decision: pb::CaseDecision::Rejected.into(),
            level: pb::CaseLevel::City.into(),
            reason: String::new(),
            etag: accepted.etag.clone(),
            request_id: app.request_id(),
        };
        let bad = reviewer(app).review_case(request).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&bad), ["level", "reason"]);
    }

    async fn the_history_of_a_case_is_one_chain_that_nobody_changes(app: TestSuite) {
        let case = accept(app, reviewer(app), &nominate(app, &closed(app).await).await.unwrap()).await.unwrap();
        let case = publish(app, publisher(app), &case).await.unwrap();
        let told = history(nominator(app), &case).await.unwrap();
        let kinds: Vec<_> = told.entries.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!((kinds, told.broken_at_sequence), (vec!["nominated", "reviewed", "published"], 0));
        assert!(told.entries.windows(2).all(|pair| pair[0].hash == pair[1].previous_hash));
        assert_eq!((told.entries[1].actor_id.clone(), told.entries[1].actor_party()), (REVIEWER.to_string(), pb::IssueParty::Auditor));
        assert!(!told.entries[0].payload_json.contains("省道"));

        let id: Uuid = case.case_id.parse().unwrap();
        let mut tx = db(app).snapshot().await.unwrap();
        let sql = "SELECT CAST(payload AS TEXT) FROM case_event WHERE case_id = $1 ORDER BY seq";
        let events = store::rows!(&mut tx, "read", (String,), sql, id).unwrap();
        let events: Vec<Event> = events.iter().map(|(event,)| serde_json::from_str(event).unwrap()).collect();
        let sql = "SELECT CAST(fold AS TEXT), state FROM excellent_case WHERE case_id = $1";
        let (kept, state) = store::row!(&mut tx, "read", (String, String), sql, id).unwrap().unwrap();
        tx.commit().await.unwrap();
        let kept: Case = serde_json::from_str(&kept).unwrap();
        assert_eq!(fold(&events).unwrap().unwrap(), kept);
        assert_eq!(kept.state().name(), state);

        for sql in ["UPDATE case_event SET actor = 'account:somebody'", "DELETE FROM case_event"] {
            let mut tx = db(app).begin().await.unwrap();
            assert!(store::execute!(&mut tx, "rewrite history", sql).is_err(), "{sql}");
            tx.rollback().await.unwrap();
        }
        // What is cut off at the end shows in the row.
        let mut tx = db(app).begin().await.unwrap();
        let drop = match app.engine {
            testkit::Engine::Sqlite => "DROP TRIGGER case_event_no_delete",
            testkit::Engine::Postgres => "DROP TRIGGER case_event_append_only ON case_event",
        };
        store::execute!(&mut tx, "take the guard away", drop).unwrap();
        store::execute!(&mut tx, "cut the end off", "DELETE FROM case_event WHERE kind = 'published'").unwrap();
        tx.commit().await.unwrap();
        assert_eq!(history(reviewer(app), &case).await.unwrap().broken_at_sequence, 3);
    }
}
